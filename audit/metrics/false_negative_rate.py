"""False negative rate: the share of truly positive rows that are predicted negative."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.classes import averages
from audit.estimation.forms import Array, Rate, ratio


def missed(cells: Array, _: Sample) -> tuple[Array, Array]:
    """(..., 2, 2) cells -> false negatives, and all truly positive rows."""
    return cells[..., 1, 0], cells[..., 1, :].sum(axis=-1)


def rate(cells: Array, sample: Sample) -> Array:
    """(..., 2, 2) cells -> the share itself, NaN where there is none."""
    return ratio(*missed(cells, sample))


METRIC = Metric(
    name="false_negative_rate",
    label="False negative rate",
    compute=Rate(missed, undefined="no row is truly positive"),
    response="label",
    higher_is_better=False,
    tasks=("binary", "multiclass"),
    bounds=(0.0, 1.0),
    description="Share of truly positive rows that are predicted negative.",
    formula="FN / (TP + FN)",
    source="Fawcett (2006), doi:10.1016/j.patrec.2005.10.010",
    per_class=True,
    averages=averages(rate, "skip", "no row is truly positive"),
)
