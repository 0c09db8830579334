"""Puts rows into bins of like probability and measures how far what happened is from what was predicted in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, stats

from audit.declarations.metric import Sample
from audit.estimation.forms import (
    Array,
    Closed,
    Statistic,
    is_inclusion_weighted,
    is_positive,
    ratio,
    scores,
    weights_of,
)

STRATEGIES = ("uniform", "quantile")
"""uniform: bins of equal width; quantile: bins of equal weight."""

Ends = Callable[[Array, Array, float], tuple[float, float]]
"""(B, 4) sums, (B,) standard errors of mean outcome less mean probability, level -> interval."""


def bin_of(probability: Array, weight: Array, bins: int, strategy: str) -> NDArray[np.int64]:
    """(n,) bin 0..bins-1 of each row.

    uniform: bins (a, b] of equal width. quantile: a row stands in the bin that begins at or below the share of weight
    of strictly smaller probabilities, so that equal probabilities stay together and a row of weight 2 is two rows; this
    is how Stata's `xtile` cuts.

    >>> bin_of(np.array([0.0, 0.1, 0.11, 1.0]), np.ones(4), 10, "uniform").tolist()
    [0, 0, 1, 9]
    >>> bin_of(np.array([0.1, 0.2, 0.2, 0.9]), np.ones(4), 2, "quantile").tolist()
    [0, 0, 0, 1]
    """
    if strategy == "uniform":
        return np.clip(np.ceil(probability * bins).astype(np.int64) - 1, 0, bins - 1)
    distinct, place = np.unique(probability, return_inverse=True)
    mass = np.bincount(place, weights=weight, minlength=len(distinct))
    below = np.concatenate([[0.0], np.cumsum(mass)[:-1]])
    home = np.floor(bins * below / max(mass.sum(), np.finfo(np.float64).tiny)).astype(np.int64)
    held: NDArray[np.int64] = np.clip(home, 0, bins - 1)[place]
    return held


@dataclass(frozen=True)
class Binned(Closed):
    """A function of how many rows, how many positives and how much probability lie in each bin."""

    bins: int
    strategy: str
    value: Callable[[Array], Array]
    """(..., B, 4) sums of weight, outcome, probability, and rows as they count for a variance -> (...,) values."""
    ends: Ends
    method: str
    undefined: str = "there are no rows"
    corrected: bool = False

    def statistic(self, sample: Sample) -> Statistic:
        """Return the measure of these rows as a function of their weights; bins stay where the sample puts them."""
        sums = self._sums(sample)
        return lambda weights: self.value(sums(weights.astype(np.float64)))

    def ends_of(self, sample: Sample, level: float) -> tuple[str, tuple[float | None, float | None]]:
        """Return the name of the method and both ends."""
        weight = weights_of(sample)
        sums = self._sums(sample)(weight[None, :])[0]
        scale = weight**2 if is_inclusion_weighted(sample) else weight
        home = bin_of(scores(sample), weight, self.bins, self.strategy)
        away = (is_positive(sample) - scores(sample)) ** 2
        spread = np.sqrt(np.bincount(home, weights=scale * away, minlength=self.bins))
        return self.method, self.ends(sums, ratio(spread, sums[:, 0]), level)

    def _sums(self, sample: Sample) -> Callable[[Array], Array]:
        given, weight = scores(sample), weights_of(sample)
        home, rows = bin_of(given, weight, self.bins, self.strategy), np.arange(len(given))
        sampling = is_inclusion_weighted(sample)

        def spread(values: NDArray[Any]) -> sparse.csr_array:
            return sparse.csr_array((values, (rows, home)), shape=(len(given), self.bins))

        one, outcome, expected = spread(np.ones(len(given))), spread(is_positive(sample) * 1.0), spread(given)

        def sums(weights: Array) -> Array:
            total = np.asarray(weights @ one)
            # Kish: the number of equally weighted rows with the same variance.
            counted = ratio(total**2, np.asarray(weights**2 @ one)) if sampling else total
            parts = total, np.asarray(weights @ outcome), np.asarray(weights @ expected), np.nan_to_num(counted)
            return np.stack(parts, axis=-1)

        return sums


def shares(sums: Array) -> Array:
    """(..., B, 4) sums -> (..., B) share of the weight in each bin."""
    return ratio(sums[..., 0], sums[..., 0].sum(axis=-1, keepdims=True))


def deviations(sums: Array) -> Array:
    """(..., B, 4) sums -> (..., B) mean outcome less mean probability, 0 in an empty bin."""
    away = np.nan_to_num(ratio(sums[..., 1] - sums[..., 2], sums[..., 0]))
    # Below this the distance is rounding.
    return np.where(np.abs(away) > 1e-14, away, 0.0)


def chance(sums: Array) -> Array:
    """(..., B, 4) sums -> (..., B) variance of the mean outcome, without bias; 0 in an empty bin, NaN of one row."""
    rate, rows = ratio(sums[..., 1], sums[..., 0]), sums[..., 3]
    known = ratio(rate * (1 - rate), np.where(rows > 1, rows - 1, 0.0))
    return np.where(rows > 0, known, 0.0)


def rarer(sums: Array) -> float:
    """(B, 4) sums -> rows of the rarer true class, as they count for a variance."""
    share = float(sums[:, 1].sum() / sums[:, 0].sum())
    return min(share, 1 - share) * float(sums[:, 3].sum())


def norm_ends(value: float, variances: Array, level: float) -> tuple[float, float]:
    """Conservative interval of a root mean square of deviations, which noise can only lengthen on average.

    The length of what is seen differs from the true length by at most the length of the noise, whose square is a
    weighted sum of squared normals; its quantile is Satterthwaite's.

    Parameters
    ----------
    variances : (B,) variance of each deviation, times its weight in the mean
    """
    mean, spread = float(variances.sum()), float(variances @ variances)
    if not mean > 0:
        return value, value
    reach = float(np.sqrt(spread / mean * stats.chi2.ppf(level, mean**2 / spread)))
    return max(value - reach, 0.0), value + reach


def widest_ends(deviation: Array, error: Array, level: float) -> tuple[float, float]:
    """Interval of the largest absolute deviation: the largest ends of simultaneous intervals of all (Šidák 1967)."""
    known = np.isfinite(error)
    reach = float(stats.norm.ppf(0.5 + level ** (1 / max(known.sum(), 1)) / 2)) * error[known]
    away = np.abs(deviation[known])
    return float(np.maximum(away - reach, 0).max(initial=0.0)), float((away + reach).max(initial=0.0))
