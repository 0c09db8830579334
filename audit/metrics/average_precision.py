"""Average precision: the area under the precision-recall curve, by steps."""

from __future__ import annotations

import numpy as np

from audit.declarations.metric import Metric
from audit.estimation.forms import Array, Ranked, ratio, steps


def stepwise_area(positives: Array, counted: Array) -> Array:
    """(..., m) cumulated positives and rows -> mean precision at each step of recall."""
    # Nothing is gained before the first row counts; the tiny number only keeps that 0 / 0 quiet.
    gained = positives / (counted + np.finfo(np.float64).tiny)
    gained *= steps(positives)
    return ratio(gained.sum(axis=-1), positives[..., -1])


METRIC = Metric(
    name="average_precision",
    label="Average precision",
    compute=Ranked(stepwise_area, undefined="no row is truly positive"),
    response="score",
    higher_is_better=True,
    tasks=("binary", "ranking_score"),
    bounds=(0.0, 1.0),
    description="Area under the precision-recall curve without interpolation; guessing gives the prevalence.",
    formula="sum over thresholds of (R_k - R_(k-1)) P_k",
    source="Su, Yuan and Zhu (2015), doi:10.1145/2808194.2809481",
)
