"""Median absolute error of a regression."""

from __future__ import annotations

import numpy as np

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Median, scores, truth


def absolute_errors(sample: Sample) -> Array:
    """(n,) distances of prediction from truth."""
    return np.abs(scores(sample) - truth(sample))


METRIC = Metric(
    name="median_absolute_error",
    label="Median absolute error",
    compute=Median(absolute_errors),
    response="value",
    higher_is_better=False,
    tasks=("regression",),
    bounds=(0.0, None),
    description="Half of the predictions are at least this close to the truth, in the unit of the target.",
    formula="median |prediction - truth|",
    source="Hyndman and Koehler (2006), doi:10.1016/j.ijforecast.2006.03.001",
)
