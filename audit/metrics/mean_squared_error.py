"""Mean squared error of a regression."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Mean, scores, truth


def squared_errors(sample: Sample) -> Array:
    """(n,) squared distances of prediction from truth."""
    return (scores(sample) - truth(sample)) ** 2


METRIC = Metric(
    name="mean_squared_error",
    label="Mean squared error",
    compute=Mean(squared_errors),
    response="value",
    higher_is_better=False,
    tasks=("regression",),
    bounds=(0.0, None),
    description="Mean squared distance of prediction from truth, in the squared unit of the target.",
    formula="mean (prediction - truth)^2",
    source="Hyndman and Koehler (2006), doi:10.1016/j.ijforecast.2006.03.001",
)
