"""False positive rate: the share of truly negative rows that are predicted positive."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.classes import averages
from audit.estimation.forms import Array, Rate, ratio


def false_alarms(cells: Array, _: Sample) -> tuple[Array, Array]:
    """(..., 2, 2) cells -> false positives, and all truly negative rows."""
    return cells[..., 0, 1], cells[..., 0, :].sum(axis=-1)


def rate(cells: Array, sample: Sample) -> Array:
    """(..., 2, 2) cells -> the share itself, NaN where there is none."""
    return ratio(*false_alarms(cells, sample))


METRIC = Metric(
    name="false_positive_rate",
    label="False positive rate",
    compute=Rate(false_alarms, undefined="no row is truly negative"),
    response="label",
    higher_is_better=False,
    tasks=("binary", "multiclass"),
    bounds=(0.0, 1.0),
    description="Share of truly negative rows that are predicted positive.",
    formula="FP / (FP + TN)",
    source="Fawcett (2006), doi:10.1016/j.patrec.2005.10.010",
    per_class=True,
    averages=averages(rate, "skip", "no row is truly negative"),
)
