"""Turns two shares of the same rows into the interval of their difference: joint counts in, both ends out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audit.declarations.metric import Sample
from audit.estimation.forms import Form, Rate, cell_of, identity, is_inclusion_weighted
from audit.estimation.intervals import wilson

Array = NDArray[np.float64]


def newcombe_paired(
    both: float, only_one: float, only_other: float, neither: float, level: float
) -> tuple[float, float]:
    """Return the interval of the difference of two paired proportions, the first less the second.

    Parameters
    ----------
    both, only_one, only_other, neither : float
        Rows on which both hit, only the first, only the second, and neither; their sum is positive.
    level : float
        Confidence level in (0, 1).

    Notes
    -----
    Wilson intervals of both proportions, squared and added with their correlation, which is corrected toward zero:
    method 10 of Newcombe (1998), doi:10.1002/(SICI)1097-0258(19981130)17:22<2635::AID-SIM954>3.0.CO;2-C. It is defined
    and wider than a point even where the two never differ.

    Examples
    --------
    >>> low, high = newcombe_paired(1, 1, 7, 12, 0.95)
    >>> round(low, 3), round(high, 3)
    (-0.507, -0.026)
    """
    total = both + only_one + only_other + neither
    hits = np.array([both + only_one, both + only_other])
    share = hits / total
    low, high = wilson(hits, np.full(2, total), level)
    margins = float(hits.prod() * (total - hits).prod())
    excess = both * neither - only_one * only_other
    corrected = excess - total / 2 if excess > total / 2 else min(excess, 0.0)
    tie = corrected / np.sqrt(margins) if margins > 0 else 0.0
    (down, up), value = (share - low, high - share), float(share[0] - share[1])
    least = value - np.sqrt(max(down[0] ** 2 - 2 * tie * down[0] * up[1] + up[1] ** 2, 0.0))
    most = value + np.sqrt(max(up[0] ** 2 - 2 * tie * up[0] * down[1] + down[1] ** 2, 0.0))
    return max(float(least), -1.0), min(float(most), 1.0)


def paired_counts(form: Form, ours: Sample, theirs: Sample) -> tuple[float, float, float, float] | None:
    """Return (both, only ours, only theirs, neither) hits over the rows that a rate counts for either prediction.

    None where the measure is no share of rows that the truth alone picks, as a precision is not, or where weights are
    inverse inclusion probabilities, which count no rows.
    """
    if not isinstance(form, Rate) or form.curve is not identity or is_inclusion_weighted(ours):
        return None
    size = ours.classes
    single = np.eye(size * size).reshape(-1, size, size)
    hit, counted = (part.reshape(size, size) for part in form.parts(single, ours))
    if (counted != counted[:, :1]).any() or not set(np.unique(hit)) <= {0.0, 1.0}:
        return None
    one, other = cell_of(ours), cell_of(theirs)
    weight = counted.ravel()[one] * (1.0 if ours.weight is None else ours.weight)
    place = (1 - hit.ravel()[one]) * 2 + (1 - hit.ravel()[other])
    sums = np.bincount(place.astype(np.int64), weights=weight, minlength=4)
    return float(sums[0]), float(sums[1]), float(sums[2]), float(sums[3])
