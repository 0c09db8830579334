"""False negative rate: the share of truly positive rows that are predicted negative."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.classes import missed_by_class, wrong
from audit.estimation.forms import Array, MeanRate, Rate


def missed(cells: Array, _: Sample) -> tuple[Array, Array]:
    """(..., 2, 2) cells -> false negatives, and all truly positive rows."""
    return cells[..., 1, 0], cells[..., 1, :].sum(axis=-1)


METRIC = Metric(
    name="false_negative_rate",
    label="False negative rate",
    compute=Rate(missed, undefined="no row is truly positive"),
    response="label",
    higher_is_better=False,
    tasks=("binary", "multiclass"),
    bounds=(0.0, 1.0),
    description="Share of truly positive rows that are predicted negative.",
    formula="FN / (TP + FN)",
    source="Fawcett (2006), doi:10.1016/j.patrec.2005.10.010",
    per_class=True,
    averages={
        "macro": MeanRate(missed_by_class, undefined="fewer than two classes are present"),
        "micro": Rate(wrong, undefined="there are no rows"),
        "weighted": Rate(wrong, undefined="there are no rows"),
    },
)
