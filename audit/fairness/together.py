"""Turns the level of one interval into the level at which all intervals of groups beside a reference hold together."""

from __future__ import annotations

from functools import cache
from math import sqrt

import numpy as np
from scipy import stats


@cache
def joint_level(level: float, groups: int, picked: bool, groupings: int = 1) -> float:
    """Return the level of each interval at which those of all groups beside one reference hold together.

    Parameters
    ----------
    level : float
        At which all of them are to hold, in (0, 1).
    groups : int
        Groups that are compared, the reference group among them.
    picked : bool
        Whether the reference group was picked from the same rows, as the one with the highest rate.
    groupings : int
        Groupings that are held against one limit together.

    Notes
    -----
    Beside a reference that was named, k groups are k - 1 comparisons: Sidak 1967, doi:10.1080/01621459.1967.10482935.
    A reference that is picked may be any of them, so that all k (k - 1) / 2 pairs have to hold: Tukey's range, for
    unequal sizes as Kramer 1956 (doi:10.2307/3001469), which Hayter 1984 (doi:10.1214/aos/1176346392) showed to be
    conservative. Several groupings share one minus the level (Bonferroni).

    Examples
    --------
    >>> joint_level(0.95, 2, picked=True), round(joint_level(0.95, 8, picked=False), 4)
    (0.95, 0.9927)
    >>> round(joint_level(0.95, 8, picked=True), 4)
    0.9976
    """
    whole = level if groupings == 1 else 1 - (1 - level) / groupings
    if groups <= 2:
        return whole
    if not picked:
        return float(whole ** (1 / (groups - 1)))
    return float(1 - 2 * stats.norm.sf(stats.studentized_range.ppf(whole, groups, np.inf) / sqrt(2)))
