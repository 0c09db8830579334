"""Brier score over many classes: the squared distance of the probabilities from the outcome."""

from __future__ import annotations

import numpy as np

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Mean, scores


def squared_distances(sample: Sample) -> Array:
    """(n,) squared distances of (K,) probabilities from the indicator of the true class."""
    assert sample.target is not None
    outcome = np.eye(sample.classes)[sample.target.astype(np.int64)]
    distance: Array = ((scores(sample) - outcome) ** 2).sum(axis=1)
    return distance


METRIC = Metric(
    name="multiclass_brier_score",
    label="Multiclass Brier score",
    compute=Mean(squared_distances),
    response="probability",
    higher_is_better=False,
    tasks=("multiclass",),
    bounds=(0.0, 2.0),
    description="Mean squared distance of the probabilities of all classes from the outcome, as Brier wrote it: from 0 "
    "to 2, and with two classes twice the Brier score.",
    formula="mean sum over k of (p_k - y_k)^2",
    source="Brier (1950), doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2; sklearn.metrics.brier_score_loss",
)
