"""Gini coefficient of a score: the area under the ROC curve, stretched to 0 for guessing."""

from __future__ import annotations

from audit.declarations.metric import Metric
from audit.estimation.forms import Array, Auc


def from_area(area: Array) -> Array:
    """Gini coefficient of an area, an increasing map, so that the ends of its interval can be mapped too."""
    return 2 * area - 1


METRIC = Metric(
    name="gini",
    label="Gini coefficient",
    compute=Auc(curve=from_area),
    response="score",
    higher_is_better=True,
    tasks=("binary", "multiclass", "ranking_score"),
    bounds=(-1.0, 1.0),
    description="Twice the area under the ROC curve less one: 0 for a score that guesses, 1 for one that separates. "
    "Also called accuracy ratio or Somers' D. With several classes, the plain mean over each against the rest.",
    formula="2 AUC - 1",
    per_class=True,
    source="Hand and Till (2001), doi:10.1023/A:1010920819831",
)
