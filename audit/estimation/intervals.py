"""Closed-form intervals: values, counts and influences in, both ends out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

Array = NDArray[np.float64]


def normal_quantile(level: float) -> float:
    """Two-sided standard normal quantile: 1.96 for 0.95."""
    return float(stats.norm.ppf(0.5 + level / 2))


def wilson(hits: Array, trials: Array, level: float, quantile: Array | None = None) -> tuple[Array, Array]:
    """Wilson score interval of a proportion; another quantile than the normal one can be given.

    Source: Wilson (1927), doi:10.1080/01621459.1927.10502953; Newcombe (1998), method 3.

    >>> low, high = wilson(np.array(81.0), np.array(263.0), 0.95)
    >>> round(float(low), 4), round(float(high), 4)
    (0.2553, 0.3662)
    """
    z = normal_quantile(level) if quantile is None else quantile
    share = hits / trials
    centre = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z * np.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2)) / (1 + z**2 / trials)
    # At the ends the formula is exact, rounding is not.
    return np.where(hits <= 0, 0.0, centre - half), np.where(hits >= trials, 1.0, centre + half)


def clopper_pearson(hits: Array, trials: Array, level: float) -> tuple[Array, Array]:
    """Exact interval of a proportion: it never covers less often than `level`, and mostly covers more often.

    Source: Clopper and Pearson (1934), doi:10.1093/biomet/26.4.404; Newcombe (1998), method 5. Ends are quantiles of
    beta distributions, so that effective numbers need not be whole.

    >>> low, high = clopper_pearson(np.array(81.0), np.array(263.0), 0.95)
    >>> round(float(low), 4), round(float(high), 4)
    (0.2527, 0.3676)
    """
    tail = 0.5 - level / 2
    misses = trials - hits
    low = stats.beta.ppf(tail, np.maximum(hits, 1e-9), misses + 1)
    high = stats.beta.ppf(1 - tail, hits + 1, np.maximum(misses, 1e-9))
    return np.where(hits <= 0, 0.0, low), np.where(misses <= 0, 1.0, high)


def ratio_of_rates(a: float, n: float, c: float, m: float, level: float) -> tuple[float, float | None]:
    """Interval of (a / n) / (c / m), two independent shares, normal on the logarithm.

    Source: Katz et al. (1978), doi:10.2307/2530610; Simel, Samsa and Matchar (1991) for likelihood ratios. Where a
    count is zero one half is added to each side's hits (Walter 1975, doi:10.1093/biomet/62.2.371).

    >>> low, high = ratio_of_rates(70, 80, 20, 100, 0.95)
    >>> round(low, 2), round(high, 2)
    (2.93, 6.53)
    """
    none = not a
    more = 0.5 if not (a and c) or (a == n and c == m) else 0.0
    a, n, c, m = a + more, n + more, c + more, m + more
    half = normal_quantile(level) * float(np.sqrt(max(1 / a - 1 / n + 1 / c - 1 / m, 0.0)))
    log = float(np.log(a / n) - np.log(c / m))
    return (0.0 if none else float(np.exp(log - half))), float(np.exp(log + half))


def mover_ratio(
    one: float, one_ends: tuple[float, float], other: float, other_ends: tuple[float, float]
) -> tuple[float, float | None]:
    """Interval of one / other from the intervals of both, which are independent; None where other can be 0.

    Source: Donner and Zou (2012), Statistical Methods in Medical Research 21(4), 347-359, equation 9.

    >>> low, high = mover_ratio(0.5, (0.4, 0.6), 0.25, (0.2, 0.3))
    >>> round(low, 3), round(high, 3)
    (1.5, 2.667)
    """
    (low, high), (least, most) = one_ends, other_ends
    square = (one * other) ** 2
    below, above = most * (2 * other - most), least * (2 * other - least)
    down = max(square - low * (2 * one - low) * below, 0.0)
    start = (one * other - np.sqrt(down)) / below if abs(below) > 1e-12 else low * (2 * one - low) / (2 * one * other)
    if not above > 0:
        return max(float(start), 0.0), None
    up = max(square - high * (2 * one - high) * above, 0.0)
    return max(float(start), 0.0), float((one * other + np.sqrt(up)) / above)


def woolf(cells: Array, level: float) -> tuple[float, float | None]:
    """Interval of the odds ratio of (2, 2) counts, normal on the logarithm; one half is added where a count is zero.

    Source: Woolf (1955), doi:10.1111/j.1469-1809.1955.tb01348.x; Haldane (1956), Anscombe (1956) for the half.
    """
    zero = bool((cells == 0).any())
    table = cells + 0.5 if zero else cells
    log = float(np.log(table[0, 0] * table[1, 1]) - np.log(table[0, 1] * table[1, 0]))
    half = normal_quantile(level) * float(np.sqrt((1 / table).sum()))
    return (0.0 if zero else float(np.exp(log - half))), float(np.exp(log + half))


def mean_and_error(values: Array, weight: Array, sampling: bool) -> tuple[float, float, float]:
    """Weighted mean, its standard error and degrees of freedom.

    Frequency weights count equal rows; under sampling weights the error is that of a ratio (Taylor linearisation).
    """
    total = float(weight.sum())
    mean = float(weight @ values) / total
    rows = float(np.count_nonzero(weight)) if sampling else total
    if rows <= 1:
        return mean, np.inf, 0.0
    square = (weight**2 if sampling else weight) @ (values - mean) ** 2
    scale = rows / (rows - 1) / total**2 if sampling else 1 / (total * (total - 1))
    return mean, float(np.sqrt(square * scale)), rows - 1


def student(mean: float, error: float, freedom: float, level: float) -> tuple[float, float]:
    """Student's t interval of a mean with standard error `error` on `freedom` degrees of freedom."""
    half = float(stats.t.ppf(0.5 + level / 2, freedom)) * error
    return mean - half, mean + half


def auc_influence(positive: NDArray[np.bool_], score: Array, weight: Array, sampling: bool) -> tuple[float, Array]:
    """Area under the ROC curve, and what each row adds to it such that the squares sum to its DeLong variance.

    Source: DeLong, DeLong and Clarke-Pearson (1988), doi:10.2307/2531595; placements by midranks.

    Parameters
    ----------
    positive, score, weight : (n,) arrays
    sampling : whether weights are inverse inclusion probabilities rather than counts of equal rows

    Returns
    -------
    area, (n,) influences; NaN where a class has a single row or none.
    """
    _, place = np.unique(score, return_inverse=True)
    area = np.nan
    influence = np.zeros(len(score))
    for side, sign in ((positive, 1.0), (~positive, -1.0)):
        others = np.where(side, 0.0, weight)
        total, mine = others.sum(), weight[side].sum()
        if total <= 0 or mine <= 0:
            return np.nan, np.full(len(score), np.nan)
        at = np.bincount(place, weights=others)
        below = (np.cumsum(at) - at / 2)[place[side]] / total
        placement = below if sign > 0 else 1 - below
        area = float(weight[side] @ placement / mine)
        influence[side] = (placement - area) * _scale(weight[side], mine, sampling)
    return area, influence


def newcombe_auc(area: float, positives: float, negatives: float, level: float) -> tuple[float, float]:
    """Score-type interval of an area, whose variance is taken at each end and not at the area that was seen.

    Source: Newcombe (2006), method 5, doi:10.1002/sim.2324.

    >>> [round(end, 4) for end in newcombe_auc(0.9, 15, 15, 0.95)]
    [0.7137, 0.9672]
    """
    z, extra = normal_quantile(level), (positives + negatives) / 2 - 1

    def excess(theta: float) -> float:
        spread = 1 + extra * (1 - theta) / (2 - theta) + extra * theta / (1 + theta)
        return float((area - theta) ** 2 - z**2 * theta * (1 - theta) * spread / (positives * negatives))

    least, most = 1e-12, 1 - 1e-12
    low = float(optimize.brentq(excess, least, min(area, most))) if area > least and excess(least) > 0 else 0.0
    high = float(optimize.brentq(excess, max(area, least), most)) if area < most and excess(most) > 0 else 1.0
    return low, high


def bias_bounded(value: float, error: Array, level: float) -> tuple[float, float]:
    """Conservative interval of a sum of absolute deviations, whose sample value noise can only raise.

    A deviation d with standard error s is raised by between 0, where it is large, and s sqrt(2 / pi), where it is none
    (the mean of a folded normal); its absolute value spreads by s at most. The interval allows for all of that.

    Parameters
    ----------
    error : (k,) standard errors of the deviations
    """
    half = normal_quantile(level) * float(np.sqrt(error @ error))
    return value - float(np.sqrt(2 / np.pi) * error.sum()) - half, value + half


def smirnov(value: float, positives: float, negatives: float, level: float) -> tuple[float, float]:
    """Conservative interval of the widest gap between two distribution functions, which noise can only widen.

    Below: both samples stay within Smirnov's band about their truth, which no gap can leave. Above: at the place of
    the true widest gap, the gap of the samples is normal about it, with a variance of at most 1/4 a row.
    """
    spread = float(np.sqrt(1 / positives + 1 / negatives))
    low = value - float(stats.kstwobign.ppf(0.5 + level / 2)) * spread
    return low, value + normal_quantile(level) * spread / 2


def mover(value: Array, low: Array, high: Array, sign: Array) -> tuple[float, float]:
    """Interval of the sum of sign * value from the interval of each independent term.

    Source: Zou and Donner (2008), doi:10.1002/sim.3095 (method of variance estimates recovery).

    >>> low, high = mover(np.array([0.9, 0.8]), np.array([0.8, 0.7]), np.array([0.95, 0.9]), np.array([1.0, -1.0]))
    >>> round(low, 4), round(high, 4)
    (-0.0414, 0.2118)
    """
    down = np.where(sign > 0, value - low, high - value) * np.abs(sign)
    up = np.where(sign > 0, high - value, value - low) * np.abs(sign)
    total = float(value @ sign)
    return total - float(np.sqrt(down @ down)), total + float(np.sqrt(up @ up))


def corrected_resampled_t(folds: Array, test_share: float, level: float) -> tuple[float, float]:
    """Interval of the mean over cross-validation folds, widened because their training rows overlap.

    Source: Nadeau and Bengio (2003), doi:10.1023/A:1024068626366.

    It held the expected score of models fitted on as many rows in 94 to 99 of 100 simulated tables of 30 to 1,000 rows,
    where Student's interval without the correction held it in 88 to 96 (`tests/simulations/cross_validation.py`: linear
    models, 5 and 10 folds, accuracy and squared error).

    Parameters
    ----------
    folds : (k,) figures, k at least 2
    test_share : rows tested over rows fitted on, in one fold
    """
    k = len(folds)
    error = float(np.sqrt((1 / k + test_share) * folds.var(ddof=1)))
    return student(float(folds.mean()), error, k - 1, level)


def percentile(replicates: Array, level: float) -> tuple[float, float]:
    """Percentile interval of the replicates that are defined."""
    low, high = np.nanquantile(replicates, [0.5 - level / 2, 0.5 + level / 2])
    return float(low), float(high)


def expanded(level: float, n: int) -> float:
    """Level at which percentiles of n rows are read, so that they are as wide as Student's t would make them.

    Source: Hesterberg (2015), doi:10.1080/00031305.2015.1089789, the expanded percentile interval.

    >>> round(expanded(0.95, 30), 4)
    0.9625
    """
    if n < 3:
        return level
    reach = float(stats.t.ppf(0.5 + level / 2, n - 1) * np.sqrt(n / (n - 1)))
    return float(2 * stats.norm.cdf(reach) - 1)


def _scale(weight: Array, total: float, sampling: bool) -> Array:
    rows = float(np.count_nonzero(weight)) if sampling else total
    if rows <= 1:
        return np.full(len(weight), np.nan)
    return weight / total * np.sqrt(rows / (rows - 1)) if sampling else np.sqrt(weight / (total * (total - 1)))
