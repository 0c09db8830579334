"""Brier score: the mean squared error of a probability."""

from __future__ import annotations

import numpy as np

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Mean, is_positive, scores


def squared_errors(sample: Sample) -> Array:
    """(n,) squared distances of probability from outcome."""
    return (scores(sample) - is_positive(sample)) ** 2


def squared_by_class(sample: Sample) -> Array:
    """(n,) squared distances of each class's probability from its outcome, averaged over classes."""
    assert sample.target is not None
    outcome = np.eye(sample.classes)[sample.target.astype(np.int64)]
    distance: Array = ((scores(sample) - outcome) ** 2).mean(axis=1)
    return distance


METRIC = Metric(
    name="brier_score",
    label="Brier score",
    compute=Mean(squared_errors),
    response="probability",
    higher_is_better=False,
    tasks=("binary", "multiclass"),
    bounds=(0.0, 1.0),
    description="Mean squared distance of the probability from the outcome; "
    "a proper score of calibration and sharpness.",
    formula="mean (p - y)^2",
    source="Brier (1950), doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2",
    per_class=True,
    averages={"macro": Mean(squared_by_class)},
)
