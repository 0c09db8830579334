"""Precision: the share of rows predicted positive that truly are."""

from __future__ import annotations

import numpy as np

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Count, Rate, diagonal, ratio


def rightly_positive(cells: Array, _: Sample) -> tuple[Array, Array]:
    """(..., 2, 2) cells -> true positives, and all rows predicted positive."""
    return cells[..., 1, 1], cells[..., :, 1].sum(axis=-1)


def macro(cells: Array, _: Sample) -> Array:
    """(..., K, K) cells -> mean precision of the classes that occur; one that is never predicted counts as 0."""
    true, predicted = cells.sum(axis=-1), cells.sum(axis=-2)
    precision = np.where(predicted > 0, ratio(diagonal(cells), predicted), 0.0)
    return ratio(precision.sum(axis=-1), ((true + predicted) > 0).sum(axis=-1))


METRIC = Metric(
    name="precision",
    label="Precision",
    compute=Rate(rightly_positive, undefined="no row is predicted positive"),
    response="label",
    higher_is_better=True,
    tasks=("binary", "multiclass"),
    bounds=(0.0, 1.0),
    description="Share of rows predicted positive that truly are; also called positive predictive value. "
    "In the mean over classes, a class that is never predicted counts as 0.",
    formula="TP / (TP + FP)",
    source="Fawcett (2006), doi:10.1016/j.patrec.2005.10.010",
    per_class=True,
    averages={"macro": Count(macro, undefined="there are no rows")},
)
