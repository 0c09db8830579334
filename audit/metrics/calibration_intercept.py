"""Calibration intercept: how far predicted log-odds are too low or too high on the whole."""

from __future__ import annotations

import numpy as np

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Wald, is_positive, scores, weights_of
from audit.estimation.logistic import log_odds, logistic_fit


def intercept(sample: Sample) -> tuple[float, float]:
    """Intercept of a logistic regression with the predicted log-odds as offset, and its standard error."""
    predicted = log_odds(scores(sample))
    sampling = sample.weight_kind == "sampling"
    return logistic_fit(np.ones((len(predicted), 1)), is_positive(sample), predicted, weights_of(sample), sampling)


METRIC = Metric(
    name="calibration_intercept",
    label="Calibration intercept",
    compute=Wald(intercept, undefined="only one class is present"),
    response="probability",
    higher_is_better=None,
    tasks=("binary",),
    description="Calibration in the large: 0 when probabilities are right on average, above 0 when they are too low.",
    formula="a in logit P(y) = a + logit p, p cut at 1e-6",
    source="Van Calster et al. (2019), doi:10.1186/s12916-019-1466-7; Cox (1958)",
)
