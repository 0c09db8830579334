"""Turns hits and trials into the interval of a share, exact or approximate by how many there are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from audit.estimation.intervals import clopper_pearson, mover_ratio, ratio_of_rates, wilson

Array = NDArray[np.float64]

FEW_TRIALS = 3.5
"""Trials under which the exact interval is told: the share is known only because there was a trial at all."""
SOME_TRIALS = 100
"""Trials under which Wilson's interval takes Student's quantile."""
ENOUGH_TRIALS = 60
"""Trials from which Katz's interval of a ratio of shares stands alone."""
FEW_HITS = 3.5
"""Hits under which its lower end is Poisson's, and misses under which its upper end is."""


def share_ends(
    hits: Array, trials: Array, level: float, *, exact: bool = False
) -> tuple[NDArray[np.str_], Array, Array]:
    """Return the method and both ends of the interval of each share.

    - `wilson`: the score interval. It holds the truth too rarely where that is near 0 or 1 (down to 84 times in 100),
      because its lower end lies too high at one, two or three hits: that end is there Poisson's, and likewise at the
      other side (Brown, Cai and DasGupta (2001), doi:10.1214/ss/1009213286, section 4.1.1).
    - `wilson_t`: the same with Student's quantile, under 100 trials.
    - `clopper_pearson`: the exact interval, with three trials or fewer.

    Between 10 and 100 trials the truth is then held 93.5 times in 100 or more often, wherever it lies.

    Parameters
    ----------
    hits, trials : arrays of float, of one shape
        Hits out of trials, more than 0 of them; effective numbers need not be whole.
    level : float
        In (0, 1).
    exact : bool
        Whether the exact interval is asked for, however many trials there are.

    Examples
    --------
    >>> method, low, high = share_ends(np.array([81.0, 1.0]), np.array([263.0, 29.0]), 0.95)
    >>> [str(name) for name in method], low.round(4).tolist(), high.round(4).tolist()
    (['wilson', 'wilson_t'], [0.2553, 0.0018], [0.3662, 0.1809])
    """
    z = float(stats.norm.ppf(0.5 + level / 2))
    small = trials < SOME_TRIALS
    student = stats.t.ppf(0.5 + level / 2, np.maximum(trials - 1, 1))
    low, high = wilson(hits, trials, level, np.where(small, student, z))
    misses = trials - hits
    low = np.where((hits > 0) & (hits < FEW_HITS), np.minimum(low, _poisson(hits, trials, level)), low)
    high = np.where((misses > 0) & (misses < FEW_HITS), np.maximum(high, 1 - _poisson(misses, trials, level)), high)
    few = (trials < FEW_TRIALS) | exact
    least, most = clopper_pearson(hits, trials, level)
    method = np.where(few, "clopper_pearson", np.where(small, "wilson_t", "wilson"))
    return method, np.where(few, least, low), np.where(few, most, high)


def mean_share_ends(values: Array, trials: Array, level: float) -> list[tuple[float, float]]:
    """Return the interval of the plain mean of the shares in each row, by recovering the variances of their intervals.

    Parameters
    ----------
    values : (groups, K) shares in [0, 1]; NaN for one that is left out
    trials : (groups, K) how many rows each rests on; without any it can be all between 0 and 1

    Examples
    --------
    >>> [(low, high)] = mean_share_ends(np.array([[0.9, 0.5]]), np.array([[200.0, 200.0]]), 0.95)
    >>> round(low, 4), round(high, 4)
    (0.6577, 0.7384)
    """
    there = np.isfinite(values)
    known = np.where(there, values, 0.0)
    some = trials > 0
    safe = np.where(some, trials, 1.0)
    _, low, high = share_ends(known * safe, safe, level)
    low, high = np.where(some, low, 0.0), np.where(some, high, 1.0)
    count = np.maximum(there.sum(axis=-1), 1)
    mean = known.sum(axis=-1) / count
    down, up = (np.sqrt((np.where(there, side, 0.0) ** 2).sum(axis=-1)) / count for side in (known - low, high - known))
    return list(zip((mean - down).tolist(), (mean + up).tolist(), strict=True))


def ratio_of_shares_ends(a: float, n: float, c: float, m: float, level: float) -> tuple[float, float | None]:
    """Return the interval of (a / n) / (c / m), two independent shares.

    Katz's, normal on the logarithm (`ratio_of_rates`). With under 60 trials on a side the wider, on each side, of that
    and of the interval recovered from those of both shares (`mover_ratio`): near 0 or 1 a share of few rows shows
    hardly any variance, so that Katz's alone holds the truth as rarely as 3 times in 10.

    Examples
    --------
    >>> low, high = ratio_of_shares_ends(20, 20, 90, 100, 0.95)
    >>> round(low, 3), round(high, 3)
    (0.906, 1.211)
    """
    low, high = ratio_of_rates(a, n, c, m, level)
    if min(n, m) >= ENOUGH_TRIALS:
        return low, high
    _, least, most = share_ends(np.array([a, c]), np.array([n, m]), level)
    start, end = mover_ratio(a / n, (float(least[0]), float(most[0])), c / m, (float(least[1]), float(most[1])))
    return min(low, start), None if high is None or end is None else max(high, end)


def effective(hits: Array, trials: Array, hits_squared: Array, trials_squared: Array) -> tuple[Array, Array]:
    """Return hits and trials of the number of equally weighted rows with the same variance.

    The lesser of Kish's number, which takes weights for independent of the outcome, and Korn and Graubard's, which
    takes them as they fell: p (1 - p) over the linearised variance (1998, Survey Methodology 24: 193-201).

    Parameters
    ----------
    hits, trials : sums of weights
    hits_squared, trials_squared : sums of their squares

    Examples
    --------
    >>> hits, trials = effective(np.array(40.0), np.array(80.0), np.array(100.0), np.array(200.0))
    >>> float(hits), float(trials)
    (16.0, 32.0)
    """
    present = trials > 0
    share = np.divide(hits, trials, out=np.zeros_like(hits), where=present)
    kish = np.divide(trials**2, trials_squared, out=np.zeros_like(trials), where=present)
    square = hits_squared * (1 - share) ** 2 + (trials_squared - hits_squared) * share**2
    drawn = np.divide(share * (1 - share) * trials**2, square, out=kish.copy(), where=square > 0)
    count = np.where((share > 0) & (share < 1), np.minimum(kish, drawn), kish)
    return share * count, count


def _poisson(hits: Array, trials: Array, level: float) -> Array:
    bound: Array = stats.chi2.ppf(1 - level, 2 * np.maximum(hits, 1e-9)) / 2 / trials
    return bound
