"""Tests whether probabilities can be right, given what happened: Hosmer-Lemeshow, Spiegelhalter, Jeffreys, binomial."""

from __future__ import annotations

import numpy as np
from scipy import stats

from audit.declarations.metric import Sample, UndefinedMeasureError
from audit.estimation.forms import is_inclusion_weighted, is_positive, scores, weights_of
from audit.estimation.probability_bins import bin_of


def hosmer_lemeshow(sample: Sample, groups: int, fitted: bool) -> tuple[float, int]:
    """Return the statistic over groups of equal size by probability, and its degrees of freedom.

    Equal probabilities stay in one group, as Stata's `xtile` keeps them. The statistic has as many degrees of freedom
    as groups on rows that the model was not fitted on, and two fewer on those that it was.

    Source: Hosmer and Lemeshow (1980), doi:10.1080/03610928008827941; Hosmer, Lemeshow and Sturdivant (2013), 5.2.2.
    """
    weight, given = counted(sample), scores(sample)
    home = bin_of(given, weight, groups, "quantile")
    n, seen, expected = (
        np.bincount(home, weights=weight * part, minlength=groups)
        for part in (np.ones(len(given)), is_positive(sample).astype(np.float64), given)
    )
    there = n > 0
    n, seen, expected = n[there], seen[there], expected[there]
    freedom = len(n) - 2 if fitted else len(n)
    if freedom < 1:
        raise UndefinedMeasureError("there are too few different probabilities to make groups of")
    spread = expected * (1 - expected / n)
    sure = spread <= 1e-12 * n
    if (sure & (np.abs(seen - expected) > 1e-9 * n)).any():
        raise UndefinedMeasureError("a group of rows is predicted with certainty, and wrongly")
    away = np.where(sure, 0.0, (seen - expected) ** 2 / np.where(sure, 1.0, spread))
    return float(away.sum()), freedom


def spiegelhalter(sample: Sample) -> float:
    """Return Spiegelhalter's z: standard normal where the probabilities are right.

    Source: Spiegelhalter (1986), doi:10.1002/sim.4780050506.
    """
    weight, p = counted(sample), scores(sample)
    slope = 1 - 2 * p
    variance = float(weight @ (slope**2 * p * (1 - p)))
    if not variance > 0:
        raise UndefinedMeasureError("every probability is 0, 0.5 or 1")
    return float(weight @ ((is_positive(sample) - p) * slope)) / float(np.sqrt(variance))


def two_sided(z: float) -> float:
    """Return the two-sided p-value of a standard normal.

    >>> round(two_sided(-1.959964), 6)
    0.05
    """
    return float(2 * stats.norm.sf(abs(z)))


def beyond(chi_square: float, freedom: int) -> float:
    """Return the chance of a chi-square at least this large.

    >>> round(beyond(9.65, 8), 4)
    0.2905
    """
    return float(stats.chi2.sf(chi_square, freedom))


def jeffreys(events: float, rows: float, expected: float) -> float:
    """Return the Jeffreys test's p-value of an expected rate that is not too low.

    The posterior probability, under Jeffreys' prior, that the true rate is at most the expected one; a small value
    says that more happened than was expected.

    Source: European Central Bank (2019), Instructions for reporting the validation results of internal models, 2.5.3.1.

    >>> round(jeffreys(5, 100, 0.02), 4), round(jeffreys(25, 1000, 0.02), 4), round(jeffreys(0, 50, 0.01), 4)
    (0.0286, 0.1308, 0.6851)
    """
    return float(stats.beta.cdf(expected, events + 0.5, rows - events + 0.5))


def binomial(events: float, rows: float, expected: float) -> float:
    """Return the exact binomial test's one-sided p-value: the chance of so many events or more at the expected rate.

    >>> round(binomial(5, 100, 0.02), 4), round(binomial(25, 1000, 0.02), 4), binomial(0, 50, 0.01)
    (0.0508, 0.1545, 1.0)
    """
    return float(stats.binom.sf(events - 1, rows, expected))


def events_of(sample: Sample) -> tuple[float, float, float]:
    """Return the number of positive rows, of rows, and their mean probability."""
    weight = counted(sample)
    n = float(weight.sum())
    if not n > 0:
        raise UndefinedMeasureError("there are no rows")
    return float(weight @ is_positive(sample)), n, float(weight @ scores(sample)) / n


def counted(sample: Sample) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """(n,) weights as numbers of equal rows; a test of counts has no meaning under sampling weights."""
    if is_inclusion_weighted(sample):
        raise UndefinedMeasureError("rows with sampling weights are not whole rows, as this test needs")
    weight: np.ndarray[tuple[int], np.dtype[np.float64]] = weights_of(sample)
    return weight
