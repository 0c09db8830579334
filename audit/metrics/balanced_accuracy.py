"""Balanced accuracy: the mean over classes of the share of their rows predicted correctly."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, MeanRate, diagonal


def found_by_class(cells: Array, _: Sample) -> tuple[Array, Array]:
    """(..., K, K) cells -> rows of each class predicted correctly, and all its rows."""
    return diagonal(cells), cells.sum(axis=-1)


METRIC = Metric(
    name="balanced_accuracy",
    label="Balanced accuracy",
    compute=MeanRate(found_by_class, undefined="fewer than two classes are present"),
    response="label",
    higher_is_better=True,
    tasks=("binary", "multiclass"),
    bounds=(0.0, 1.0),
    description="Mean over the classes present of the share of their rows predicted correctly; guessing gives 1 / K.",
    formula="mean over k of TP_k / (TP_k + FN_k)",
    source="Brodersen et al. (2010), doi:10.1109/ICPR.2010.764",
)
