"""Coverage of prediction intervals: the share of rows whose true value lies in its interval."""

from __future__ import annotations

import numpy as np

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Share, supplied_interval, truth


def inside(sample: Sample) -> Array:
    """(n,) 1 where the truth lies in the interval, its ends included."""
    low, high, _ = supplied_interval(sample)
    return ((low <= truth(sample)) & (truth(sample) <= high)).astype(np.float64)


METRIC = Metric(
    name="interval_coverage",
    label="Interval coverage",
    compute=Share(inside),
    response="interval",
    higher_is_better=None,
    tasks=("regression",),
    bounds=(0.0, 1.0),
    description="Share of rows whose true value lies in the supplied prediction interval, its ends included; it should "
    "be the level that the intervals claim.",
    formula="mean 1(low <= truth <= high)",
    source="Gneiting and Raftery (2007), doi:10.1198/016214506000001437",
)
