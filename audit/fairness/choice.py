"""Chooses what is measured by group where the spec does not name it, and how often its rows are redrawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit.declarations.argument import problems_of
from audit.declarations.metric import Metric, Sample
from audit.estimation.estimate import form_of
from audit.estimation.forms import Auc, CellForm, Mean
from audit.records.spec import IntervalSpec

ROW_RESAMPLES = 500
"""Most bootstrap replicates of a measure whose rows, and not its counts, have to be redrawn in every group."""

USUAL = frozenset(
    {
        "accuracy",
        "balanced_accuracy",
        "brier_score",
        "cohen_kappa",
        "expected_calibration_error",
        "explained_variance",
        "f1",
        "false_discovery_rate",
        "false_negative_rate",
        "false_omission_rate",
        "false_positive_rate",
        "log_loss",
        "matthews_corrcoef",
        "mean_absolute_error",
        "mean_error",
        "mean_prediction",
        "mean_squared_error",
        "median_absolute_error",
        "negative_predictive_value",
        "precision",
        "predicted_positive_rate",
        "prevalence",
        "r2",
        "recall",
        "roc_auc",
        "root_mean_squared_error",
        "selection_rate",
        "true_negative_rate",
        "true_positive_rate",
    }
)
"""Metrics that tell each thing under one name and compare between groups."""
_OF_TWO_CLASSES = frozenset(
    {
        "brier_score",
        "expected_calibration_error",
        "false_discovery_rate",
        "false_negative_rate",
        "false_omission_rate",
        "false_positive_rate",
        "negative_predictive_value",
        "true_negative_rate",
        "true_positive_rate",
    }
)
"""Those of them that over many classes tell little beside precision, recall and log loss."""

LEFT_OUT = (
    "Left out by group unless fairness.metrics names them: average precision, which moves with the base rate of a "
    "group; Gini and KS, which tell what ROC AUC tells; calibration slope and intercept, which are fitted anew in "
    "each group; and every metric beyond the usual ones."
)


def is_default(metric: Metric, sample: Sample) -> bool:
    """Whether a metric is measured by group although nobody named it: each thing under one name, and comparable."""
    if metric.name not in USUAL:
        return False
    if sample.positive is None:
        return metric.name not in _OF_TWO_CLASSES
    if metric.name == "predicted_positive_rate":
        return sample.favourable not in (None, sample.positive)
    return metric.name != "recall"


def with_arguments(found: Mapping[str, Metric], name: str, arguments: Mapping[str, Any]) -> Metric | str:
    """Return a metric with its arguments, or why there is none."""
    if name not in found:
        return f"{name} takes no arguments here: {', '.join(sorted(arguments))}."
    wrong = [f"{key}: {message}" for key, message, _ in problems_of(arguments, found[name].arguments, name)]
    return " ".join(wrong) if wrong else found[name].of(arguments)


def interval_of(metric: Metric, sample: Sample, interval: IntervalSpec) -> IntervalSpec:
    """Return the interval of one metric by group."""
    if isinstance(form_of(metric, sample), CellForm | Auc | Mean):
        return interval
    return interval.model_copy(update={"resamples": min(interval.resamples, ROW_RESAMPLES)})
