"""Mean absolute percentage error of a regression."""

from __future__ import annotations

import numpy as np

from audit.declarations.metric import Metric, Sample
from audit.estimation.domain import within
from audit.estimation.forms import Array, Mean, ratio, scores, truth


def relative_errors(sample: Sample) -> Array:
    """(n,) distances of prediction from truth, over the size of the truth."""
    true = truth(sample)
    away = ratio(np.abs(scores(sample) - true), np.abs(true))
    return within(sample, away, true != 0, "a true value is 0, of which no error is a share")


METRIC = Metric(
    name="mean_absolute_percentage_error",
    label="Mean absolute percentage error",
    compute=Mean(relative_errors),
    response="value",
    higher_is_better=False,
    tasks=("regression",),
    bounds=(0.0, None),
    description="Distance of prediction from truth on average, as a share of the truth (0.1 is 10 %): predictions that "
    "are too high count for more than those that are too low.",
    formula="mean |prediction - truth| / |truth|",
    source="Hyndman and Koehler (2006), doi:10.1016/j.ijforecast.2006.03.001",
)
