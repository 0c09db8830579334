"""Positive likelihood ratio: how many times as often positive rows are predicted positive as negative ones."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.classes import averages
from audit.estimation.forms import Array, Count, ratio
from audit.estimation.proportions import ratio_of_shares_ends


def of_cells(cells: Array, _: Sample) -> Array:
    """(..., 2, 2) cells -> rate among truly positive rows over that among truly negative ones, NaN where undefined."""
    one, other = cells[..., 1, 1], cells[..., 0, 1]
    return ratio(ratio(one, cells[..., 1, :].sum(axis=-1)), ratio(other, cells[..., 0, :].sum(axis=-1)))


def ends(cells: Array, level: float) -> tuple[float, float | None]:
    """(2, 2) counts -> interval."""
    return ratio_of_shares_ends(cells[1, 1], cells[1].sum(), cells[0, 1], cells[0].sum(), level)


METRIC = Metric(
    name="positive_likelihood_ratio",
    label="Positive likelihood ratio",
    compute=Count(
        of_cells,
        undefined="a class is absent, or no negative row is predicted positive",
        ends=ends,
        method="katz_mover",
    ),
    response="label",
    higher_is_better=True,
    tasks=("binary", "multiclass"),
    bounds=(0.0, None),
    description="How many times as often a truly positive row is predicted positive as a truly negative one: "
    "the odds of being positive are multiplied by it when a row is predicted positive; 1 for guessing.",
    formula="(TP / (TP + FN)) / (FP / (FP + TN))",
    source="Simel, Samsa and Matchar (1991), doi:10.1016/0895-4356(91)90128-V; sklearn.metrics.class_likelihood_ratios",
    per_class=True,
    averages=averages(of_cells, "skip", "a class is absent, or no negative row is predicted positive"),
)
