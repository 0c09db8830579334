"""Turns a measure of two classes into its averages over many: macro, micro and weighted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np

from audit.declarations.metric import Sample
from audit.estimation.forms import Array, Count, Form, diagonal, ratio

Value = Callable[[Array, Sample], Array]
"""(..., 2, 2) cells, true by predicted, the positive class last -> (...,) values, NaN where undefined."""
Gap = Literal["zero", "skip"]
"""What a class without a value of its own adds to a mean over classes: 0 to it, or nothing."""


def each_against_rest(cells: Array) -> Array:
    """(..., K, K) cells -> (..., K, 2, 2) cells of each class against the rest.

    >>> each_against_rest(np.array([[3.0, 1.0], [2.0, 4.0]]))[1].tolist()
    [[3.0, 1.0], [2.0, 4.0]]
    """
    hits, total = diagonal(cells), cells.sum(axis=(-2, -1))[..., None]
    missed, false = cells.sum(axis=-1) - hits, cells.sum(axis=-2) - hits
    rest = total - hits - missed - false
    return np.stack([np.stack([rest, false], axis=-1), np.stack([missed, hits], axis=-1)], axis=-2)


def averages(value: Value, gap: Gap, undefined: str, **closed: Form) -> Mapping[str, Form]:
    """Return the averages over classes of a measure of two classes.

    macro: plain mean over the classes that occur in truth or prediction; micro: the measure of all classes' counts
    together; weighted: mean over the classes that occur in truth, each counting as often as it does.

    Parameters
    ----------
    value : the measure of each class against the rest
    gap : what a class adds that has no value
    undefined : why an average has no value
    closed : forms that give one of the averages with a closed interval
    """

    def macro(cells: Array, sample: Sample) -> Array:
        each = each_against_rest(cells)
        seen = cells.sum(axis=-1) + cells.sum(axis=-2) > 0
        return _mean(value(each, sample), seen.astype(np.float64), gap)

    def micro(cells: Array, sample: Sample) -> Array:
        return value(each_against_rest(cells).sum(axis=-3), sample)

    def weighted(cells: Array, sample: Sample) -> Array:
        return _mean(value(each_against_rest(cells), sample), cells.sum(axis=-1), gap)

    forms = {f.__name__: Count(f, undefined=undefined) for f in (macro, micro, weighted)}
    return forms | closed


def correct(cells: Array, _: Sample) -> tuple[Array, Array]:
    """(..., K, K) cells -> rows predicted correctly, and all rows."""
    return diagonal(cells).sum(axis=-1), cells.sum(axis=(-2, -1))


def _mean(each: Array, weight: Array, gap: Gap) -> Array:
    """(..., K) values and weights -> weighted mean."""
    known = np.isfinite(each)
    counted = weight if gap == "zero" else np.where(known, weight, 0.0)
    return ratio(np.where(known, each * counted, 0.0).sum(axis=-1), counted.sum(axis=-1))
