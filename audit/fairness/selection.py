"""Extends the selection rate to more than two classes, where the spec names the one that is good for the person."""

from __future__ import annotations

from dataclasses import replace

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Rate


def for_classes(selection_rate: Metric) -> Metric:
    """Return the selection rate of a multiclass sample: the share of rows that are given the favourable class."""
    compute = Rate(_selected, undefined="there are no rows")
    return replace(selection_rate, compute=compute, tasks=("multiclass",))


def _selected(cells: Array, sample: Sample) -> tuple[Array, Array]:
    """(..., K, K) cells -> rows predicted favourable, and all rows."""
    predicted = cells.sum(axis=-2)
    return predicted[..., sample.favourable], predicted.sum(axis=-1)
