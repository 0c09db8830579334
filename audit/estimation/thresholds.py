"""Counts what lies on either side of each of many thresholds, for any number of kinds of rows, in one pass."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def sums_above(at: Array, score: Array, kind: NDArray[np.int64], kinds: int, weight: Array | None) -> Array:
    """Return (kinds, t) sums of the weights of the rows of each kind whose score reaches each threshold.

    Parameters
    ----------
    at : (t,) array of float
        Thresholds in increasing order.
    score : (n,) array of float
        Finite scores.
    kind : (n,) array of int
        Code 0..kinds-1 of each row.
    weight : (n,) array of float, optional
        Weights; one each by default.

    Examples
    --------
    >>> sums_above(np.array([0.2, 0.5]), np.array([0.1, 0.5, 0.9]), np.array([0, 0, 1]), 2, None)
    array([[1., 1.],
           [1., 1.]])
    """
    passed = np.searchsorted(at, score, side="right")
    size = len(at) + 1
    sums = np.bincount(kind * size + passed, weights=weight, minlength=kinds * size).reshape(kinds, size)
    return sums[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:].astype(np.float64)


def spread_thresholds(score: Array, wanted: int, decimals: int = 3) -> Array:
    """Return about `wanted` thresholds in increasing order, at which even parts of the rows lie apart, rounded to read.

    Examples
    --------
    >>> spread_thresholds(np.linspace(0, 1, 101), 5)
    array([0.  , 0.25, 0.5 , 0.75, 1.  ])
    """
    places = np.unique(np.quantile(score, np.linspace(0, 1, wanted), method="inverted_cdf"))
    step = 10.0 ** (np.floor(np.log10(max(float(np.ptp(score)), 1e-300))) + 1 - decimals)
    # Rounded down, so that the row whose score it was still reaches it.
    return np.unique(np.round(np.floor(places / step + 1e-9) * step, 12))
