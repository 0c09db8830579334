"""Jaccard index: of the rows that are positive in truth or prediction, the share that is positive in both."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.classes import averages, correct
from audit.estimation.forms import Array, Rate, ratio


def shared(cells: Array, _: Sample) -> tuple[Array, Array]:
    """(..., 2, 2) cells -> true positives, and rows that are positive in truth or prediction."""
    return cells[..., 1, 1], cells[..., 1, 1] + cells[..., 0, 1] + cells[..., 1, 0]


def index(cells: Array, sample: Sample) -> Array:
    """(..., 2, 2) cells -> index, NaN where no row is positive in truth or prediction."""
    return ratio(*shared(cells, sample))


def from_accuracy(accuracy: Array) -> Array:
    """Index of all classes together: a wrong row is missed by one class and falsely named by another."""
    return accuracy / (2 - accuracy)


METRIC = Metric(
    name="jaccard",
    label="Jaccard index",
    compute=Rate(shared, undefined="no row is positive in truth or prediction"),
    response="label",
    higher_is_better=True,
    tasks=("binary", "multiclass"),
    bounds=(0.0, 1.0),
    description="Of the rows that are positive in truth or prediction, the share that is positive in both; "
    "blind to true negatives.",
    formula="TP / (TP + FP + FN)",
    source="Jaccard (1912), doi:10.1111/j.1469-8137.1912.tb05611.x; sklearn.metrics.jaccard_score",
    per_class=True,
    averages=averages(
        index,
        "zero",
        "there are no rows",
        micro=Rate(correct, undefined="there are no rows", curve=from_accuracy),
    ),
)
