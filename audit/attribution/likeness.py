"""Attributions to how alike they are: rank correlation, shared leading columns, means over rows with intervals."""

from __future__ import annotations

from math import comb

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from audit.estimation.intervals import mean_and_error, normal_quantile, student
from audit.records.measured import Estimate, Measured, Undefined

Array = NDArray[np.float64]


def leading(columns: int) -> int:
    """Return how many leading columns are compared: five, or half of them where they are fewer than ten.

    >>> leading(20), leading(6), leading(1)
    (5, 3, 1)
    """
    return max(1, min(5, columns // 2))


def rank_correlations(one: Array, other: Array) -> Array:
    """Return Spearman's rank correlation of each row of two (m, d) arrays, ties by their mean rank.

    A row in which nothing differs is like an equal row (1) and unlike any other (0).

    >>> a = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1.0, 1.0, 1.0]])
    >>> rank_correlations(a, np.array([[2.0, 4.0, 9.0], [3.0, 2.0, 1.0], [1.0, 2.0, 3.0]])).round(6).tolist()
    [1.0, -1.0, 0.0]
    """
    ranks = [rankdata(values, axis=1) for values in (one, other)]
    centred = [rank - rank.mean(axis=1, keepdims=True) for rank in ranks]
    size = np.sqrt((centred[0] ** 2).sum(axis=1) * (centred[1] ** 2).sum(axis=1))
    product = (centred[0] * centred[1]).sum(axis=1)
    same = (ranks[0] == ranks[1]).all(axis=1)
    found = np.where(size > 0, product / np.where(size > 0, size, 1.0), same.astype(np.float64))
    return np.asarray(found, dtype=np.float64)


def shared_leaders(one: Array, other: Array, k: int) -> Array:
    """Return, for each row of two (m, d) arrays, the Jaccard index of its `k` largest columns in either.

    >>> shared_leaders(np.array([[3.0, 2.0, 1.0, 0.0]]), np.array([[3.0, 0.0, 1.0, 0.0]]), 2).round(3).tolist()
    [0.333]
    """
    common = (_leaders(one, k) & _leaders(other, k)).sum(axis=1)
    return np.asarray(common / (2 * k - common), dtype=np.float64)


def chance_of_leaders(columns: int, k: int) -> float:
    """Return the mean Jaccard index of the `k` leaders of two orders drawn at random.

    >>> round(chance_of_leaders(4, 2), 4)
    0.3889
    """
    total = comb(columns, k)
    ways = ((s, comb(k, s) * comb(columns - k, k - s)) for s in range(k + 1))
    return sum(count / total * s / (2 * k - s) for s, count in ways)


def mean_over(
    values: Array, level: float, bounds: tuple[float, float] = (-np.inf, np.inf), weight: Array | None = None
) -> Measured:
    """Return the weighted mean of one number a row, with Student's t interval held within bounds."""
    n = len(values)
    if n < 2:
        return Undefined(reason=f"An interval needs two rows or more; there {'is' if n == 1 else 'are'} {n}.")
    counted = np.ones(n) if weight is None else weight
    if not counted.sum() > 0:
        return Undefined(reason="All weights are zero.")
    # Weights say how much a row counts, not that it was seen more often: the error is that of a ratio.
    mean, error, freedom = mean_and_error(values, counted, True)
    if freedom < 1:
        return Undefined(reason="An interval needs two rows with a weight.")
    low, high = student(mean, error, freedom, level)
    return Estimate(
        value=mean,
        low=float(max(low, bounds[0])),
        high=float(min(high, bounds[1])),
        level=level,
        method="student_t",
        n=n,
    )


def correlation_of_columns(one: Array, other: Array, level: float) -> Measured:
    """Return Spearman's rank correlation of two (d,) orders of columns, with its interval over columns.

    Source: Bonett and Wright (2000), doi:10.1007/BF02294183: normal on Fisher's z, variance (1 + r^2 / 2) / (d - 3).

    >>> found = correlation_of_columns(np.arange(12.0), np.arange(12.0)[::-1] ** 3, 0.95)
    >>> (found.value, found.low, found.high)
    (-1.0, -1.0, -1.0)
    """
    d = len(one)
    if d < 4:
        return Undefined(reason=f"The interval of a rank correlation needs four columns or more; there are {d}.")
    value = float(np.clip(rank_correlations(one[None], other[None])[0], -1.0, 1.0))
    if abs(value) > 1 - 1e-12:
        value = float(np.sign(value))
        return Estimate(value=value, low=value, high=value, level=level, method="bonett_wright", n=d)
    half = normal_quantile(level) * np.sqrt((1 + value**2 / 2) / (d - 3))
    low, high = np.tanh(np.arctanh(value) + np.array([-half, half]))
    return Estimate(value=value, low=float(low), high=float(high), level=level, method="bonett_wright", n=d)


def above_draws(value: float, draws: Array, level: float, largest: bool = False) -> Measured:
    """Return how far a value lies above draws of a control, as a share of it, with their prediction interval.

    The interval holds `1 - next / value` for one more draw: Student's t on one less than their number, times
    sqrt(1 + 1 / m).

    Parameters
    ----------
    largest : bool
        Whether each number is the largest of several: these are skewed to the right, so that the interval is taken on
        the logarithm where all draws are positive.

    Examples
    --------
    >>> found = above_draws(10.0, np.array([1.0, 2.0, 4.0]), 0.95, largest=True)
    >>> round(found.value, 3), round(found.low, 3), round(found.high, 3)
    (0.8, -5.261, 0.994)
    >>> found = above_draws(10.0, np.array([-1.0, 0.0, 1.0]), 0.95)
    >>> round(found.value, 3), round(found.low, 3), round(found.high, 3)
    (1.0, 0.503, 1.497)
    """
    m = len(draws)
    if m < 2:
        return Undefined(reason="A control needs two draws or more.")
    if not value > 0:
        return Undefined(reason="No column has any size.")
    skewed = largest and bool((draws > 0).all())
    shares = np.log(draws / value) if skewed else draws / value
    low, high = student(float(shares.mean()), float(shares.std(ddof=1)) * np.sqrt(1 + 1 / m), m - 1, level)
    ends = [1 - (float(np.exp(min(end, 700.0))) if skewed else end) for end in (shares.mean(), high, low)]
    return Estimate(
        value=float(ends[0]),
        low=float(ends[1]),
        high=float(ends[2]),
        level=level,
        method="student_t_prediction_log" if skewed else "student_t_prediction",
        n=m,
    )


def low_of(measured: Measured) -> float:
    """Return the lower end of an interval; infinite where there is none, so that nothing is told from it."""
    return float(measured.low) if isinstance(measured, Estimate) and measured.low is not None else np.inf


def is_like_chance(measured: Measured, chance: float) -> bool:
    """Tell whether a likeness is nearer to chance than to 1, and its interval reaches chance.

    Few rows alone make an interval wide: a likeness of 0.9 is not called chance because it might be 0.

    >>> wide = Estimate(value=0.9, low=-0.2, high=1.0, level=0.95, method="student_t", n=3)
    >>> none = Estimate(value=0.2, low=-0.2, high=0.6, level=0.95, method="student_t", n=9)
    >>> is_like_chance(wide, 0.0), is_like_chance(none, 0.0)
    (False, True)
    """
    if not isinstance(measured, Estimate):
        return False
    return low_of(measured) <= chance and measured.value < (1 + chance) / 2


def high_of(measured: Measured) -> float:
    """Return the upper end of an interval; minus infinite where there is none."""
    return float(measured.high) if isinstance(measured, Estimate) and measured.high is not None else -np.inf


def _leaders(values: Array, k: int) -> NDArray[np.bool_]:
    # The first of equal columns leads, so that two equal rows have equal leaders.
    place = np.argsort(np.argsort(-values, axis=1, kind="stable"), axis=1, kind="stable")
    return place < k
