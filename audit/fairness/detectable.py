"""Says how low a group's rate would have had to be for a test of this many rows to find it."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

from scipy.optimize import brentq

from audit.estimation.intervals import normal_quantile

LEAST_EXPECTED = 5
"""Expected count under which the test of equal rates is Fisher's, whose power is that of a corrected z."""


def detectable(rate: float, n: float, m: float, level: float, power: float) -> float | None:
    """Return the smallest shortfall below `rate` that the two-sided test of equal rates finds with a chance of `power`.

    Parameters
    ----------
    rate : float
        Rate of the reference group, taken as given, in [0, 1].
    n, m : float
        Rows of the group and of the reference group, positive.
    level : float
        One less the level of the test.
    power : float
        In [0.5, 1).

    Returns
    -------
    float or None
        A difference in (0, rate]; None where not even a group in which nobody is selected would be found.

    Notes
    -----
    z_(1 - alpha/2) sqrt(p q (1/n + 1/m)) + z_power sqrt(p1 q1 / n + p2 q2 / m) with p the pooled rate: Fleiss, Levin
    and Paik 2003, Statistical Methods for Rates and Proportions, chapter 4. Where an expected count is under 5 the test
    is Fisher's, and (1/n + 1/m) / 2 is added for its continuity (Casagrande, Pike and Smith 1978, doi:10.2307/2530613).

    Examples
    --------
    >>> round(detectable(0.5, 50, 50, 0.95, 0.9), 4)
    0.3026
    """
    z_level, z_power = normal_quantile(level), normal_quantile(2 * power - 1)

    def lacking(short: float, corrected: bool) -> float:
        other = rate - short
        pooled = (n * other + m * rate) / (n + m)
        reach = z_level * sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
        reach += z_power * sqrt(max(other * (1 - other), 0.0) / n + rate * (1 - rate) / m)
        return reach + corrected * (1 / n + 1 / m) / 2 - short

    found = _root(lacking, rate, False)
    if found is None or _least_expected(rate, found, n, m) >= LEAST_EXPECTED:
        return found
    return _root(lacking, rate, True)


def _root(lacking: Callable[[float, bool], float], rate: float, corrected: bool) -> float | None:
    if rate <= 0 or lacking(rate, corrected) > 0:
        return None
    return float(brentq(lacking, 0.0, rate, args=(corrected,), xtol=1e-12))


def _least_expected(rate: float, short: float, n: float, m: float) -> float:
    pooled = (n * (rate - short) + m * rate) / (n + m)
    return min(n, m) * min(pooled, 1 - pooled)
