"""True negative rate: the share of truly negative rows that are predicted negative."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.classes import averages
from audit.estimation.forms import Array, Rate, ratio


def cleared(cells: Array, _: Sample) -> tuple[Array, Array]:
    """(..., 2, 2) cells -> true negatives, and all truly negative rows."""
    return cells[..., 0, 0], cells[..., 0, :].sum(axis=-1)


def rate(cells: Array, sample: Sample) -> Array:
    """(..., 2, 2) cells -> the share itself, NaN where there is none."""
    return ratio(*cleared(cells, sample))


METRIC = Metric(
    name="true_negative_rate",
    label="True negative rate",
    compute=Rate(cleared, undefined="no row is truly negative"),
    response="label",
    higher_is_better=True,
    tasks=("binary", "multiclass"),
    bounds=(0.0, 1.0),
    description="Share of truly negative rows that are predicted negative; also called specificity.",
    formula="TN / (FP + TN)",
    source="Fawcett (2006), doi:10.1016/j.patrec.2005.10.010",
    per_class=True,
    averages=averages(rate, "skip", "no row is truly negative"),
)
