"""Calibration slope: how much the log-odds of the outcome move with the predicted log-odds."""

from __future__ import annotations

import numpy as np

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Wald, is_positive, scores, weights_of
from audit.estimation.logistic import log_odds, logistic_fit


def slope(sample: Sample) -> tuple[float, float]:
    """Slope of a logistic regression of the outcome on the predicted log-odds, and its standard error."""
    predicted = log_odds(scores(sample))
    design = np.column_stack([np.ones(len(predicted)), predicted])
    sampling = sample.weight_kind == "sampling"
    return logistic_fit(design, is_positive(sample), np.zeros(len(predicted)), weights_of(sample), sampling)


METRIC = Metric(
    name="calibration_slope",
    label="Calibration slope",
    compute=Wald(slope, undefined="the outcome cannot be regressed on the probability"),
    response="probability",
    higher_is_better=None,
    tasks=("binary",),
    description="1 when probabilities are as spread as they should be, "
    "below 1 when they are too extreme (overfitting).",
    formula="b in logit P(y) = a + b logit p, p cut at 1e-6",
    source="Van Calster et al. (2019), doi:10.1186/s12916-019-1466-7; Cox (1958)",
)
