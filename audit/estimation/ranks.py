"""The correlation of ranks, for any number of weightings of the same rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audit.declarations.metric import Sample
from audit.estimation.forms import (
    Array,
    Closed,
    Statistic,
    Weights,
    is_inclusion_weighted,
    ratio,
    scores,
    truth,
    weights_of,
)
from audit.estimation.intervals import normal_quantile


@dataclass(frozen=True)
class RankCorrelation(Closed):
    """Spearman's correlation of truth and prediction; a row of weight w is w equal rows, which share a rank."""

    undefined: str = "truth or prediction is constant"

    def statistic(self, sample: Sample) -> Statistic:
        """Return the measure of these rows as a function of their weights."""
        one, other = (np.unique(values, return_inverse=True)[1] for values in (truth(sample), scores(sample)))

        def values(weights: Weights) -> Array:
            return np.array([_correlation(_ranks(one, w), _ranks(other, w), w) for w in weights.astype(np.float64)])

        return values

    def ends_of(self, sample: Sample, level: float) -> tuple[str, tuple[float | None, float | None]]:
        """Return Bonett and Wright's interval, normal in Fisher's z; under sampling weights on Kish's effective n."""
        weight = weights_of(sample)
        sampling = is_inclusion_weighted(sample)
        n = float(weight.sum() ** 2 / (weight @ weight)) if sampling else float(weight.sum())
        if n <= 3:
            return "bonett_wright", (None, None)
        found = float(np.clip(self(sample), -1 + 1e-15, 1 - 1e-15))
        half = normal_quantile(level) * float(np.sqrt((1 + found**2 / 2) / (n - 3)))
        low, high = np.tanh(np.arctanh(found) + np.array([-half, half]))
        return "bonett_wright_effective_n" if sampling else "bonett_wright", (float(low), float(high))


def _ranks(place: NDArray[np.integer], weight: Array) -> Array:
    mass = np.bincount(place, weights=weight)
    return np.asarray((np.cumsum(mass) - mass / 2)[place])


def _correlation(one: Array, other: Array, weight: Array) -> float:
    total = weight.sum()
    if not total > 0:
        return float("nan")
    one, other = one - weight @ one / total, other - weight @ other / total
    spread = np.sqrt((weight @ one**2) * (weight @ other**2))
    # Below this the spread is rounding.
    return float(ratio(weight @ (one * other), spread if spread > 1e-12 * total**3 else 0.0))
