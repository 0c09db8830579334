"""False positive rate: the share of truly negative rows that are predicted positive."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Rate


def false_alarms(cells: Array, _: Sample) -> tuple[Array, Array]:
    """(..., 2, 2) cells -> false positives, and all truly negative rows."""
    return cells[..., 0, 1], cells[..., 0, :].sum(axis=-1)


METRIC = Metric(
    name="false_positive_rate",
    label="False positive rate",
    compute=Rate(false_alarms, undefined="no row is truly negative"),
    response="label",
    higher_is_better=False,
    tasks=("binary",),
    bounds=(0.0, 1.0),
    description="Share of truly negative rows that are predicted positive.",
    formula="FP / (FP + TN)",
    source="Fawcett (2006), doi:10.1016/j.patrec.2005.10.010",
)
