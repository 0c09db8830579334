"""Brier score: the mean squared error of a probability."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Mean, is_positive, scores


def squared_errors(sample: Sample) -> Array:
    """(n,) squared distances of probability from outcome."""
    return (scores(sample) - is_positive(sample)) ** 2


METRIC = Metric(
    name="brier_score",
    label="Brier score",
    compute=Mean(squared_errors),
    response="probability",
    higher_is_better=False,
    tasks=("binary",),
    bounds=(0.0, 1.0),
    description="Mean squared distance of the probability from the outcome; "
    "a proper score of calibration and sharpness.",
    formula="mean (p - y)^2",
    source="Brier (1950), doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2",
)
