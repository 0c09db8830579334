"""Puts the values of a column into bins that are learned on some rows and used on others."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def binned(learned: pd.Series, used: pd.Series, most: int) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Return the bin of each value of both, and the number of bins.

    Parameters
    ----------
    learned : Series (n,)
        Values that decide the bins: quantiles of numbers, the most frequent values of anything else.
    used : Series (m,)
        Values to put into the same bins.
    most : int
        Largest number of bins, besides one for missing values and one for all rarer or unseen ones.

    Returns
    -------
    ndarray (n,), ndarray (m,), int
        Bins from 0. The last bin holds what is missing.
    """
    if _is_number(learned) and _is_number(used):
        return _by_quantile(
            learned.to_numpy(np.float64, na_value=np.nan), used.to_numpy(np.float64, na_value=np.nan), most
        )
    return _by_value(_text(learned), _text(used), most)


def means_in_bins(
    learned: NDArray[np.int64],
    used: NDArray[np.int64],
    bins: int,
    wanted: NDArray[np.float64],
    mass: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the mean of what is wanted in the bin of each value asked for, drawn to the overall mean by one row.

    Parameters
    ----------
    learned : ndarray (n,) int64
        Bin of each row that the means are learned on.
    used : ndarray (m,) int64
        Bins asked for.
    bins : int
        Number of bins.
    wanted : ndarray (n, k) float64
        Numbers to average.
    mass : ndarray (n,) float64
        Weights, with a positive sum.

    Returns
    -------
    ndarray (m, k) float64

    Examples
    --------
    >>> rows = np.array([0, 0, 1])
    >>> means_in_bins(rows, np.array([0, 1]), 2, np.array([[1.0], [1.0], [0.0]]), np.ones(3)).ravel().round(3).tolist()
    [0.889, 0.333]
    """
    overall = (mass @ wanted) / mass.sum()
    weight = np.bincount(learned, weights=mass, minlength=bins)
    sums = np.stack([np.bincount(learned, weights=mass * column, minlength=bins) for column in wanted.T], axis=1)
    means: NDArray[np.float64] = (sums + overall) / (weight[:, None] + 1)
    return means[used]


def _by_quantile(
    learned: NDArray[np.float64], used: NDArray[np.float64], most: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    finite = learned[~np.isnan(learned)]
    distinct = np.unique(finite)
    if len(distinct) <= most:
        edges = (distinct[:-1] + distinct[1:]) / 2
    else:
        edges = np.unique(np.quantile(finite, np.arange(1, most) / most))
    missing = len(edges) + 1

    def place(values: NDArray[np.float64]) -> NDArray[np.int64]:
        return np.where(np.isnan(values), missing, np.searchsorted(edges, values, side="left")).astype(np.int64)

    return place(learned), place(used), missing + 1


def _by_value(learned: pd.Series, used: pd.Series, most: int) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    counts = learned.value_counts()
    # Equal counts in order of the text, so that the order of rows decides nothing.
    kept = sorted(counts.index, key=lambda value: (-int(counts[value]), value))[:most]
    codes = {value: i for i, value in enumerate(kept)}
    other, missing = len(kept), len(kept) + 1

    def place(values: pd.Series) -> NDArray[np.int64]:
        known = values.map(codes).to_numpy(np.float64, na_value=np.nan)
        placed = np.where(np.isnan(known), other, known)
        return np.where(values.isna(), missing, placed).astype(np.int64)

    return place(learned), place(used), missing + 1


def _is_number(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column))


def _text(column: pd.Series) -> pd.Series:
    return column.astype(object).where(column.notna(), None).map(str, na_action="ignore")
