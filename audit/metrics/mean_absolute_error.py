"""Mean absolute error of a regression."""

from __future__ import annotations

import numpy as np

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Mean, scores, truth


def absolute_errors(sample: Sample) -> Array:
    """(n,) distances of prediction from truth."""
    return np.abs(scores(sample) - truth(sample))


METRIC = Metric(
    name="mean_absolute_error",
    label="Mean absolute error",
    compute=Mean(absolute_errors),
    response="value",
    higher_is_better=False,
    tasks=("regression",),
    bounds=(0.0, None),
    description="How far predictions are from the truth on average, in the unit of the target.",
    formula="mean |prediction - truth|",
    source="Willmott and Matsuura (2005), doi:10.3354/cr030079",
)
