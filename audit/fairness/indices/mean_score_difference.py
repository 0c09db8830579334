"""Score gap: the mean score of a group less that of the reference group."""

from __future__ import annotations

from math import sqrt

from audit.declarations.index import Index
from audit.estimation.intervals import student
from audit.fairness.division import Division, exactly
from audit.records.measured import Estimate, Measured


def compute(division: Division) -> tuple[Measured, ...]:
    """Return one difference a group."""
    return division.against(lambda g, r: _difference(division, g, r), exactly(0.0, division))


def _difference(division: Division, g: int, r: int) -> Measured:
    size, mean, variance = division.moments
    value = float(mean[g] - mean[r])
    low, high = None, None
    if min(size[g], size[r]) > 1:
        parts = [float(variance[p] / size[p]) for p in (g, r)]
        error = sqrt(sum(parts))
        spread = sum(part**2 / (float(size[p]) - 1) for part, p in zip(parts, (g, r), strict=True))
        # Where no score varies there is no error, whatever the degrees of freedom.
        low, high = student(value, error, error**4 / spread if spread > 0 else 1.0, division.level)
    method = f"welch{division.suffix}"
    return Estimate(value=value, low=low, high=high, level=division.level, method=method, n=division.rows(g, r))


INDEX = Index(
    name="mean_score_difference",
    label="Score gap",
    compute=compute,
    clustered=True,
    compares=True,
    needs=("score",),
    equal=0.0,
    tasks=("binary", "regression", "ranking_score"),
    description="Mean score, or predicted value, of the group less that of the reference group, on the scale of the "
    "score.",
    formula="mean_g - mean_r",
    source="Welch 1947, doi:10.1093/biomet/34.1-2.28",
)
