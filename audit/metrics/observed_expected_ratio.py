"""Observed over expected events: calibration in the large as a ratio."""

from __future__ import annotations

import numpy as np

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Sums, is_positive, ratio, scores


def events(sample: Sample) -> Array:
    """(n, 2) outcome and probability."""
    return np.column_stack([is_positive(sample).astype(np.float64), scores(sample)])


def over(sums: Array) -> Array:
    """(..., 2) sums -> observed over expected number of events."""
    return ratio(sums[..., 0], sums[..., 1])


METRIC = Metric(
    name="observed_expected_ratio",
    label="Observed / expected events",
    compute=Sums(events, over, undefined="no event is expected"),
    response="probability",
    higher_is_better=None,
    tasks=("binary",),
    bounds=(0.0, None),
    description="Number of positive rows over the number that the probabilities expect: 1 when they are right on "
    "average, above 1 when they are too low.",
    formula="sum y / sum p",
    source="Collins et al. (2024), TRIPOD+AI, doi:10.1136/bmj-2023-078378; Debray et al. (2017), doi:10.1136/bmj.i6460",
)
