"""Matthews correlation coefficient between true and predicted classes."""

from __future__ import annotations

import numpy as np

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Count, diagonal, ratio


def correlation(cells: Array, _: Sample) -> Array:
    """(..., K, K) cells -> correlation, NaN where truth or prediction is constant."""
    true, predicted, n = cells.sum(axis=-1), cells.sum(axis=-2), cells.sum(axis=(-2, -1))
    shared = diagonal(cells).sum(axis=-1) * n - (true * predicted).sum(axis=-1)
    spread = (n**2 - (true**2).sum(axis=-1)) * (n**2 - (predicted**2).sum(axis=-1))
    return ratio(shared, np.sqrt(np.maximum(spread, 0.0)))


METRIC = Metric(
    name="matthews_corrcoef",
    label="Matthews correlation",
    compute=Count(correlation, undefined="truth or prediction is a single class"),
    response="label",
    higher_is_better=True,
    tasks=("binary", "multiclass"),
    bounds=(-1.0, 1.0),
    description="Correlation between true and predicted classes; 0 for guessing, and fair to rare classes.",
    formula="(TP TN - FP FN) / sqrt((TP+FP)(TP+FN)(TN+FP)(TN+FN))",
    source="Gorodkin (2004), doi:10.1016/j.compbiolchem.2004.09.006",
)
