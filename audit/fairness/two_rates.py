"""Compares the rate of one group, a of n, with that of a reference group, c of m: intervals, significance, reversal."""

from __future__ import annotations

from fractions import Fraction
from math import erfc, exp, log, sqrt

import numpy as np
from scipy.stats import fisher_exact

from audit.estimation.intervals import mover, normal_quantile, wilson


def newcombe(a: int, n: int, c: int, m: int, level: float) -> tuple[float, float]:
    """Return the interval of a/n - c/m: Newcombe's hybrid of two Wilson score intervals, without correction.

    Parameters
    ----------
    a, n, c, m : int
        a of n in the group, c of m in the reference; n and m positive.
    level : float
        Confidence level in (0, 1).

    Notes
    -----
    Method 10 of Newcombe 1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I.

    Examples
    --------
    >>> [round(end, 4) for end in newcombe(56, 70, 48, 80, 0.95)]
    [0.0524, 0.3339]
    """
    hits, trials = np.array([a, c], dtype=float), np.array([n, m], dtype=float)
    low, high = wilson(hits, trials, level)
    return mover(hits / trials, low, high, np.array([1.0, -1.0]))


def katz(a: int, n: int, c: int, m: int, level: float) -> tuple[float, float]:
    """Return the interval of (a/n) / (c/m): Katz's interval on the logarithm, widened to hold the ratio itself.

    Parameters
    ----------
    a, n, c, m : int
        a of n in the group, c of m in the reference; n, m and c positive.
    level : float
        Confidence level in (0, 1).

    Notes
    -----
    ln(ratio) +- z sqrt(1/a - 1/n + 1/c - 1/m), Katz et al. 1978, doi:10.2307/2530610. Where nobody in the group was
    selected that variance is infinite, and where everybody in a group was, that group's part of it is nil: one half is
    then added to the selected and to the others of both groups, so that a rate of 0 or 1 is not taken for certain.

    Examples
    --------
    >>> [round(end, 4) for end in katz(12, 40, 48, 80, 0.95)]
    [0.3014, 0.8294]
    """
    ratio = float(Fraction(a, n) / Fraction(c, m))
    half = 0.5 if a in (0, n) or c == m else 0.0
    s, t, u, v = a + half, n + 2 * half, c + half, m + 2 * half
    centre = log((s / t) / (u / v))
    reach = normal_quantile(level) * sqrt(1 / s - 1 / t + 1 / u - 1 / v)
    return min(exp(centre - reach), ratio), max(exp(centre + reach), ratio)


def two_sided_p(a: int, n: int, c: int, m: int) -> float:
    """Return the two-sided p-value of equal rates: pooled z, or Fisher's exact test where an expected cell is under 5.

    Examples
    --------
    >>> round(two_sided_p(12, 40, 48, 80), 6)
    0.001946
    >>> round(two_sided_p(3, 10, 10, 20), 4)
    0.4404
    """
    if least_expected(a, n, c, m) < 5:
        return min(float(fisher_exact(np.array([[a, n - a], [c, m - c]])).pvalue), 1.0)
    pooled = Fraction(a + c, n + m)
    z = float(Fraction(a, n) - Fraction(c, m)) / sqrt(pooled * (1 - pooled) * (Fraction(1, n) + Fraction(1, m)))
    # Not 2 (1 - Phi): far out that would be a difference of numbers that are all but equal.
    return erfc(abs(z) / sqrt(2))


def least_expected(a: int, n: int, c: int, m: int) -> float:
    """Return the least count that equal rates would make expect in the table of a of n beside c of m.

    Examples
    --------
    >>> least_expected(3, 10, 10, 20)
    4.333333333333333
    """
    pooled = Fraction(a + c, n + m)
    return float(min(n, m) * min(pooled, 1 - pooled))


def reversed_by_one(a: int, n: int, c: int, m: int) -> bool:
    """Say whether one other choice, a person of the group for one of the reference, gives the group the higher rate.

    Notes
    -----
    Question 20 of the 1979 questions and answers on 29 CFR part 1607: numbers so small decide nothing.

    Examples
    --------
    >>> reversed_by_one(4, 9, 6, 10), reversed_by_one(3, 10, 10, 20)
    (True, False)
    """
    return Fraction(a + 1, n) > Fraction(c - 1, m)
