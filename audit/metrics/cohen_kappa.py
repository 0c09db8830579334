"""Cohen's kappa: agreement of true and predicted classes beyond chance."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Count, diagonal, ratio


def agreement(cells: Array, _: Sample) -> Array:
    """(..., K, K) cells -> kappa, NaN where chance alone would agree always."""
    true, predicted, n = cells.sum(axis=-1), cells.sum(axis=-2), cells.sum(axis=(-2, -1))
    chance = (true * predicted).sum(axis=-1)
    return ratio(diagonal(cells).sum(axis=-1) * n - chance, n**2 - chance)


METRIC = Metric(
    name="cohen_kappa",
    label="Cohen's kappa",
    compute=Count(agreement, undefined="truth and prediction are the same single class"),
    response="label",
    higher_is_better=True,
    tasks=("binary", "multiclass"),
    bounds=(-1.0, 1.0),
    description="Agreement of true and predicted classes beyond what their frequencies alone would give.",
    formula="(p_o - p_e) / (1 - p_e)",
    source="Cohen (1960), doi:10.1177/001316446002000104",
)
