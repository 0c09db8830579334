"""Turns the values of groups into one gap between them, with an interval that knows the extremes came by chance."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.declarations.disparity import Form
from audit.fairness.counts import Share
from audit.records.measured import Estimate

Array = NDArray[np.float64]


def difference(values: NDArray[Any], reference: int | None) -> NDArray[Any]:
    """Return the largest minus the smallest value, or the widest distance from the reference: (..., g) -> (...).

    NaN among the values is passed over. Fractions stay fractions.
    """
    if reference is not None:
        return np.asarray(np.fmax.reduce(np.abs(values - values[..., [reference]]), axis=-1))
    return np.asarray(np.fmax.reduce(values, axis=-1) - np.fmin.reduce(values, axis=-1))


def ratio(values: NDArray[Any], reference: int | None) -> NDArray[Any]:
    """Return the smallest over the largest value, or the least ratio with the reference: (..., g) -> (...).

    With a reference each group's ratio is taken whichever way is below 1. NaN where the divisor is 0.
    """
    if reference is None:
        return _divided(np.fmin.reduce(values, axis=-1), np.fmax.reduce(values, axis=-1))
    beside = values[..., [reference]]
    least = _divided(np.fmin(values, beside), np.fmax(values, beside))
    # Both 0 is equal; a reference of 0 beside a group that is not has ratio 0.
    return np.asarray(np.fmin.reduce(least.astype(np.float64), axis=-1))


GAPS = {"difference": difference, "ratio": ratio}


def draw_shares(share: Share, resamples: int, rng: np.random.Generator) -> Array:
    """(resamples, groups) draws from each group's Jeffreys posterior Beta(hits + 1/2, misses + 1/2); NaN without rows.

    Unlike a bootstrap this does not take a rate of 0 or 1 in a small group for certain.
    """
    hits = share.hits.astype(np.float64)
    draws: Array = rng.beta(hits + 0.5, share.of - hits + 0.5, size=(resamples, len(hits)))
    draws[:, share.of == 0] = np.nan
    return draws


def draw_estimates(
    estimates: list[Estimate], resamples: int, rng: np.random.Generator, z: float, root: Array | None = None
) -> Array:
    """(resamples, groups) normal draws about each estimate, as wide on either side as its interval.

    Groups are drawn independently, or, given a (groups, groups) root of their correlations, as correlated as that says.
    """
    normal = rng.standard_normal((resamples, len(estimates)))
    if root is not None:
        normal = normal @ root.T
    value = np.array([e.value for e in estimates])
    below = value - np.array([e.value if e.low is None else e.low for e in estimates])
    above = np.array([e.value if e.high is None else e.high for e in estimates]) - value
    drawn: Array = value + normal * np.where(normal < 0, below, above) / z
    return drawn


def correlating(covariance: Array) -> Array:
    """(k, k) covariances, NaN where unknown, -> matrix that makes independent draws as correlated as they say.

    Examples
    --------
    >>> root = correlating(np.array([[4.0, 1.0], [1.0, 1.0]]))
    >>> (root @ root.T).round(6).tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """
    known = np.nan_to_num(covariance)
    size = np.sqrt(np.diag(known))
    outer = np.outer(size, size)
    correlation = np.divide(known, outer, out=np.zeros_like(known), where=outer > 0)
    np.fill_diagonal(correlation, 1.0)
    values, vectors = np.linalg.eigh(correlation)
    root: Array = vectors * np.sqrt(np.clip(values, 0.0, None))
    return root


def draw_slack(form: Form, draws: Array) -> Array:
    """(resamples, groups) draws of values -> (resamples,) draws of how far chance can move a gap between them.

    A gap is at most as far from the true one as the errors of the groups are from one another. An error is a draw
    less the middle of its group's draws; for a ratio, on the logarithm.
    """
    drawn = draws[:, ~np.isnan(draws).all(axis=0)]
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.log(drawn) if form == "ratio" else drawn
        errors = values - np.nanmedian(values, axis=0)
        # Where every group draws 0 the ratio says nothing, and neither does this draw: NaN.
        return np.asarray(np.fmax.reduce(errors, axis=-1) - np.fmin.reduce(errors, axis=-1), dtype=np.float64)


def draw_most(draws: Array, reference: int | None, level: float) -> float:
    """Return the most that a ratio can truly be whose value is 0: (resamples, groups) draws of values.

    On the logarithm a value of 0 says nothing of how far chance moved it. So the least of the groups' upper ends is
    taken over the greatest of their lower ones, each at a level at which all ends hold together (Bonferroni).
    """
    if draws.shape[1] < 2 or np.isnan(draws).all(axis=0).any():
        return 1.0
    tail = (1 - level) / 2 / draws.shape[1]
    low, high = np.nanquantile(draws, [tail, 1 - tail], axis=0)
    if reference is None:
        return _at_most_one(float(high.min()), float(low.max()))
    # Beside a named reference a group may as well have the greater value.
    below = _at_most_one(float(high.min()), float(low[reference]))
    return min(below, _at_most_one(float(high[reference]), float(low.max())))


def _at_most_one(part: float, whole: float) -> float:
    return min(part / whole, 1.0) if whole > 0 else 1.0


def gap_interval(
    form: Form, point: float, draws: Array, slack: Array, level: float, most: float = 1.0
) -> tuple[float | None, float | None]:
    """Return the interval of a gap from draws of that gap and of its slack.

    The largest less the smallest of noisy values is too wide on average, and a redrawn one wider still, the more so
    the more groups there are. So the draws give only the end away from equality. The end toward equality lies as far
    from the point as the errors of all groups spread at that level, which is Tukey's range argument. A ratio of 0 has
    no logarithm: that end is `most`, of `draw_most`.
    """
    drawn, spread = draws[~np.isnan(draws)], slack[~np.isnan(slack)]
    if min(len(drawn), len(spread)) < len(draws) / 2:
        return 0.0, None if form == "difference" else 1.0
    # A value of 0 is infinitely far away on the logarithm, so nothing is interpolated.
    reach = float(np.quantile(spread, level, method="higher"))
    low, high = (float(end) for end in np.quantile(drawn, [0.5 - level / 2, 0.5 + level / 2]))
    if form == "difference":
        return max(point - reach, 0.0), max(high, point)
    toward = point * float(np.exp(reach)) if point else max(most, high)
    return min(low, point), min(max(toward, point), 1.0)


def _divided(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(part / np.where(whole == 0, np.nan, whole))
