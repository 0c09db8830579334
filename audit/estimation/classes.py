"""Turns a measure of two classes into its averages over many: macro, micro and weighted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from audit.declarations.metric import Sample
from audit.estimation import intervals
from audit.estimation.forms import (
    Array,
    AtPositives,
    Closed,
    Count,
    Deviation,
    Form,
    Ranked,
    Statistic,
    Weights,
    diagonal,
    effective_sides,
    is_inclusion_weighted,
    ratio,
    weights_of,
)
from audit.estimation.linearised import average_ends
from audit.estimation.one_vs_rest import one_vs_rest

Value = Callable[[Array, Sample], Array]
"""(..., 2, 2) cells, true by predicted, the positive class last -> (...,) values, NaN where undefined."""
Rests = Callable[[Array], Array]
"""(..., 2, 2) cells -> (...,) rows."""
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


def averages(
    value: Value, gap: Gap, undefined: str, *, rests_on: Rests | None = None, **closed: Form
) -> Mapping[str, Form]:
    """Return the averages over classes of a measure of two classes.

    macro: plain mean over the classes that occur in truth or prediction; micro: the measure of all classes' counts
    together; weighted: mean over the classes that occur in truth, each counting as often as it does.

    Parameters
    ----------
    value : the measure of each class against the rest
    gap : what a class adds that has no value
    undefined : why an average has no value
    rests_on : how many rows the measure of one class rests on, where it lies between 0 and 1: with few of them the
        interval of the mean is no narrower than theirs
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

    def one_by_one(cells: Array, sample: Sample) -> tuple[Array, Array]:
        assert rests_on is not None
        each = each_against_rest(cells)
        values, seen = value(each, sample), cells.sum(axis=-1) + cells.sum(axis=-2) > 0
        values = np.where(seen & np.isnan(values), 0.0, values) if gap == "zero" else values
        return np.where(seen, values, np.nan), rests_on(each)

    forms = {f.__name__: Count(f, undefined=undefined, by_class=f is not micro) for f in (macro, micro, weighted)}
    if rests_on is not None:
        forms["macro"] = Count(macro, undefined=undefined, each=one_by_one, by_class=True)
    return forms | closed


def correct(cells: Array, _: Sample) -> tuple[Array, Array]:
    """(..., K, K) cells -> rows predicted correctly, and all rows."""
    return diagonal(cells).sum(axis=-1), cells.sum(axis=(-2, -1))


def wrong(cells: Array, sample: Sample) -> tuple[Array, Array]:
    """(..., K, K) cells -> rows predicted wrongly, and all rows."""
    right, every = correct(cells, sample)
    return every - right, every


def found_by_class(cells: Array, _: Sample) -> tuple[Array, Array]:
    """(..., K, K) cells -> rows of each class predicted correctly, and all its rows."""
    return diagonal(cells), cells.sum(axis=-1)


def missed_by_class(cells: Array, sample: Sample) -> tuple[Array, Array]:
    """(..., K, K) cells -> rows of each class predicted to be in another, and all its rows."""
    found, every = found_by_class(cells, sample)
    return every - found, every


@dataclass(frozen=True)
class OverClasses(Form):
    """The mean over classes of a measure of each class against the rest; a class without a value is left out."""

    form: Form
    weighted: bool = False
    """Whether a class counts as often as it occurs."""
    undefined: str = "no class has a value"

    def statistic(self, sample: Sample) -> Statistic:
        """Return the measure of these rows as a function of their weights."""
        assert sample.target is not None
        each = [self.form.statistic(one_vs_rest(sample, code)) for code in range(sample.classes)]
        classes = np.eye(sample.classes)[sample.target.astype(np.int64)]

        def values(weights: Weights) -> Array:
            found = np.stack([statistic(weights) for statistic in each], axis=-1)
            return _mean(found, weights @ classes if self.weighted else np.ones(sample.classes), "skip")

        return values


@dataclass(frozen=True)
class BoundedOverClasses(OverClasses, Closed):
    """The same, with the mean of each class's interval, which holds however the classes depend on each other."""

    def ends_of(self, sample: Sample, level: float) -> tuple[str, tuple[float | None, float | None]]:
        """Return the mean of the lower and of the upper ends of the classes that have a value."""
        assert sample.target is not None
        values, lows, highs, method = [], [], [], ""
        for code in range(sample.classes):
            part = one_vs_rest(sample, code)
            value = float(self.form.statistic(part)(weights_of(part)[None, :])[0])
            name, (low, high) = _ends(self.form, part, value, level) if np.isfinite(value) else ("", (None, None))
            values.append(value)
            lows.append(np.nan if low is None else low)
            highs.append(np.nan if high is None else high)
            method = name or method
        classes = np.eye(sample.classes)[sample.target.astype(np.int64)]
        share = weights_of(sample) @ classes if self.weighted else np.ones(sample.classes)
        counted = np.where(np.isfinite(values), share, 0.0)
        known = counted > 0
        both = [ratio(counted[known] @ np.array(ends)[known], counted.sum()) for ends in (lows, highs)]
        low, high = (float(end) if np.isfinite(end) else None for end in both)
        return method, (low, high)


def _mean(each: Array, weight: Array, gap: Gap) -> Array:
    """(..., K) values and weights -> weighted mean."""
    known = np.isfinite(each)
    counted = weight if gap == "zero" else np.where(known, weight, 0.0)
    return ratio(np.where(known, each * counted, 0.0).sum(axis=-1), counted.sum(axis=-1))


def _ends(form: Form, sample: Sample, value: float, level: float) -> tuple[str, tuple[float | None, float | None]]:
    match form:
        case AtPositives():
            return average_ends(form, sample, level)
        case Ranked(ends=closed) if closed is not None:
            return form.method, closed(value, *effective_sides(sample), level)
        case _:
            assert isinstance(form, Deviation)
            return "bias_bounded", _deviation_ends(form, sample, value, level)


def _deviation_ends(form: Deviation, sample: Sample, value: float, level: float) -> tuple[float, float]:
    weight = weights_of(sample)
    home, values = form.bins(sample)
    scale = weight**2 if is_inclusion_weighted(sample) else weight
    error = np.sqrt(np.bincount(home, weights=scale * values**2)) / weight.sum()
    return intervals.bias_bounded(value, error, level)
