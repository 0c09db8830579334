"""Prevalence: the share of rows that are truly positive."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Rate


def positives(cells: Array, _: Sample) -> tuple[Array, Array]:
    """(..., 2, 2) cells -> truly positive rows, and all rows."""
    return cells[..., 1, :].sum(axis=-1), cells.sum(axis=(-2, -1))


METRIC = Metric(
    name="prevalence",
    label="Prevalence",
    compute=Rate(positives, undefined="there are no rows"),
    response="target",
    higher_is_better=None,
    tasks=("binary",),
    bounds=(0.0, 1.0),
    description="Share of rows that are truly positive; also called base rate.",
    formula="(TP + FN) / n",
    source="Fawcett (2006), doi:10.1016/j.patrec.2005.10.010",
)
