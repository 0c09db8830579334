"""What stands among the highest scores when a given share of the rows is taken."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audit.estimation.forms import Array, ratio
from audit.estimation.intervals import wilson


def captured(positives: Array, counted: Array, share: float) -> Array:
    """(..., m) cumulated positives and rows -> (...,) positives among the share of rows with the highest scores.

    Of rows that tie at the cut, the part that is needed is taken: what any order of them gives on average. A cut that
    parts a row takes that part of it.

    >>> captured(np.array([2.0, 3.0]), np.array([2.0, 6.0]), 0.5).tolist()
    2.25
    """
    cut = share * counted[..., -1:]
    last = np.minimum((counted < cut).sum(axis=-1, keepdims=True), counted.shape[-1] - 1)
    rows, hits = (_around(running, last) for running in (counted, positives))
    part = np.nan_to_num(ratio(cut - rows[0], rows[1] - rows[0]))
    found: Array = (hits[0] + part * (hits[1] - hits[0]))[..., 0]
    return found


def share_of_positives(value: float, positives: float, _: float, level: float) -> tuple[float, float]:
    """Wilson interval of the share of positives among the rows that are taken.

    It treats the cut as fixed. That the cut moves with the rows makes the share steadier, not shakier, as long as fewer
    than half of the rows that are taken on top of `share` would be positive; so the interval errs to the wide side.
    """
    low, high = wilson(np.array(value * positives), np.array(positives), level)
    return float(low), float(high)


def _around(running: Array, last: NDArray[np.int64]) -> tuple[Array, Array]:
    """Running sums in front of a block, and behind it."""
    front = np.take_along_axis(running, np.maximum(last - 1, 0), axis=-1)
    return np.where(last > 0, front, 0.0), np.take_along_axis(running, last, axis=-1)
