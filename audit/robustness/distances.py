"""Tells how far two distributions are apart, and how far chance alone sets two samples of one distribution apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chndtrinc
from scipy.stats import chi2, kstwo

Array = NDArray[np.float64]

_REPLICATES = 1000
_DEALS = 1999
_MANY = 100
"""Rows expected in each bin from which the chi-square law holds of the index."""
_GRID = 256
"""Steps of a Brownian bridge."""


# --- shares in bins -------------------------------------------------------------------------------


def stability_index(expected: Array, actual: Array) -> float:
    """Return the population stability index of two sets of shares.

    Parameters
    ----------
    expected, actual : ndarray (bins,)
        Positive shares that sum to 1.

    Examples
    --------
    >>> round(stability_index(np.full(4, 0.25), np.array([0.1, 0.2, 0.3, 0.4])), 6)
    0.228217
    """
    return float(_index(np.array([expected, actual])))


def critical_value(rows: float, others: float, bins: int, level: float) -> float:
    """Return the index that two samples of one distribution exceed with probability 1 - level.

    Without a shift the index times rows * others / (rows + others) follows a chi-square law with bins - 1 degrees.
    Source: Yurdakul and Naranjo, Statistical properties of the population stability index, J. Risk Model Validation.

    Examples
    --------
    >>> round(critical_value(200, 200, 10, 0.95), 3)
    0.169
    """
    return float((1 / rows + 1 / others) * chi2.ppf(level, bins - 1))


def index_interval(index: float, rows: float, others: float, bins: int, level: float) -> tuple[float, float]:
    """Return the interval of the index, from the noncentral chi-square law that it follows under a small shift.

    The index is too large on average, so the interval may reach far below it; it always holds it.
    """
    scale, freedom = 1 / rows + 1 / others, bins - 1
    x = index / scale
    low, high = (_noncentrality(x, freedom, tail) for tail in (0.5 + level / 2, 0.5 - level / 2))
    return min(low * scale, index), max(high * scale, index)


def jensen_shannon(one: Array, other: Array) -> float:
    """Return the Jensen-Shannon distance of two sets of shares: the root of the divergence in bits, in [0, 1].

    Source: Lin (1991), doi:10.1109/18.61115; Endres and Schindelin (2003), doi:10.1109/TIT.2003.813506.

    Parameters
    ----------
    one, other : ndarray (bins,)
        Shares that sum to 1; they may be 0.

    Examples
    --------
    >>> jensen_shannon(np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    1.0
    """
    return float(_distance(np.array([one, other])))


def jensen_shannon_critical(rows: float, others: float, bins: int, level: float) -> float:
    """Return the distance that two samples of one distribution exceed with probability 1 - level, for many rows.

    To second order the divergence is an eighth of the chi-square distance, as the index is the whole of it.

    Examples
    --------
    >>> round(jensen_shannon_critical(1000, 1000, 10, 0.95), 4)
    0.0781
    """
    return float(np.sqrt(min(critical_value(rows, others, bins, level) * _BITS, 1.0)))


def jensen_shannon_interval(
    distance: float, rows: float, others: float, bins: int, level: float
) -> tuple[float, float]:
    """Return the interval of the distance, from the noncentral chi-square law of the divergence."""
    low, high = index_interval(distance**2 / _BITS, rows, others, bins, level)
    return min(float(np.sqrt(low * _BITS)), distance), max(float(np.sqrt(min(high * _BITS, 1.0))), distance)


_BITS = 1 / (8 * float(np.log(2)))


def critical_values(counts: Array, level: float, seed: int) -> tuple[float, float]:
    """Return the index and the Jensen-Shannon distance that chance alone exceeds with probability 1 - level at most.

    Of few rows both are larger than the chi-square law has it, for a bin that happens to be empty counts for much. So
    where fewer than a hundred rows are expected in a bin, the rows of both tables are dealt to them anew, which is
    exact where the bins do not depend on which table a row is from, and errs on the safe side of tenths of the first.

    Parameters
    ----------
    counts : ndarray (2, bins)
        Rows of both tables in each bin, none of which is empty in both.

    Examples
    --------
    >>> few, many = (critical_values(np.full((2, 10), n), 0.95, 0)[0] for n in (20.0, 200.0))
    >>> round(many, 4) == round(critical_value(2000, 2000, 10, 0.95), 4), few > critical_value(200, 200, 10, 0.95)
    (True, True)
    """
    (rows, others), bins = counts.sum(axis=1), counts.shape[1]
    if counts.sum(axis=0).min() * min(rows, others) / (rows + others) >= _MANY:
        return critical_value(rows, others, bins, level), jensen_shannon_critical(rows, others, bins, level)
    dealt = _dealt(np.maximum(np.rint(counts.sum(axis=0)), 1).astype(np.int64), rows / (rows + others), seed)
    filled = np.maximum(dealt, 0.5)
    index = _index(filled / filled.sum(axis=2, keepdims=True))
    return _exceeded(index, level), _exceeded(_distance(dealt / dealt.sum(axis=2, keepdims=True)), level)


def chi_square_p(counts: Array) -> float:
    """Return the p-value of Pearson's test that two rows of counts come from one distribution.

    Bins in which fewer than five are expected are taken together, as the law of the statistic asks; 1 where nothing
    is left to compare.

    Parameters
    ----------
    counts : ndarray (2, bins)

    Examples
    --------
    >>> round(chi_square_p(np.array([[30.0, 70.0], [50.0, 50.0]])), 5)
    0.00389
    """
    totals = counts.sum(axis=0)
    if not (counts.sum(axis=1) > 0).all():
        return 1.0
    least = totals * counts.sum(axis=1).min() / counts.sum()
    few = least < 5
    pooled = np.column_stack([counts[:, ~few], counts[:, few].sum(axis=1)])
    expected = np.outer(pooled.sum(axis=1), pooled.sum(axis=0)) / pooled.sum()
    if few.any() and expected[:, -1].min() < 5:
        pooled, expected = pooled[:, :-1], np.empty(0)
    pooled = pooled[:, pooled.sum(axis=0) > 0]
    if pooled.shape[1] < 2:
        return 1.0
    expected = np.outer(pooled.sum(axis=1), pooled.sum(axis=0)) / pooled.sum()
    return float(chi2.sf(((pooled - expected) ** 2 / expected).sum(), pooled.shape[1] - 1))


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return p-values adjusted such that all together flag falsely with at most the level of one.

    Source: Holm (1979), A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6, 65-70.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    (0.03, 0.06, 0.06)
    """
    m, highest = len(p_values), 0.0
    found = [0.0] * m
    for rank, index in enumerate(sorted(range(m), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (m - rank) * p_values[index]))
        found[index] = highest
    return tuple(found)


# --- distribution functions ------------------------------------------------------------------------


@dataclass(frozen=True)
class Steps:
    """A distribution function of present values: where it rises, and how high."""

    values: Array
    """(n,) in order, without missing ones."""
    height: Array | None
    """(n,) running share of the weight up to each value; None where each value weighs the same."""

    @property
    def empty(self) -> bool:
        """Whether there is no value."""
        return len(self.values) == 0


def steps_of(values: Array, weight: Array | None) -> Steps:
    """Return the distribution function of values without missing ones; those without weight are left out."""
    if weight is None:
        return Steps(np.sort(values), None)
    held = weight > 0
    values, weight = values[held], weight[held]
    order = np.argsort(values, kind="stable")
    height = np.cumsum(weight[order])
    return Steps(values[order], height / height[-1] if len(height) else height)


def quantiles(steps: Steps, shares: Array) -> Array:
    """(k,) values below which a share lies: between two values in equal weights, else the first that reaches it."""
    values = steps.values
    if steps.height is not None:
        return values[np.minimum(np.searchsorted(steps.height, shares - 1e-12), len(values) - 1)]
    place = shares * (len(values) - 1)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, len(values) - 1)
    low, high, part = values[below], values[above], place - below
    with np.errstate(invalid="ignore", over="ignore"):
        between = np.where(part >= 0.5, high - (high - low) * (1 - part), low + (high - low) * part)
    found: Array = np.where(np.isfinite(between), between, low)
    return found


@dataclass(frozen=True)
class Gap:
    """How far two distribution functions are apart."""

    widest: float
    """Kolmogorov-Smirnov statistic, in [0, 1]."""
    area: float
    """Wasserstein distance of order 1, in units of the values; infinite where a value is."""
    together: Steps
    """The distribution function of both, each side weighing as many rows as it has."""


def gap_of(one: Steps, other: Steps, rows: float, others: float) -> Gap:
    """Compare two distribution functions at every value of both.

    Parameters
    ----------
    one, other : Steps
        Neither is empty.
    rows, others : float
        How much each side counts in `together`.
    """
    n, m = len(one.values), len(other.values)
    # Where each value stands when both are merged: one search instead of a third sort.
    at = np.arange(n) + np.searchsorted(other.values, one.values, side="left")
    from_one = np.zeros(n + m, dtype=bool)
    from_one[at] = True
    merged = np.empty(n + m)
    merged[from_one], merged[~from_one] = one.values, other.values
    first, second = _heights(one, from_one), _heights(other, ~from_one)
    last = np.append(merged[1:] != merged[:-1], True)
    apart = np.abs(first - second)
    with np.errstate(invalid="ignore", over="ignore"):
        area = float((apart[:-1] * np.where(last[:-1], np.diff(merged), 0.0)).sum())
    pooled = (rows * first + others * second) / (rows + others)
    equal = one.height is None and other.height is None
    return Gap(
        widest=float(apart[last].max()),
        area=area if np.isfinite(area) else np.inf,
        together=Steps(merged, None if equal else pooled),
    )


def smirnov_p(widest: float, rows: float, others: float) -> float:
    """Return the p-value of the two-sample Kolmogorov-Smirnov test, by the law of one sample of the effective size.

    With ties it is too large rather than too small.

    Examples
    --------
    >>> round(smirnov_p(0.2, 100, 100), 4)
    0.0314
    """
    size = max(1, round(rows * others / (rows + others)))
    return float(np.clip(kstwo.sf(widest, size), 0.0, 1.0))


class Bridges:
    """Brownian bridges: what the distribution function of a sample does about the true one, times the root of n.

    The distance between a sample's distribution function and the true one follows the area under the absolute value of
    such a bridge, run along the quantiles. Source: del Barrio, Gine and Matran (1999), doi:10.1214/aop/1022677394.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        rng = np.random.default_rng(seed)
        self._first, self._second = (_bridges(rng) for _ in range(2))

    def critical(self, together: Steps, rows: float, others: float, level: float) -> float:
        """Return the Wasserstein distance that two samples of one distribution exceed with probability 1 - level."""
        areas = self._first @ _rises(together)
        return float(np.quantile(areas, level)) * float(np.sqrt(1 / rows + 1 / others))

    def reach(self, one: Steps, other: Steps, rows: float, others: float, level: float) -> float:
        """Return how far the distance of two samples lies from that of their distributions, at a level, at most.

        By the triangle inequality it is no further than both samples lie from their own distributions together.
        """
        areas = self._first @ _rises(one) / np.sqrt(rows) + self._second @ _rises(other) / np.sqrt(others)
        return float(np.quantile(areas, level))


def _index(shares: Array) -> Array:
    """(..., 2, bins) positive shares -> (...) population stability indices."""
    apart, ratio = shares[..., 1, :] - shares[..., 0, :], shares[..., 1, :] / shares[..., 0, :]
    found: Array = (apart * np.log(ratio)).sum(axis=-1)
    return found


def _distance(shares: Array) -> Array:
    """(..., 2, bins) shares -> (...) Jensen-Shannon distances."""
    middle = shares.mean(axis=-2, keepdims=True)
    # A share of zero adds nothing, whatever stands in its logarithm.
    ratio = np.where(shares > 0, shares, 1.0) / np.where(shares > 0, middle, 1.0)
    bits = (shares * np.log2(ratio)).sum(axis=(-1, -2)) / 2
    found: Array = np.sqrt(np.clip(bits, 0.0, 1.0))
    return found


def _dealt(pooled: NDArray[np.int64], share: float, seed: int) -> Array:
    """(deals, 2, bins) the rows of every bin dealt anew to two tables."""
    total = int(pooled.sum())
    rows = min(max(round(total * share), 1), total - 1)
    rng = np.random.default_rng(seed)
    first = rng.multivariate_hypergeometric(pooled, rows, size=_DEALS)
    return np.stack([first, pooled - first], axis=1).astype(np.float64)


def _exceeded(values: Array, level: float) -> float:
    """Return the least of these values that one more of their kind exceeds with probability 1 - level at most."""
    # One part in 10^9 above, for sums of equal terms in another order differ by their rounding.
    place = min(int(np.ceil(level * (len(values) + 1))), len(values))
    return float(np.sort(values)[place - 1]) * (1 + 1e-9)


def _bridges(rng: np.random.Generator) -> Array:
    """(replicates, grid) absolute values of bridges in the middle of each step of the grid."""
    walk = np.cumsum(rng.standard_normal((_REPLICATES, 2 * _GRID)), axis=1) / np.sqrt(2 * _GRID)
    time = np.arange(1, 2 * _GRID + 1) / (2 * _GRID)
    bridge = walk - walk[:, -1:] * time
    middle: Array = np.abs(bridge[:, 0::2])
    return middle


def _rises(steps: Steps) -> Array:
    """(grid,) how far the quantiles rise over each step of the grid."""
    found: Array = np.diff(quantiles(steps, np.linspace(0, 1, _GRID + 1)))
    return found


def _heights(steps: Steps, own: NDArray[np.bool_]) -> Array:
    """Height of a distribution function at each merged value."""
    below = np.cumsum(own)
    height: Array = below / below[-1] if steps.height is None else np.append(0.0, steps.height)[below]
    return height


def _noncentrality(x: float, freedom: int, tail: float) -> float:
    """Return the noncentrality under which x is that quantile; 0 where even none makes x too small."""
    if x <= 0 or chi2.cdf(x, freedom) <= tail:
        return 0.0
    return float(chndtrinc(x, freedom, tail))
