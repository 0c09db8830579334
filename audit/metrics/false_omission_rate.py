"""False omission rate: the share of rows predicted negative that are positive."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.classes import averages
from audit.estimation.forms import Array, Rate, ratio


def wrongly_negative(cells: Array, _: Sample) -> tuple[Array, Array]:
    """(..., 2, 2) cells -> false negatives, and all rows predicted negative."""
    return cells[..., 1, 0], cells[..., :, 0].sum(axis=-1)


def rate(cells: Array, sample: Sample) -> Array:
    """(..., 2, 2) cells -> the share itself, NaN where there is none."""
    return ratio(*wrongly_negative(cells, sample))


METRIC = Metric(
    name="false_omission_rate",
    label="False omission rate",
    compute=Rate(wrongly_negative, undefined="no row is predicted negative"),
    response="label",
    higher_is_better=False,
    tasks=("binary", "multiclass"),
    bounds=(0.0, 1.0),
    description="Share of rows predicted negative that truly are positive.",
    formula="FN / (TN + FN)",
    source="Chouldechova (2017), doi:10.1089/big.2016.0047",
    per_class=True,
    averages=averages(rate, "skip", "no row is predicted negative"),
)
