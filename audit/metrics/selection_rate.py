"""Selection rate: the share of rows that are given the favourable label."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Rate


def selected(cells: Array, sample: Sample) -> tuple[Array, Array]:
    """(..., K, K) cells -> rows predicted favourable, and all rows."""
    predicted = cells.sum(axis=-2)
    # The positive class stands last; without a favourable label of its own it is the favourable one.
    column = -1 if sample.favourable in (None, sample.positive) else 0
    return predicted[..., column], predicted.sum(axis=-1)


METRIC = Metric(
    name="selection_rate",
    label="Selection rate",
    compute=Rate(selected, undefined="there are no rows"),
    response="label",
    higher_is_better=None,
    tasks=("binary",),
    bounds=(0.0, 1.0),
    description="Share of rows that are given the label which is good for the person.",
    formula="predicted favourable / n",
    source="29 CFR 1607.16(R); fairlearn.metrics.selection_rate",
    needs_target=False,
)
