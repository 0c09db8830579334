"""Chooses what is measured by group where the spec does not name it, and how often its rows are redrawn."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.estimate import form_of
from audit.estimation.forms import Auc, CellForm, Mean
from audit.records.spec import IntervalSpec

ROW_RESAMPLES = 500
"""Most bootstrap replicates of a measure whose rows, and not its counts, have to be redrawn in every group."""

_DEPENDS_ON_PREVALENCE = ("average_precision",)
_FITTED_IN_EACH_GROUP = ("calibration_slope", "calibration_intercept")
_TOLD_BY_ROC_AUC = ("gini", "ks_statistic")


LEFT_OUT = (
    "Left out by group unless fairness.metrics names them: average precision, which moves with the base rate of a "
    "group; Gini and KS, which tell what ROC AUC tells; calibration slope and intercept, which are fitted anew in "
    "each group."
)


def is_default(metric: Metric, sample: Sample) -> bool:
    """Whether a metric is measured by group although nobody named it: each thing under one name, and comparable."""
    if metric.name in (*_DEPENDS_ON_PREVALENCE, *_FITTED_IN_EACH_GROUP, *_TOLD_BY_ROC_AUC):
        return False
    if sample.positive is None:
        return True
    if metric.name == "predicted_positive_rate":
        return sample.favourable not in (None, sample.positive)
    return metric.name != "recall"


def interval_of(metric: Metric, sample: Sample, interval: IntervalSpec) -> IntervalSpec:
    """Return the interval of one metric by group."""
    if isinstance(form_of(metric, sample), CellForm | Auc | Mean):
        return interval
    return interval.model_copy(update={"resamples": min(interval.resamples, ROW_RESAMPLES)})
