"""Kolmogorov-Smirnov statistic: the widest gap between the score distributions of the two classes."""

from __future__ import annotations

import numpy as np

from audit.declarations.metric import Metric
from audit.estimation.classes import BoundedOverClasses
from audit.estimation.forms import Array, Ranked, ratio
from audit.estimation.intervals import smirnov


def widest_gap(positives: Array, counted: Array) -> Array:
    """(..., m) cumulated positives and rows -> largest distance of the shares of positives and negatives so far."""
    one, other = positives[..., -1:], counted[..., -1:] - positives[..., -1:]
    gap = positives * (ratio(1.0, one) + ratio(1.0, other))
    gap -= counted * ratio(1.0, other)
    widest: Array = np.abs(gap, out=gap).max(axis=-1)
    return widest


FORM = Ranked(widest_gap, ends=smirnov, method="smirnov")

METRIC = Metric(
    name="ks_statistic",
    label="KS statistic",
    compute=FORM,
    response="score",
    higher_is_better=True,
    tasks=("binary", "multiclass", "ranking_score"),
    bounds=(0.0, 1.0),
    description="Widest gap between the cumulative score distributions of positives and negatives.",
    formula="max over s of |F+(s) - F-(s)|",
    source="Kolmogorov-Smirnov two-sample statistic; Thomas (2009), Consumer Credit Models, section 2.6",
    per_class=True,
    averages={"macro": BoundedOverClasses(FORM), "weighted": BoundedOverClasses(FORM, weighted=True)},
)
