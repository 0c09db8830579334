"""Observed over expected events: calibration in the large as a ratio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import (
    Closed,
    Statistic,
    is_inclusion_weighted,
    is_positive,
    ratio,
    scores,
    weights_of,
)
from audit.estimation.intervals import wilson


@dataclass(frozen=True)
class OverExpected(Closed):
    """The number of events over the number that the probabilities expect."""

    undefined: str = "no event is expected"

    def statistic(self, sample: Sample) -> Statistic:
        """Return the measure of these rows as a function of their weights."""
        events, given = is_positive(sample).astype(np.float64), scores(sample)
        return lambda weights: ratio(weights @ events, weights @ given)

    def ends_of(self, sample: Sample, level: float) -> tuple[str, tuple[float | None, float | None]]:
        """Return Wilson's interval of the share of events, over the share that is expected.

        It takes the expectation as given. That rows with higher probabilities have more events makes the ratio
        steadier than the share, so that the interval errs to the wide side.
        """
        weight = weights_of(sample)
        total = weight.sum()
        n = total**2 / (weight @ weight) if is_inclusion_weighted(sample) else total
        events, expected = float(weight @ is_positive(sample) / total), float(weight @ scores(sample) / total)
        low, high = wilson(np.array(events * n), np.array(n), level)
        return "wilson_over_expected", (float(low) / expected, float(high) / expected)


METRIC = Metric(
    name="observed_expected_ratio",
    label="Observed / expected events",
    compute=OverExpected(),
    response="probability",
    higher_is_better=None,
    tasks=("binary",),
    bounds=(0.0, None),
    description="Number of positive rows over the number that the probabilities expect: 1 when they are right on "
    "average, above 1 when they are too low.",
    formula="sum y / sum p",
    source="Collins et al. (2024), TRIPOD+AI, doi:10.1136/bmj-2023-078378; Debray et al. (2017), doi:10.1136/bmj.i6460",
)
