"""Predicted positive rate: the share of rows that are predicted positive."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Rate


def predicted_positive(cells: Array, _: Sample) -> tuple[Array, Array]:
    """(..., 2, 2) cells -> rows predicted positive, and all rows."""
    return cells[..., :, 1].sum(axis=-1), cells.sum(axis=(-2, -1))


METRIC = Metric(
    name="predicted_positive_rate",
    label="Predicted positive rate",
    compute=Rate(predicted_positive, undefined="there are no rows"),
    response="label",
    higher_is_better=None,
    tasks=("binary",),
    bounds=(0.0, 1.0),
    description="Share of rows that are predicted positive.",
    formula="(TP + FP) / n",
    source="Fawcett (2006), doi:10.1016/j.patrec.2005.10.010",
    needs_target=False,
)
