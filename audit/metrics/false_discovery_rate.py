"""False discovery rate: the share of rows predicted positive that are negative."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.classes import averages, wrong
from audit.estimation.forms import Array, Rate, ratio


def wrongly_positive(cells: Array, _: Sample) -> tuple[Array, Array]:
    """(..., 2, 2) cells -> false positives, and all rows predicted positive."""
    return cells[..., 0, 1], cells[..., :, 1].sum(axis=-1)


def rate(cells: Array, sample: Sample) -> Array:
    """(..., 2, 2) cells -> the share itself, NaN where there is none."""
    return ratio(*wrongly_positive(cells, sample))


def called(cells: Array) -> Array:
    """(..., 2, 2) cells -> rows predicted positive."""
    positive: Array = cells[..., :, 1].sum(axis=-1)
    return positive


METRIC = Metric(
    name="false_discovery_rate",
    label="False discovery rate",
    compute=Rate(wrongly_positive, undefined="no row is predicted positive"),
    response="label",
    higher_is_better=False,
    tasks=("binary", "multiclass"),
    bounds=(0.0, 1.0),
    description="Share of rows predicted positive that truly are negative.",
    formula="FP / (TP + FP)",
    source="Chouldechova (2017), doi:10.1089/big.2016.0047",
    per_class=True,
    averages=averages(
        rate,
        "skip",
        "no row is predicted positive",
        rests_on=called,
        micro=Rate(wrong, undefined="there are no rows"),
    ),
)
