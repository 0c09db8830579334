"""Root mean squared error of a regression."""

from __future__ import annotations

import numpy as np

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Mean, scores, truth


def squared_errors(sample: Sample) -> Array:
    """(n,) squared distances of prediction from truth."""
    return (scores(sample) - truth(sample)) ** 2


def root(mean: Array) -> Array:
    """Square root, an increasing map, so that the ends of the interval of the mean can be mapped too."""
    return np.sqrt(np.maximum(mean, 0.0))


METRIC = Metric(
    name="root_mean_squared_error",
    label="Root mean squared error",
    compute=Mean(squared_errors, curve=root),
    response="value",
    higher_is_better=False,
    tasks=("regression",),
    bounds=(0.0, None),
    description="Typical distance of prediction from truth, large errors counting more, in the unit of the target.",
    formula="sqrt(mean (prediction - truth)^2)",
    source="Hyndman and Koehler (2006), doi:10.1016/j.ijforecast.2006.03.001",
)
