"""Turns shares of exclusive kinds of rows into the interval of a weighted sum of them: a cost, a net benefit."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from audit.estimation.intervals import wilson

Array = NDArray[np.float64]


def weighted_shares(counts: Array, worth: ArrayLike, rows: ArrayLike, level: float) -> tuple[Array, Array, Array]:
    """Return the sum of worth times share, and both ends of its interval.

    Parameters
    ----------
    counts : (..., k) array of float
        Rows (or sums of weights) of each kind; every row is of one kind.
    worth : (..., k) array of float
        What one row of each kind is worth.
    rows : (...,) array of float
        Number of rows that the shares rest on; Kish's effective number under sampling weights.
    level : float
        Confidence level in (0, 1).

    Returns
    -------
    value, low, high : (...,) arrays of float

    Notes
    -----
    The method of variance estimates recovery (Zou and Donner 2008, doi:10.1002/sim.3095) over a Wilson interval of each
    share, with the correlation that shares of one whole have, -sqrt(p q / ((1 - p) (1 - q))). With two shares it is the
    square-and-add interval of Newcombe (1998). A kind that never occurred still widens it, as it should.

    Examples
    --------
    >>> value, low, high = weighted_shares(np.array([5.0, 2.0, 93.0]), [1.0, 5.0, 0.0], 100.0, 0.95)
    >>> round(float(value), 2), round(float(low), 3), round(float(high), 3)
    (0.15, 0.073, 0.406)
    """
    worth, rows = np.asarray(worth, dtype=np.float64), np.asarray(rows, dtype=np.float64)[..., None]
    share = counts / counts.sum(axis=-1, keepdims=True)
    worth = np.broadcast_to(worth, share.shape)
    least, most = wilson(share * rows, np.broadcast_to(rows, share.shape), level)
    odds = np.sqrt(np.divide(share, 1 - share, out=np.zeros_like(share), where=share < 1))
    tie = -odds[..., :, None] * odds[..., None, :]
    np.einsum("...ii->...i", tie)[...] = 1.0
    value = (share * worth).sum(axis=-1)
    ends = []
    for falls in (worth > 0, worth < 0):
        reach = worth * np.where(falls, share - least, most - share)
        ends.append(np.sqrt(np.maximum(np.einsum("...i,...ij,...j->...", reach, tie, reach), 0.0)))
    low, high = np.maximum(value - ends[0], worth.min(axis=-1)), np.minimum(value + ends[1], worth.max(axis=-1))
    return value, np.minimum(low, value), np.maximum(high, value)
