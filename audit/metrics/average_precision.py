"""Average precision: the area under the precision-recall curve, by steps."""

from __future__ import annotations

from audit.declarations.metric import Metric
from audit.estimation.classes import BoundedOverClasses
from audit.estimation.forms import Array, AtPositives, Weights


def precision_there(positives: Weights, counted: Array) -> Array:
    """(..., p) positives and rows at or above the score of each positive row -> precision at its threshold."""
    return positives / counted


FORM = AtPositives(precision_there)

METRIC = Metric(
    name="average_precision",
    label="Average precision",
    compute=FORM,
    response="score",
    higher_is_better=True,
    tasks=("binary", "multiclass", "ranking_score"),
    bounds=(0.0, 1.0),
    description="Area under the precision-recall curve without interpolation; guessing gives the prevalence.",
    formula="sum over thresholds of (R_k - R_(k-1)) P_k",
    source="Su, Yuan and Zhu (2015), doi:10.1145/2808194.2809481",
    per_class=True,
    averages={"macro": BoundedOverClasses(FORM), "weighted": BoundedOverClasses(FORM, weighted=True)},
)
