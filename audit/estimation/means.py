"""Turns numbers of rows into the interval of their mean, which skew and rare events must not narrow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from audit.declarations.metric import Sample
from audit.estimation import intervals
from audit.estimation.forms import Mean, is_inclusion_weighted, is_positive, weights_of

Array = NDArray[np.float64]
Ends = tuple[float | None, float | None]

FEW_EVENTS = 5
"""Rows of the rarer true class under which their number is the uncertainty, and not the spread of the numbers seen."""

_CAUTION = 1.5
"""The skewness of few rows is told too small, even corrected for bias: found on the grid of `tests/simulations`."""


def mean_ends(form: Mean, sample: Sample, level: float) -> tuple[str, Ends]:
    """Return the method and the interval of a mean over rows.

    - `hall_t`: the wider, on each side, of Student's t and of Hall's transformation, which allows for skew: the mean
      of a skewed loss misses the truth on one side far more often than on the other.
    - `event_gamma`: with fewer than five rows of one true class. The loss of such a row is an event that comes by
      chance: a gamma interval (Fay and Feuer) of the sum of these events, one more being always possible, is joined
      to Student's interval of what all rows would add without it.
    """
    events = _events(form, sample)
    if events is not None:
        return "event_gamma", _curved(form, _rare(sample, *events, level))
    return "hall_t", _curved(form, hall(form.losses(sample), weights_of(sample), is_inclusion_weighted(sample), level))


def hall(values: Array, weight: Array, sampling: bool, level: float) -> tuple[float, float]:
    """Return the wider, on each side, of Student's interval of a mean and of Hall's; infinite for a single row.

    Source: Hall (1992), doi:10.1111/j.2517-6161.1992.tb01872.x, the cubic transformation; skewness with its usual
    correction for bias, and half as much again.

    Examples
    --------
    >>> values = np.array([0.1, 0.2, 0.2, 0.3, 0.3, 0.4, 0.5, 2.0])
    >>> low, high = hall(values, np.ones(8), False, 0.95)
    >>> round(low, 3), round(high, 3)
    (-0.017, 1.627)
    """
    mean, error, freedom = intervals.mean_and_error(values, weight, sampling)
    if freedom < 1 or not error > 0:
        return (mean, mean) if freedom >= 1 else (-np.inf, np.inf)
    low, high = intervals.student(mean, error, freedom, level)
    n = freedom + 1
    if n < 3:
        return low, high
    times, away = (np.ones(len(values)), weight * (values - mean)) if sampling else (weight, values - mean)
    square = float(times @ away**2) / n
    skew = float(times @ away**3) / n / square**1.5 * np.sqrt(n * (n - 1)) / (n - 2) * _CAUTION / np.sqrt(n)
    reach = float(stats.t.ppf(0.5 + level / 2, freedom))
    ends = [mean - error * _unskewed(side * reach, skew) for side in (1.0, -1.0)]
    return min(low, *ends), max(high, *ends)


def seldom(values: Array, weight: Array, sampling: bool, level: float, most: float) -> tuple[str, tuple[float, float]]:
    """Return the method and the interval of a mean of numbers of which most may be zero.

    `hall_t`, and where fewer than five are not zero `hall_t_wilson`: the wider, on each side, of Hall's interval and of
    Wilson's of the share that is not zero, times the numbers seen; where all are zero, times `most` either way.

    Parameters
    ----------
    values : (n,) numbers
    weight : (n,) weights, not all zero
    most : the largest number that could have been seen, where none was

    Examples
    --------
    >>> method, (low, high) = seldom(np.zeros(50), np.ones(50), False, 0.95, 0.5)
    >>> method, round(low, 4), round(high, 4)
    ('hall_t_wilson', -0.0357, 0.0357)
    """
    moved = (values != 0) & (weight > 0)
    rows = _count(weight, sampling)
    share = float(weight[moved].sum() / weight.sum())
    low, high = hall(values, weight, sampling, level)
    if share * rows >= FEW_EVENTS:
        return "hall_t", (low, high)
    least, often = (float(end) for end in intervals.wilson(np.array(share * rows), np.array(rows), level))
    seen = values[moved] if moved.any() else np.array([-most, most])
    down, up = float(seen.min()), float(seen.max())
    ends = (often * down if down < 0 else least * down), (often * up if up > 0 else least * up)
    return "hall_t_wilson", (min(low, ends[0]), max(high, ends[1]))


def _unskewed(quantile: float, skew: float) -> float:
    """Undo Hall's transformation t + a t^2 / 3 + a^2 t^3 / 27 + a / 6 of a studentised mean of skewness a root n."""
    if abs(skew) < 1e-9:
        return quantile
    return float(3 / skew * (np.cbrt(1 + skew * (quantile - skew / 6)) - 1))


def _events(form: Mean, sample: Sample) -> tuple[NDArray[np.bool_], Array, Array] | None:
    """Which rows are of the rarer class, what each would add if it were, and if not; None if that class is common."""
    if sample.positive is None or sample.target is None:
        return None
    weight, positive = weights_of(sample), is_positive(sample)
    rare = positive if weight[positive].sum() <= weight[~positive].sum() else ~positive
    if _count(weight[rare], is_inclusion_weighted(sample)) >= FEW_EVENTS:
        return None
    codes = np.where(rare, sample.target, 1 - sample.target)
    one, other = (form.losses(replace(sample, target=target)) for target in (codes, 1 - codes))
    return None if np.array_equal(one, other) else (rare, one, other)


def _count(weight: Array, sampling: bool) -> float:
    total = float(weight.sum())
    return total**2 / float(weight @ weight) if sampling and total > 0 else total


def _rare(sample: Sample, rare: NDArray[np.bool_], one: Array, other: Array, level: float) -> tuple[float, float]:
    weight, sampling = weights_of(sample), is_inclusion_weighted(sample)
    base, error, freedom = intervals.mean_and_error(other, weight, sampling)
    if freedom < 1:
        return -np.inf, np.inf
    reach = float(stats.t.ppf(0.5 + level / 2, freedom)) * error
    total = weight.sum()
    # Under frequency weights each of the equal rows is an event of its own.
    size = (weight if sampling else 1.0) * (one - other) / total
    times = np.ones(len(weight)) if sampling else weight
    parts = [_gamma(np.maximum(side * size, 0.0), times, rare, level) for side in (1.0, -1.0)]
    (up, up_low, up_high), (down, down_low, down_high) = parts
    value = base + up - down
    low = value - np.sqrt(reach**2 + (up - up_low) ** 2 + (down_high - down) ** 2)
    high = value + np.sqrt(reach**2 + (up_high - up) ** 2 + (down - down_low) ** 2)
    return float(low), float(high)


def _gamma(size: Array, times: Array, rare: NDArray[np.bool_], level: float) -> tuple[float, float, float]:
    """Sum of the events that happened, and its interval with one more of the largest kind, or of the usual kind.

    Source: Fay and Feuer (1997), doi:10.1002/(SICI)1097-0258(19970415)16:7<791::AID-SIM500>3.0.CO;2-#.
    """
    seen, often = size[rare], times[rare]
    total, square = float(often @ seen), float(often @ seen**2)
    more = max(float(np.sqrt(times @ size**2 / times.sum())), float(seen[often > 0].max(initial=0.0)))
    tail = 0.5 - level / 2
    low = float(stats.gamma.ppf(tail, total**2 / square, scale=square / total)) if square > 0 else 0.0
    if not more > 0:
        return total, low, total
    total_more, square_more = total + more, square + more**2
    high = float(stats.gamma.ppf(1 - tail, total_more**2 / square_more, scale=square_more / total_more))
    return total, min(low, total), max(high, total)


def _curved(form: Mean, ends: tuple[float, float]) -> Ends:
    low, high = (float(form.curve(np.array(end))) if np.isfinite(end) else None for end in ends)
    return low, high
