"""Maximum error of a regression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Closed, Statistic, Weights, scores, truth


@dataclass(frozen=True)
class Largest(Closed):
    """The largest distance of prediction from truth."""

    undefined: str = "there are no rows"

    def statistic(self, sample: Sample) -> Statistic:
        """Return the measure of these rows as a function of their weights: those above zero count."""
        away = np.abs(scores(sample) - truth(sample))

        def values(weights: Weights) -> Array:
            counted = weights > 0
            largest: Array = np.where(counted, away, -np.inf).max(axis=1, initial=-np.inf)
            return np.where(counted.any(axis=1), largest, np.nan)

        return values

    def ends_of(self, sample: Sample, level: float) -> tuple[str, tuple[float | None, float | None]]:  # noqa: ARG002
        """Return what is certain at any level: other rows can only show a larger error, and nothing says how large."""
        return "sample_maximum", (self(sample), None)


METRIC = Metric(
    name="max_error",
    label="Maximum error",
    compute=Largest(),
    response="value",
    higher_is_better=False,
    tasks=("regression",),
    bounds=(0.0, None),
    description="Largest distance of prediction from truth, in the unit of the target; more rows can only raise it.",
    formula="max |prediction - truth|",
    source="sklearn.metrics.max_error",
)
