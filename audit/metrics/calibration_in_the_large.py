"""Calibration-in-the-large: how far outcomes lie above predicted probabilities on average."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Mean, is_positive, scores


def excess(sample: Sample) -> Array:
    """(n,) outcome, 1 for the positive class, less its predicted probability."""
    return is_positive(sample) - scores(sample)


METRIC = Metric(
    name="calibration_in_the_large",
    label="Calibration-in-the-large",
    compute=Mean(excess),
    response="probability",
    higher_is_better=None,
    tasks=("binary",),
    bounds=(-1.0, 1.0),
    description="Share of rows that are truly positive less the mean predicted probability: "
    "above 0 when the model predicts too little.",
    formula="mean (y - p)",
    source="Van Calster et al. (2019), doi:10.1186/s12916-019-1466-7",
)
