"""Uncertainty of the outcome: the Brier score of whoever knows the prevalence alone."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Count, ratio
from audit.estimation.intervals import wilson


def variance(cells: Array, _: Sample) -> Array:
    """(..., 2, 2) cells -> variance of the outcome."""
    rate = ratio(cells[..., 1, :].sum(axis=-1), cells.sum(axis=(-2, -1)))
    return rate * (1 - rate)


def ends(cells: Array, level: float) -> tuple[float, float | None]:
    """(2, 2) counts -> interval: what the variance is between the ends of the prevalence's Wilson interval."""
    low, high = (float(end) for end in wilson(cells[1].sum(), cells.sum(), level))
    both = sorted((low * (1 - low), high * (1 - high)))
    return both[0], 0.25 if low <= 0.5 <= high else both[1]


METRIC = Metric(
    name="brier_uncertainty",
    label="Brier uncertainty",
    compute=Count(variance, undefined="there are no rows", ends=ends, method="wilson"),
    response="target",
    higher_is_better=None,
    tasks=("binary",),
    bounds=(0.0, 0.25),
    description="Variance of the outcome, which is the Brier score of predicting the prevalence: 0.25 where half of "
    "the rows are positive. It tells of the rows, not of the model.",
    formula="mean y (1 - mean y)",
    source="Murphy (1973), doi:10.1175/1520-0450(1973)012<0595:ANVPOT>2.0.CO;2",
)
