"""Precision: the share of rows predicted positive that truly are."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.classes import averages, correct
from audit.estimation.forms import Array, Rate, ratio


def rightly_positive(cells: Array, _: Sample) -> tuple[Array, Array]:
    """(..., 2, 2) cells -> true positives, and all rows predicted positive."""
    return cells[..., 1, 1], cells[..., :, 1].sum(axis=-1)


def rate(cells: Array, sample: Sample) -> Array:
    """(..., 2, 2) cells -> precision, NaN where no row is predicted positive."""
    return ratio(*rightly_positive(cells, sample))


def called(cells: Array) -> Array:
    """(..., 2, 2) cells -> rows predicted positive."""
    positive: Array = cells[..., :, 1].sum(axis=-1)
    return positive


METRIC = Metric(
    name="precision",
    label="Precision",
    compute=Rate(rightly_positive, undefined="no row is predicted positive"),
    response="label",
    higher_is_better=True,
    tasks=("binary", "multiclass"),
    bounds=(0.0, 1.0),
    description="Share of rows predicted positive that truly are; also called positive predictive value. "
    "In the mean over classes, a class that is never predicted counts as 0.",
    formula="TP / (TP + FP)",
    source="Fawcett (2006), doi:10.1016/j.patrec.2005.10.010",
    per_class=True,
    averages=averages(
        rate, "zero", "there are no rows", rests_on=called, micro=Rate(correct, undefined="there are no rows")
    ),
)
