"""Mean squared logarithmic error of a regression."""

from __future__ import annotations

import numpy as np

from audit.declarations.metric import Metric, Sample
from audit.estimation.domain import within
from audit.estimation.forms import Array, Mean, scores, truth


def squared_log_errors(sample: Sample) -> Array:
    """(n,) squared distances of the logarithms of 1 + prediction and 1 + truth."""
    true, given = truth(sample), scores(sample)
    fit = (true > -1) & (given > -1)
    away = np.log1p(np.where(fit, given, 0.0)) - np.log1p(np.where(fit, true, 0.0))
    return within(sample, away**2, fit, "a true or predicted value is -1 or less, which has no logarithm")


METRIC = Metric(
    name="mean_squared_log_error",
    label="Mean squared log error",
    compute=Mean(squared_log_errors),
    response="value",
    higher_is_better=False,
    tasks=("regression",),
    bounds=(0.0, None),
    description="Mean squared distance of the logarithms of 1 + prediction and 1 + truth: relative errors of large "
    "values count as those of small ones.",
    formula="mean (ln(1 + prediction) - ln(1 + truth))^2",
    source="sklearn.metrics.mean_squared_log_error",
)
