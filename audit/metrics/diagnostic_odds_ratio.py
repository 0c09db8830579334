"""Diagnostic odds ratio: the odds of a positive prediction among positive rows over those among negative ones."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.classes import averages
from audit.estimation.forms import Array, Count, ratio
from audit.estimation.intervals import woolf


def of_cells(cells: Array, _: Sample) -> Array:
    """(..., 2, 2) cells -> odds ratio, NaN where there is no false prediction of one kind."""
    return ratio(cells[..., 1, 1] * cells[..., 0, 0], cells[..., 1, 0] * cells[..., 0, 1])


METRIC = Metric(
    name="diagnostic_odds_ratio",
    label="Diagnostic odds ratio",
    compute=Count(of_cells, undefined="there is no false prediction of one kind", ends=woolf, method="woolf"),
    response="label",
    higher_is_better=True,
    tasks=("binary", "multiclass"),
    bounds=(0.0, None),
    description="Odds of a positive prediction among positive rows over those among negative rows; 1 for guessing.",
    formula="TP TN / (FP FN)",
    source="Glas et al. (2003), doi:10.1016/S0895-4356(03)00177-X",
    per_class=True,
    averages=averages(of_cells, "skip", "there is no false prediction of one kind"),
)
