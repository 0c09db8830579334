"""True positive rate: the share of truly positive rows that are predicted positive."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.classes import averages
from audit.estimation.forms import Array, Rate, ratio


def found(cells: Array, _: Sample) -> tuple[Array, Array]:
    """(..., 2, 2) cells -> true positives, and all truly positive rows."""
    return cells[..., 1, 1], cells[..., 1, :].sum(axis=-1)


def rate(cells: Array, sample: Sample) -> Array:
    """(..., 2, 2) cells -> the share itself, NaN where there is none."""
    return ratio(*found(cells, sample))


METRIC = Metric(
    name="true_positive_rate",
    label="True positive rate",
    compute=Rate(found, undefined="no row is truly positive"),
    response="label",
    higher_is_better=True,
    tasks=("binary", "multiclass"),
    bounds=(0.0, 1.0),
    description="Share of truly positive rows that are predicted positive; also called sensitivity or recall.",
    formula="TP / (TP + FN)",
    source="Fawcett (2006), doi:10.1016/j.patrec.2005.10.010",
    per_class=True,
    averages=averages(rate, "skip", "no row is truly positive"),
)
