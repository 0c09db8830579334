"""Markedness: how much more often a row is truly positive when predicted positive than when predicted negative."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.classes import averages
from audit.estimation.forms import Array, MeanRate, diagonal, ratio


def right_by_prediction(cells: Array, _: Sample) -> tuple[Array, Array]:
    """(..., 2, 2) cells -> rows predicted to be in each class that are, and all that are predicted to be in it."""
    return diagonal(cells), cells.sum(axis=-2)


def beyond_chance(mean: Array) -> Array:
    """Markedness of the mean of both predictive values, an increasing map of it."""
    return 2 * mean - 1


def of_cells(cells: Array, sample: Sample) -> Array:
    """(..., 2, 2) cells -> markedness, NaN where a class is never predicted."""
    beyond: Array = ratio(*right_by_prediction(cells, sample)).sum(axis=-1) - 1
    return beyond


METRIC = Metric(
    name="markedness",
    label="Markedness",
    compute=MeanRate(right_by_prediction, undefined="every row is predicted to be in one class", curve=beyond_chance),
    response="label",
    higher_is_better=True,
    tasks=("binary", "multiclass"),
    bounds=(-1.0, 1.0),
    description="Positive predictive value plus negative predictive value less 1: how much a prediction tells of the "
    "truth.",
    formula="TP / (TP + FP) + TN / (TN + FN) - 1",
    source="Powers (2011), Evaluation: from precision, recall and F-measure to ROC, informedness, markedness and "
    "correlation, arXiv:2010.16061",
    per_class=True,
    averages=averages(of_cells, "skip", "every row is predicted to be in one class"),
)
