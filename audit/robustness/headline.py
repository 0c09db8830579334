"""Chooses the metric by which checks say how much worse a model becomes."""

from __future__ import annotations

from audit import catalogue
from audit.declarations.metric import Metric, Sample
from audit.estimation.estimate import applies
from audit.records.spec import Task

USUAL: dict[Task, tuple[str, ...]] = {
    "binary": ("roc_auc", "balanced_accuracy", "accuracy"),
    "multiclass": ("balanced_accuracy", "accuracy"),
    "regression": ("r2", "mean_absolute_error"),
    "ranking_score": ("roc_auc",),
}
"""Metrics that lead where the spec names none, in the order in which they are tried."""


def leading_metric(sample: Sample, task: Task, named: tuple[str, ...] | None) -> Metric | None:
    """Return the first metric with a direction that these rows allow; None where there is none.

    Parameters
    ----------
    sample : Sample
        Rows with what was true and what was predicted.
    task : Task
    named : tuple of str, optional
        Names of metrics in the order of the spec; None for the usual ones of the task.
    """
    known = set(catalogue.names("metrics"))
    metrics = (catalogue.load("metrics", name) for name in (*(named or ()), *USUAL[task]) if name in known)
    able = (m for m in metrics if m.higher_is_better is not None and not applies(m, sample, task))
    return next(able, None)
