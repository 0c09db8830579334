"""Mean error of a regression: its bias."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Mean, scores, truth


def errors(sample: Sample) -> Array:
    """(n,) prediction less truth."""
    return scores(sample) - truth(sample)


METRIC = Metric(
    name="mean_error",
    label="Mean error",
    compute=Mean(errors),
    response="value",
    higher_is_better=None,
    tasks=("regression",),
    bounds=(None, None),
    description="Prediction less truth on average, in the unit of the target: "
    "above 0 when the model predicts too much.",
    formula="mean (prediction - truth)",
    source="Hyndman and Koehler (2006), doi:10.1016/j.ijforecast.2006.03.001",
)
