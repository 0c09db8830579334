"""Fowlkes-Mallows index: the geometric mean of precision and recall."""

from __future__ import annotations

import numpy as np

from audit.declarations.metric import Metric, Sample
from audit.estimation.classes import averages, correct
from audit.estimation.forms import Array, Count, Rate, ratio


def index(cells: Array, _: Sample) -> Array:
    """(..., 2, 2) cells -> index, NaN where no row is positive in truth, or none in prediction."""
    hits = cells[..., 1, 1]
    share: Array = np.sqrt(ratio(hits, cells[..., 1, :].sum(axis=-1)) * ratio(hits, cells[..., :, 1].sum(axis=-1)))
    return share


METRIC = Metric(
    name="fowlkes_mallows",
    label="Fowlkes-Mallows index",
    compute=Count(index, undefined="no row is positive in truth, or none in prediction"),
    response="label",
    higher_is_better=True,
    tasks=("binary", "multiclass"),
    bounds=(0.0, 1.0),
    description="Geometric mean of precision and recall; blind to true negatives. "
    "In the mean over classes, a class that is never predicted counts as 0.",
    formula="TP / sqrt((TP + FP) (TP + FN))",
    source="Fowlkes and Mallows (1983), doi:10.1080/01621459.1983.10478008",
    per_class=True,
    averages=averages(index, "zero", "there are no rows", micro=Rate(correct, undefined="there are no rows")),
)
