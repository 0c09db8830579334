"""Significance tests of two sets of predictions of the same rows: scores and counts in, statistic and p-value out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from audit.estimation.intervals import auc_influence

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Significance:
    """What a test found; NaN where the rows allow no test."""

    statistic: float
    """In the unit of its reference distribution; NaN where the test is exact and has none."""
    p_value: float
    """Two-sided, in [0, 1]."""


def delong_test(
    positive: NDArray[np.bool_],
    one: Array,
    other: Array,
    weight: Array | None = None,
    *,
    sampling: bool = False,
    cluster: NDArray[np.int64] | None = None,
) -> Significance:
    """Test whether two scores of the same rows have equal areas under the ROC curve.

    The statistic is Z = (A_one - A_other) / sqrt(var A_one + var A_other - 2 cov), standard normal under equality.
    It is NaN where a class has fewer than two rows, and where the difference does not vary at all.

    Parameters
    ----------
    positive : (n,) array of bool
        Whether a row is truly positive.
    one, other : (n,) arrays of float
        The two scores of each row.
    weight : (n,) array of float, optional
        Non-negative weights; one each by default.
    sampling : bool
        Whether weights are inverse inclusion probabilities rather than counts of equal rows.
    cluster : (n,) array of int, optional
        Code of the cluster of each row; what its rows add is then added up, and the reference distribution is Student's
        with one degree of freedom less than there are clusters.

    Notes
    -----
    DeLong, DeLong and Clarke-Pearson (1988), doi:10.2307/2531595; of clusters Obuchowski (1997), doi:10.2307/2533958.
    In multiclass this tests one class against the rest.

    Examples
    --------
    >>> positive = np.array([True, True, True, True, False, False, False, False])
    >>> one = np.array([0.9, 0.8, 0.7, 0.3, 0.6, 0.4, 0.2, 0.1])
    >>> other = np.array([0.6, 0.9, 0.2, 0.4, 0.8, 0.5, 0.3, 0.1])
    >>> found = delong_test(positive, one, other)
    >>> round(found.statistic, 4), round(found.p_value, 4)
    (1.2247, 0.2207)
    """
    weight = np.ones(len(one)) if weight is None else weight
    (first, pull), (second, beside) = (auc_influence(positive, score, weight, sampling) for score in (one, other))
    change: Array = pull - beside
    clusters = 0
    if cluster is not None:
        clusters = len(np.unique(cluster[weight > 0]))
        # Frequency weights count equal rows, all of them in the cluster.
        sums = np.bincount(cluster, weights=change * (1 if sampling else np.sqrt(weight)))
        change = sums * (clusters / max(clusters - 1, 1)) ** 0.5
    variance = float(change @ change) if clusters != 1 else 0.0
    if not variance > 0:
        return Significance(np.nan, np.nan)
    z = (first - second) / float(np.sqrt(variance))
    law = stats.norm if cluster is None else stats.t(clusters - 1)
    return Significance(z, float(2 * law.sf(abs(z))))


def mcnemar(
    only_one: int, only_other: int, method: Literal["exact", "mid_p", "asymptotic", "corrected"] = "mid_p"
) -> Significance:
    """Test whether two classifiers are right equally often on the same rows.

    Under equality each row on which exactly one of them is right is a fair coin; the others say nothing.

    Parameters
    ----------
    only_one, only_other : int
        Rows on which only the first is right, and only the second.
    method : str
        `exact` doubles the smaller binomial tail and never exceeds its level; `mid_p` counts the observed value by
        half, which is nearer to the level and hardly ever above it; `asymptotic` is chi-squared on one degree of
        freedom, and `corrected` the same with the continuity correction.

    Notes
    -----
    McNemar (1947), doi:10.1007/BF02295996; mid-p and the comparison of all four: Fagerland, Lydersen and Laake (2013),
    doi:10.1186/1471-2288-13-91. With no such row at all the p-value is 1.

    Examples
    --------
    >>> round(mcnemar(21, 18, "exact").p_value, 4), round(mcnemar(21, 18, "asymptotic").statistic, 4)
    (0.7493, 0.2308)
    """
    least, n = min(only_one, only_other), only_one + only_other
    if n == 0:
        return Significance(np.nan if method in ("exact", "mid_p") else 0.0, 1.0)
    if method in ("exact", "mid_p"):
        p_value = 2 * float(stats.binom.cdf(least, n, 0.5))
        if method == "mid_p":
            p_value -= float(stats.binom.pmf(least, n, 0.5))
        return Significance(np.nan, min(p_value, 1.0))
    gap = max(abs(only_one - only_other) - (method == "corrected"), 0)
    statistic = gap**2 / n
    return Significance(statistic, float(stats.chi2.sf(statistic, 1)))
