"""Holds the odds of one group, a of n, against those of a reference group, c of m: ratio and interval."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import gammaln, logsumexp

from audit.estimation.intervals import normal_quantile


def odds_ratio(a: float, n: float, c: float, m: float) -> float:
    """Return (a / (n - a)) / (c / (m - c)), with one half added to each of the four where one of them is 0.

    Notes
    -----
    Haldane 1956, doi:10.1111/j.1469-1809.1955.tb01285.x; Anscombe 1956, doi:10.1093/biomet/43.3-4.461.

    Examples
    --------
    >>> round(odds_ratio(28, 40, 32, 80), 6), round(odds_ratio(0, 10, 5, 10), 6)
    (3.5, 0.047619)
    """
    a, b, c, d = _filled(a, n - a, c, m - c)
    return (a / b) / (c / d)


def woolf(a: float, n: float, c: float, m: float, level: float) -> tuple[float, float]:
    """Return the interval of the odds ratio on its logarithm, with one half added as in `odds_ratio`.

    Notes
    -----
    ln(OR) +- z sqrt(1/a + 1/b + 1/c + 1/d), Woolf 1955, doi:10.1111/j.1469-1809.1955.tb01348.x.

    Examples
    --------
    >>> [round(end, 4) for end in woolf(28, 40, 32, 80, 0.95)]
    [1.5558, 7.874]
    """
    a, b, c, d = _filled(a, n - a, c, m - c)
    centre, reach = log((a / b) / (c / d)), normal_quantile(level) * sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    return exp(centre - reach), exp(centre + reach)


def conditional(a: int, n: int, c: int, m: int, level: float) -> tuple[float, float | None]:
    """Return the exact interval of the odds ratio given both margins; None where nothing bounds it.

    Notes
    -----
    Cornfield 1956; two tails of (1 - level) / 2 of Fisher's noncentral hypergeometric distribution.

    Examples
    --------
    >>> [round(end, 4) for end in conditional(3, 4, 1, 4, 0.95)]
    [0.2117, 626.2435]
    >>> conditional(0, 5, 3, 5, 0.95)[0]
    0.0
    """
    total = a + c
    support = np.arange(max(0, total - m), min(n, total) + 1)
    ways = _log_choices(n, support) + _log_choices(m, total - support)
    tail = (1 - level) / 2
    low = 0.0 if a == support[0] else exp(_root(support, ways, support >= a, tail))
    high = None if a == support[-1] else exp(_root(support, ways, support <= a, tail))
    return low, high


def _filled(*cells: float) -> tuple[float, ...]:
    return tuple(cell + 0.5 for cell in cells) if min(cells) <= 0 else cells


def _log_choices(n: int, k: NDArray[np.int64]) -> NDArray[np.float64]:
    chosen: NDArray[np.float64] = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return chosen


def _root(support: NDArray[np.int64], ways: NDArray[np.float64], side: NDArray[np.bool_], tail: float) -> float:
    """Return the logarithm of the odds ratio under which that side of the distribution has the chance `tail`."""

    def excess(log_odds: float) -> float:
        chances = ways + support * log_odds
        return float(logsumexp(chances[side]) - logsumexp(chances)) - log(tail)

    reach = 1.0
    while excess(-reach) * excess(reach) > 0:
        reach *= 2
    return float(brentq(excess, -reach, reach, xtol=1e-12))
