"""Kolmogorov-Smirnov statistic: the widest gap between the score distributions of the two classes."""

from __future__ import annotations

import numpy as np

from audit.declarations.metric import Metric
from audit.estimation.forms import Array, Ranked, ratio


def widest_gap(positives: Array, negatives: Array) -> Array:
    """(..., m) cumulated positives and negatives -> largest distance of their shares."""
    gap = ratio(positives, positives[..., -1:]) - ratio(negatives, negatives[..., -1:])
    return np.abs(gap).max(axis=-1)


METRIC = Metric(
    name="ks_statistic",
    label="KS statistic",
    compute=Ranked(widest_gap),
    response="score",
    higher_is_better=True,
    tasks=("binary", "ranking_score"),
    bounds=(0.0, 1.0),
    description="Widest gap between the cumulative score distributions of positives and negatives.",
    formula="max over s of |F+(s) - F-(s)|",
    source="Kolmogorov-Smirnov two-sample statistic; Thomas (2009), Consumer Credit Models, section 2.6",
)
