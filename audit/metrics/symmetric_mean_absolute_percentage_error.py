"""Symmetric mean absolute percentage error of a regression."""

from __future__ import annotations

import numpy as np

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Mean, ratio, scores, truth


def relative_errors(sample: Sample) -> Array:
    """(n,) distances of prediction from truth over the mean of their sizes; 0 where both are 0."""
    true, given = truth(sample), scores(sample)
    return np.nan_to_num(ratio(2 * np.abs(given - true), np.abs(true) + np.abs(given)))


METRIC = Metric(
    name="symmetric_mean_absolute_percentage_error",
    label="Symmetric mean absolute percentage error",
    compute=Mean(relative_errors),
    response="value",
    higher_is_better=False,
    tasks=("regression",),
    bounds=(0.0, 2.0),
    description="Distance of prediction from truth on average, as a share of the mean of their sizes: from 0 to 2; "
    "where both are 0 there is no error.",
    formula="mean 2 |prediction - truth| / (|truth| + |prediction|)",
    source="Makridakis (1993), doi:10.1016/0169-2070(93)90079-3; Hyndman and Koehler (2006)",
)
