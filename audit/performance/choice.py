"""Turns a task, a spec and requests into the list of figures to measure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from audit import catalogue
from audit.declarations.argument import problems_of
from audit.declarations.metric import Metric, Sample
from audit.estimation.estimate import applies
from audit.estimation.one_vs_rest import one_vs_rest
from audit.records.observation import arguments_key, encoded
from audit.records.plan import Plan
from audit.records.spec import Task, asked

DEFAULTS: dict[Task, tuple[str, ...]] = {
    "binary": (
        "roc_auc",
        "balanced_accuracy",
        "accuracy",
        "precision",
        "true_positive_rate",
        "false_positive_rate",
        "f1",
        "matthews_corrcoef",
        "average_precision",
        "log_loss",
        "brier_score",
        "expected_calibration_error",
        "calibration_slope",
        "calibration_intercept",
        "prevalence",
        "selection_rate",
    ),
    "multiclass": (
        "balanced_accuracy",
        "accuracy",
        "f1",
        "precision",
        "recall",
        "roc_auc",
        "log_loss",
        "matthews_corrcoef",
        "cohen_kappa",
    ),
    "regression": (
        "r2",
        "root_mean_squared_error",
        "mean_absolute_error",
        "median_absolute_error",
        "mean_error",
        "mean_prediction",
    ),
    "ranking_score": ("roc_auc", "gini", "average_precision", "ks_statistic"),
}
"""The usual measures, the one that leads first.

What leads must mean the same whatever the class sizes and units, and guessing must have a value known beforehand: the
area under the ROC curve (0.5) where there are scores, balanced accuracy (1 / K) where there are labels only, and
R squared (0) in regression.
"""

OF_INTERVALS = ("interval_coverage", "mean_interval_width", "interval_score")
"""What is measured as well where prediction intervals came with the predictions."""
OF_GRADES = ("prevalence", "mean_probability", "jeffreys_p_value", "binomial_p_value")
"""What is measured of each grade, and of all rows, where the spec names grades."""

AGAINST_GUESSING: dict[Task, tuple[str, ...]] = {
    "binary": ("roc_auc", "balanced_accuracy"),
    "multiclass": ("balanced_accuracy",),
    "regression": ("r2",),
    "ranking_score": ("roc_auc",),
}
"""Those of them in which a guess has a value known beforehand, whatever the rows."""

ALWAYS = frozenset(
    {
        "beats_dummy", "overfit_gap", "learning_curve", "expected_cost", "cost_threshold", "net_benefit",
        "grade_inversions",
    }
)  # fmt: skip
"""Measures of this stage that are no metrics and are told without being asked for, where there is anything to tell."""


@dataclass(frozen=True)
class Figure:
    """One number to measure, under its public name."""

    name: str
    """`f1`, `f1/macro`, `f1/class=setosa`: the id without its stage."""
    label: str
    metric: Metric
    """What measures it, an average over classes already chosen."""
    of_class: int | None = None
    """Code of the class that is held against the rest; None for all."""

    def rows(self, sample: Sample) -> Sample:
        """Return the sample as this figure sees it."""
        return sample if self.of_class is None else one_vs_rest(sample, self.of_class)


@dataclass(frozen=True)
class Choice:
    """What will be measured."""

    metrics: tuple[Metric, ...]
    """In the order a reader expects."""
    headline: Metric | None
    """The one that leads; None where no metric with a direction can be measured."""
    unknown: tuple[tuple[str, str], ...]
    """Names asked for that no metric has, or not with such arguments, and why."""


def chosen(plan: Plan, sample: Sample, task: Task) -> Choice:
    """Return the metrics that the spec names, or the usual ones, and those that packs ask for."""
    spec = plan.spec.performance
    named = asked(spec.metrics if spec else None)
    usual = asked((*DEFAULTS[task], *(OF_INTERVALS if sample.low is not None else ()))) or ()
    wanted = [(m.metric, m.args) for m in (usual if named is None else named)]
    wanted += [(name, {}) for name in OF_GRADES if spec and spec.grades]
    wanted += [(r.measure.split("/", 1)[0], r.arguments) for r in plan.requests if r.stage == "performance"]
    known = frozenset(catalogue.names("metrics"))
    found = {f"{name}{arguments_key(args)}": _found(name, args, known) for name, args in wanted if name not in ALWAYS}
    metrics = tuple({m.name: m for m in found.values() if isinstance(m, Metric)}.values())
    able = (m for m in metrics if m.higher_is_better is not None and not applies(m, sample, task))
    unknown = tuple((name, why) for name, why in found.items() if isinstance(why, str))
    return Choice(metrics, next(able, None), unknown)


def leading(metric: Metric, task: Task) -> Figure:
    """Return the one figure that stands for a metric: in multiclass its first average, where it has averages."""
    return next(_overall(metric, task))


def figures(metric: Metric, task: Task, classes: tuple[str, ...]) -> tuple[Figure, ...]:
    """Return every figure of a metric: overall, each average, each class."""
    found = list(_overall(metric, task))
    if task == "multiclass" and metric.per_class:
        single = replace(metric, averages={})
        found += [
            Figure(f"{metric.name}/class={encoded(text)}", f"{metric.label}, class {text}", single, code)
            for code, text in enumerate(classes)
        ]
    return tuple(found)


def _found(name: str, arguments: Mapping[str, Any], known: frozenset[str]) -> Metric | str:
    """Return a metric with its arguments, or why there is none."""
    if name not in known:
        return "There is no metric of that name."
    metric: Metric = catalogue.load("metrics", name)
    wrong = [f"{key}: {message}" for key, message, _ in problems_of(arguments, metric.arguments, name)]
    return " ".join(wrong) if wrong else metric.of(arguments)


def _overall(metric: Metric, task: Task) -> Iterator[Figure]:
    if task != "multiclass" or not metric.averages:
        yield Figure(metric.name, metric.label, metric)
        return
    for name, form in metric.averages.items():
        averaged = replace(metric, compute=form, averages={})
        yield Figure(f"{metric.name}/{name}", f"{metric.label} ({name} average)", averaged)
