"""Recall of each class: the share of its rows that are predicted to be in it."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.classes import correct, found_by_class
from audit.estimation.forms import Array, MeanRate, Rate


def found(cells: Array, _: Sample) -> tuple[Array, Array]:
    """(..., 2, 2) cells -> true positives, and all truly positive rows."""
    return cells[..., 1, 1], cells[..., 1, :].sum(axis=-1)


METRIC = Metric(
    name="recall",
    label="Recall",
    compute=Rate(found, undefined="no row is truly of this class"),
    response="label",
    higher_is_better=True,
    tasks=("binary", "multiclass"),
    bounds=(0.0, 1.0),
    description="Share of the rows of a class that are predicted to be in it; "
    "with two classes, the true positive rate. Weighted by the classes' frequencies it is accuracy.",
    formula="TP / (TP + FN)",
    source="Fawcett (2006), doi:10.1016/j.patrec.2005.10.010",
    per_class=True,
    averages={
        "macro": MeanRate(found_by_class, undefined="fewer than two classes are present"),
        "micro": Rate(correct, undefined="there are no rows"),
        "weighted": Rate(correct, undefined="there are no rows"),
    },
)
