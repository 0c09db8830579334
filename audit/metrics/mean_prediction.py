"""Mean prediction of a regression."""

from __future__ import annotations

from audit.declarations.metric import Metric
from audit.estimation.forms import Mean, scores

METRIC = Metric(
    name="mean_prediction",
    label="Mean prediction",
    compute=Mean(scores),
    response="value",
    higher_is_better=None,
    tasks=("regression",),
    description="Predicted value on average, in the unit of the target.",
    formula="mean prediction",
    source="fairlearn.metrics.mean_prediction",
    needs_target=False,
)
