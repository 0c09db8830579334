"""Compares the rate of one group, a of n, with that of a reference group, c of m: intervals, significance, reversal."""

from __future__ import annotations

from fractions import Fraction
from math import erfc, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.stats import fisher_exact

from audit.estimation.intervals import clopper_pearson, mover, normal_quantile, wilson

Array = NDArray[np.float64]


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
    With under 5 selected on a side, see `ratio_ends`.

    Examples
    --------
    >>> [round(end, 4) for end in katz(12, 40, 48, 80, 0.95)]
    [0.3014, 0.8294]
    """
    ratio = float(Fraction(a, n) / Fraction(c, m))
    hits, trials, others, behind = (np.array(float(count)) for count in (a, n, c, m))
    low, high = ratio_ends(hits, trials, others, behind, level)
    return min(float(low), ratio), max(float(high), ratio)


def ratio_ends(a: Array, n: Array, c: Array, m: Array, level: float) -> tuple[Array, Array]:
    """Return both ends of the interval of (a/n) / (c/m), element by element: (...) each; c is positive.

    Notes
    -----
    Katz's interval. With under 5 selected on a side its error is too small for the side with more than it should have:
    a group of 35 whose rate is 2 % and that happens to have 4 selected would be taken for one of over 5 %. There the
    wider is taken of it and of ends recovered on the logarithm (Zou and Donner 2008, doi:10.1002/sim.3095) from the
    exact intervals of both rates (Clopper and Pearson 1934, doi:10.1093/biomet/26.4.404).
    """
    half = np.where((a == 0) | (a == n) | (c == m), 0.5, 0.0)
    s, t, u, v = a + half, n + 2 * half, c + half, m + 2 * half
    centre = np.log((s / t) / (u / v))
    reach = normal_quantile(level) * np.sqrt(1 / s - 1 / t + 1 / u - 1 / v)
    low, high = np.array(np.exp(centre - reach)), np.array(np.exp(centre + reach))
    few = is_few(a, c)
    if few.any():
        hits, trials, others, behind = (x[few] for x in np.broadcast_arrays(a, n, c, m))
        below, above = _recovered(hits, trials, others, behind, level)
        low[few], high[few] = np.minimum(low[few], below), np.maximum(high[few], above)
    return low, high


def is_few(a: Array, c: Array) -> NDArray[np.bool_]:
    """Return whether so few were selected on a side that the ends of a ratio rest on exact ones."""
    return np.asarray((a < _FEW) | (c < _FEW))


_FEW = 5


def _recovered(a: Array, n: Array, c: Array, m: Array, level: float) -> tuple[Array, Array]:
    (p_low, p_high), (q_low, q_high) = clopper_pearson(a, n, level), clopper_pearson(c, m, level)
    p, q = a / n, c / m
    some = a > 0
    # Of a rate of 0 there is no logarithm: only the ends of both rates say what the ratio can be.
    down = np.log(np.where(some, p / np.where(some, p_low, 1.0), 1.0))
    up = np.log(np.where(some, p_high / np.where(some, p, 1.0), 1.0))
    low = p / q * np.exp(-np.hypot(down, np.log(q_high / q)))
    high = np.where(some, p / q * np.exp(np.hypot(up, np.log(q / q_low))), p_high / q_low)
    return low, high


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
