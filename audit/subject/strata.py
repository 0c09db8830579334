"""Turns the columns of fairness.strata into one stratum a row: rows alike in all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def joined_strata(frame: pd.DataFrame, columns: Sequence[str]) -> NDArray[np.int64] | None:
    """Return (n,) codes 0..S-1 of the values that occur together, -1 where one is missing; None without columns.

    Examples
    --------
    >>> frame = pd.DataFrame({"level": ["a", "b", "a", None], "year": [1, 1, 2, 2]})
    >>> joined_strata(frame, ["level", "year"]).tolist()
    [0, 2, 1, -1]
    """
    if not columns or any(column not in frame.columns for column in columns):
        return None
    codes = np.zeros(len(frame), dtype=np.int64)
    known = np.ones(len(frame), dtype=bool)
    for column in columns:
        found, distinct = pd.factorize(frame[column], sort=False)
        known &= found >= 0
        # Numbered anew at each column, so that many columns do not overflow.
        _, codes = np.unique(codes * (len(distinct) + 1) + found, return_inverse=True)
    strata = np.full(len(frame), -1, dtype=np.int64)
    strata[known] = np.unique(codes[known], return_inverse=True)[1]
    return strata
