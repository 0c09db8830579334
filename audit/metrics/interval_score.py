"""Interval score: the width of prediction intervals, and a fine for every truth that they miss."""

from __future__ import annotations

import numpy as np

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Mean, supplied_interval, truth


def losses(sample: Sample) -> Array:
    """(n,) width of each interval, and 2 / (1 - level) times the distance of a truth outside."""
    low, high, level = supplied_interval(sample)
    outside = np.maximum(low - truth(sample), 0) + np.maximum(truth(sample) - high, 0)
    loss: Array = high - low + 2 / (1 - level) * outside
    return loss


METRIC = Metric(
    name="interval_score",
    label="Interval score",
    compute=Mean(losses),
    response="interval",
    higher_is_better=False,
    tasks=("regression",),
    bounds=(0.0, None),
    description="Width of a supplied prediction interval, and for a truth outside it 2 / (1 - level) times its "
    "distance, on average: a proper score of central intervals, in the unit of the target; also called Winkler score.",
    formula="mean (u - l) + 2 / a (l - y)+ + 2 / a (y - u)+, a = 1 - level",
    source="Winkler (1972), doi:10.1080/01621459.1972.10481224; Gneiting and Raftery (2007), section 6.2",
)
