"""Standardized mean difference: how far the mean scores of two groups are apart, in standard deviations."""

from __future__ import annotations

from math import exp, lgamma, sqrt

from audit.declarations.index import Index
from audit.estimation.intervals import normal_quantile
from audit.fairness.division import Division, exactly
from audit.records.measured import Estimate, Measured, Undefined


def compute(division: Division) -> tuple[Measured, ...]:
    """Return one difference a group."""
    return division.against(lambda g, r: _difference(division, g, r), exactly(0.0, division))


def hedges(freedom: float) -> float:
    """Return Hedges' correction of the bias of Cohen's d.

    >>> round(hedges(10), 4)
    0.9227
    """
    return exp(lgamma(freedom / 2) - lgamma((freedom - 1) / 2)) / sqrt(freedom / 2)


def _difference(division: Division, g: int, r: int) -> Measured:
    size, mean, variance = division.moments
    n, m = float(size[g]), float(size[r])
    freedom = n + m - 2
    if n <= 1 or m <= 1 or freedom <= 1:
        return Undefined(reason="A group of one has no standard deviation.")
    pooled = ((n - 1) * float(variance[g]) + (m - 1) * float(variance[r])) / freedom
    if pooled <= _NOTHING * max(1.0, float(mean[g]) ** 2, float(mean[r]) ** 2):
        return Undefined(reason="Scores do not vary within the two groups.")
    value = hedges(freedom) * float(mean[g] - mean[r]) / sqrt(pooled)
    reach = normal_quantile(division.level) * sqrt((n + m) / (n * m) + value**2 / (2 * (n + m)))
    method = f"hedges_olkin{division.suffix}"
    return Estimate(
        value=value,
        low=value - reach,
        high=value + reach,
        level=division.level,
        method=method,
        n=division.rows(g, r),
    )


_NOTHING = 1e-20

INDEX = Index(
    name="standardized_mean_difference",
    label="Standardized mean difference of scores",
    compute=compute,
    clustered=True,
    compares=True,
    needs=("score",),
    equal=0.0,
    tasks=("binary", "regression", "ranking_score"),
    description="Mean score, or predicted value, of the group less that of the reference group, in their pooled "
    "standard deviation, with Hedges' correction for small groups.",
    formula="J (mean_g - mean_r) / sd, J = gamma(f / 2) / (sqrt(f / 2) gamma((f - 1) / 2)), f = n_g + n_r - 2",
    source="Hedges and Olkin 1985, Statistical Methods for Meta-Analysis, chapter 5",
)
