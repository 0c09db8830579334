"""Accuracy: the share of rows whose predicted class is the true one."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Rate, diagonal


def correct(cells: Array, _: Sample) -> tuple[Array, Array]:
    """(..., K, K) cells -> rows predicted correctly, and all rows."""
    return diagonal(cells).sum(axis=-1), cells.sum(axis=(-2, -1))


METRIC = Metric(
    name="accuracy",
    label="Accuracy",
    compute=Rate(correct, undefined="there are no rows"),
    response="label",
    higher_is_better=True,
    tasks=("binary", "multiclass"),
    bounds=(0.0, 1.0),
    description="Share of rows whose predicted class is the true one.",
    formula="(TP + TN) / n",
    source="Hand (2012), doi:10.1111/j.1751-5823.2012.00183.x",
)
