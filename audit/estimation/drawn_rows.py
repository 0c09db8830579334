"""Draws the rows that a costly measure rests on, with the weights that go with them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def drawn_rows(
    n: int, weight: Array | None, counted: bool, most: int, seed: int
) -> tuple[NDArray[np.int64], Array | None]:
    """Return positions of at most so many rows, in order, and their weights.

    Parameters
    ----------
    n : int
        Rows there are.
    weight : ndarray (n,) float64 or None
        Weights; rows of weight zero are never drawn.
    counted : bool
        Whether a weight counts equal rows. Then single ones of those equal rows are drawn, and a drawn row weighs as
        many as were drawn of it; otherwise rows are drawn and keep their weights.
    most : int
        Most rows to draw; with no more rows than that, all are taken as they are.
    seed : int
        Equal seeds draw equal rows.

    Returns
    -------
    positions : ndarray (m,) int64
    weight : ndarray (m,) float64 or None

    Examples
    --------
    >>> drawn_rows(3, np.array([5.0, 0.0, 2.0]), True, 10, 0)
    (array([0, 2]), array([5., 2.]))
    >>> positions, weight = drawn_rows(1000, np.full(1000, 4.0), True, 50, 0)
    >>> int(weight.sum()), len(positions) <= 50
    (50, True)
    """
    rows = np.arange(n) if weight is None else np.flatnonzero(weight)
    if len(rows) <= most:
        return rows, None if weight is None else weight[rows]
    if weight is not None and counted and weight.sum() >= most:
        found, times = np.unique(drawn_persons(weight, most, seed), return_counts=True)
        return found, times.astype(np.float64)
    kept = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
    return kept, None if weight is None else weight[kept]


def drawn_persons(weight: Array, most: int, seed: int) -> NDArray[np.int64]:
    """Return the position of at most so many of the equal rows that weights count, in order; one position may repeat.

    Parameters
    ----------
    weight : ndarray (n,) float64
        Numbers of equal rows; parts of a row are rounded away over the whole.
    most : int
        Most rows to draw; with no more than that, all are taken.
    seed : int
        Equal seeds draw equal rows.

    Examples
    --------
    >>> drawn_persons(np.array([2.0, 0.0, 1.0]), 10, 0)
    array([0, 0, 2])
    """
    ends = np.cumsum(weight)
    total = int(np.floor(ends[-1] + 1e-9))
    persons = np.arange(total)
    if total > most:
        persons = np.sort(np.random.default_rng(seed).choice(total, most, replace=False))
    return np.searchsorted(ends, persons + 1e-9, side="right").astype(np.int64)
