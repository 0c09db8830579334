"""Turns decisions beside outcomes into inequality of benefit: generalized entropy, Theil's index, and their parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import ncx2

from audit.fairness.division import Division
from audit.records.measured import Estimate, Measured, Undefined

Array = NDArray[np.float64]
Entropy = Callable[[Array, Array], Array]
"""(..., k) shares of persons and (..., k) their benefits -> (...) inequality; NaN where nobody has any benefit."""

BENEFITS = np.array([0.0, 1.0, 2.0])
"""1 + decision - outcome: wrongly refused, rightly decided, wrongly favoured."""


def squared(share: Array, benefit: Array) -> Array:
    """Generalized entropy with alpha 2: half the squared coefficient of variation.

    >>> round(float(squared(np.array([0.2, 0.6, 0.2]), BENEFITS)), 6)
    0.2
    """
    mean = (share * benefit).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(((share * benefit**2).sum(axis=-1) / mean**2 - 1) / 2)


def theil(share: Array, benefit: Array) -> Array:
    """Theil's T, generalized entropy with alpha 1.

    >>> round(float(theil(np.array([0.2, 0.6, 0.2]), BENEFITS)), 6)
    0.277259
    """
    mean = (share * benefit).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = benefit / mean[..., None]
        return np.asarray((share * part * np.log(np.where(part > 0, part, 1.0))).sum(axis=-1))


def whole(division: Division, entropy: Entropy) -> Measured:
    """Measure the inequality between all persons of known groups."""
    return _drawn(division, lambda table: entropy(table.sum(axis=-2), BENEFITS))


def within_groups(division: Division, entropy: Entropy) -> Measured:
    """Measure how much of it lies within the groups: the whole less what lies between their means."""
    return _drawn(division, lambda table: entropy(table.sum(axis=-2), BENEFITS) - _between(table, entropy))


def between_groups(division: Division, entropy: Entropy) -> Measured:
    """Measure how much of it lies between the groups: the inequality if each person had the mean of the group.

    Notes
    -----
    Group means differ by chance alone, so that it comes out too high. Divided by the variance within groups it is
    about noncentral chi-squared, which the interval inverts. Theil's part has the same leading term, and its interval
    is that one in proportion.
    """
    known = _known(division)
    if isinstance(known, Undefined):
        return known
    point = float(_between(known.table, entropy))
    low, high = known.between(float(_between(known.table, squared)), division.level)
    scale = point / known.squared if known.squared > 0 else 1.0
    ends, method = (min(low * scale, point), max(high * scale, point)), f"noncentral_chi2{_suffix(division)}"
    return Estimate(value=point, low=ends[0], high=ends[1], level=division.level, method=method, n=known.n)


@dataclass(frozen=True)
class _Known:
    """Persons of known groups."""

    table: Array
    """(groups, 3) shares of all persons by group and benefit."""
    size: float
    """Persons, or under sampling weights as many as have the same variance."""
    n: int

    @property
    def squared(self) -> float:
        """Generalized entropy between groups."""
        return float(_between(self.table, squared))

    def between(self, point: float, level: float) -> tuple[float, float]:
        """Return the interval of the generalized entropy between groups."""
        smooth = self.table * self.size + 0.5 / len(self.table)
        share = smooth / smooth.sum()
        of = share.sum(axis=-1)
        means = share @ BENEFITS / of
        inside = float((share @ BENEFITS**2).sum() - (of * means**2).sum())
        noise = inside / (2 * float((share @ BENEFITS).sum()) ** 2 * self.size)
        statistic, freedom = point / noise, len(self.table) - 1
        tail = (1 - level) / 2
        return noise * _noncentrality(statistic, freedom, 1 - tail), noise * _noncentrality(statistic, freedom, tail)


def _known(division: Division) -> _Known | Undefined:
    sample = division.sample
    assert sample.label is not None and sample.target is not None
    benefit = 1 + (sample.label == sample.favourable).astype(np.int64) - (sample.target == sample.favourable)
    groups = len(division.groups)
    sums = np.bincount(division.codes * 3 + benefit, weights=division.weight, minlength=groups * 3).reshape(groups, 3)
    known = np.array([not group.unknown for group in division.groups], dtype=bool) & (sums.sum(axis=1) > 0)
    table = sums[known]
    if len(table) < 2:
        return Undefined(reason="Fewer than two known groups have rows.")
    if not table[:, 1:].sum():
        return Undefined(reason="Nobody has any benefit: everybody who deserved the favourable label was refused it.")
    squares = float((division.weight**2)[known[division.codes]].sum())
    size = float(table.sum()) if division.counted else float(table.sum()) ** 2 / squares
    if division.clustered:
        moves = [benefit.astype(np.float64), benefit.astype(np.float64) ** 2]
        size = float(table.sum()) / division.whole_effect("benefit", moves, known[division.codes])
    n = sum(g.n for g, inside in zip(division.groups, known, strict=True) if inside)
    return _Known(table / table.sum(), size, n)


def _drawn(division: Division, value: Callable[[Array], Array]) -> Measured:
    known = _known(division)
    if isinstance(known, Undefined):
        return known
    point = float(value(known.table))
    # Of the posterior under Jeffreys' prior, spread over the groups, so that no error seen is not taken for none.
    concentration = known.table * known.size + 0.5 / len(known.table)
    rng = np.random.default_rng(division.seed)
    gammas = rng.standard_gamma(concentration, size=(division.resamples, *concentration.shape))
    inside = gammas.sum(axis=-1, keepdims=True)
    table = np.divide(gammas, inside, out=np.zeros_like(gammas), where=inside > 0) * known.table.sum(axis=1)[:, None]
    draws = value(table)
    ends = np.nanquantile(draws, [0.5 - division.level / 2, 0.5 + division.level / 2])
    low, high = min(float(ends[0]), point), max(float(ends[1]), point)
    method = f"jeffreys_draws{_suffix(division)}"
    return Estimate(value=point, low=max(low, 0.0), high=high, level=division.level, method=method, n=known.n)


def _suffix(division: Division) -> str:
    return division.suffix if division.clustered else ""


def _between(table: Array, entropy: Entropy) -> Array:
    of = table.sum(axis=-1)
    means = np.divide(table @ BENEFITS, of, out=np.zeros_like(of), where=of > 0)
    # Differences of rounding below nothing are nothing.
    return np.maximum(entropy(of, means), 0.0)


def _noncentrality(statistic: float, freedom: int, chance: float) -> float:
    """Return the noncentrality under which a chi-squared is at most `statistic` with that chance; 0 if none is."""

    def excess(centre: float) -> float:
        return float(ncx2.cdf(statistic, freedom, centre)) - chance

    if statistic <= 0 or excess(1e-9) <= 0:
        return 0.0
    top = statistic + 10.0
    while excess(top) > 0:
        top *= 2
    return float(brentq(excess, 1e-9, top, xtol=1e-9))
