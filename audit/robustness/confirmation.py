"""Tests on rows of their own whether a slice costs more than the rest: one-sided, with an interval of the excess."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from audit.estimation.intervals import mean_and_error, mover, wilson

Array = NDArray[np.float64]

LEAST_ROWS = 10
"""Rows under which a slice, or what is left without it, is not tested."""
_ROUNDING = 1e-12
"""Relative difference of means that rounding alone can make."""


@dataclass(frozen=True)
class Excess:
    """How much larger the mean loss of a slice is than that of all other rows."""

    within: float
    """Mean loss of the slice."""
    elsewhere: float
    low: float
    high: float
    """Ends of the interval of the difference."""
    p_value: float
    """One-sided: that the slice costs no more than the rest."""
    method: str
    n: int
    """Rows of the slice."""

    @property
    def value(self) -> float:
        """Difference of the means."""
        return self.within - self.elsewhere


def excess_of(
    loss: Array, rows: NDArray[np.bool_], level: float, weight: Array | None, sampling: bool, counts: bool
) -> Excess | None:
    """Compare the loss inside a slice with that elsewhere; None where either side is too small to tell.

    Losses of 0 and 1 that count whole rows: Fisher's exact test and Newcombe's interval. Any other: t tests with
    unequal (Welch) and with pooled variances, of which the less certain one speaks. Pooling guards against a small
    slice whose losses happen to be alike, Welch against a slice that varies more than the rest.

    Parameters
    ----------
    loss : ndarray (n,) float64
    rows : ndarray (n,) bool
        The slice.
    level : float
        Of the two-sided interval.
    weight : ndarray (n,) float64, optional
        Positive.
    sampling : bool
        Whether weights are inverse inclusion probabilities rather than counts of equal rows.
    counts : bool
        Whether every loss is 0 or 1.

    Examples
    --------
    >>> found = excess_of(np.repeat([1.0, 0.0, 1.0, 0.0], [8, 12, 5, 75]), np.arange(100) < 20, 0.95, None, False, True)
    >>> round(found.value, 4), round(found.p_value, 6)
    (0.3375, 0.000465)
    """
    n = int(rows.sum())
    if min(n, len(rows) - n) < LEAST_ROWS:
        return None
    mass = np.ones(len(loss)) if weight is None else weight
    if counts and not sampling and bool((mass == np.rint(mass)).all()):
        return _counted(loss, rows, level, mass)
    return _averaged(loss, rows, level, mass, sampling)


def _counted(loss: Array, rows: NDArray[np.bool_], level: float, mass: Array) -> Excess:
    wrong, of = mass * loss, mass
    hits = np.array([wrong[rows].sum(), wrong[~rows].sum()])
    trials = np.array([of[rows].sum(), of[~rows].sum()])
    # Hits of the slice, given all hits and both sizes.
    p_value = float(stats.hypergeom.sf(round(hits[0]) - 1, round(trials.sum()), round(hits.sum()), round(trials[0])))
    share = hits / trials
    low, high = mover(share, *wilson(hits, trials, level), np.array([1.0, -1.0]))
    return Excess(float(share[0]), float(share[1]), low, high, min(p_value, 1.0), "newcombe", int(rows.sum()))


def _averaged(loss: Array, rows: NDArray[np.bool_], level: float, mass: Array, sampling: bool) -> Excess | None:
    (within, error, freedom), (elsewhere, other, others) = (
        mean_and_error(loss[part], mass[part], sampling) for part in (rows, ~rows)
    )
    if min(freedom, others) < 1:
        return None  # weights that stand for hardly any row
    more = within - elsewhere
    if abs(more) <= _ROUNDING * (abs(within) + abs(elsewhere)):
        return Excess(within, elsewhere, more, more, 1.0, "welch", int(rows.sum()))
    pooled = _pooled_error(loss, rows, mass, sampling, within, elsewhere)
    spreads = ((np.hypot(error, other), _freedom(error, freedom, other, others)), (pooled, freedom + others))
    p_value = max(_beyond(more, spread, degrees) for spread, degrees in spreads)
    half = max(float(stats.t.ppf(0.5 + level / 2, degrees)) * spread for spread, degrees in spreads)
    return Excess(within, elsewhere, more - half, more + half, p_value, "welch", int(rows.sum()))


def _pooled_error(
    loss: Array, rows: NDArray[np.bool_], mass: Array, sampling: bool, within: float, elsewhere: float
) -> float:
    deviations = (loss - np.where(rows, within, elsewhere)) ** 2
    size = np.array([mass[part].sum() for part in (rows, ~rows)])
    seen = np.array([np.count_nonzero(mass[part]) for part in (rows, ~rows)]) if sampling else size
    variance = float(mass @ deviations / mass.sum() * seen.sum() / (seen.sum() - 2))
    share = np.array([(mass[part] ** 2).sum() for part in (rows, ~rows)]) / size**2 if sampling else 1 / size
    return float(np.sqrt(variance * share.sum()))


def _freedom(error: float, freedom: float, other: float, others: float) -> float:
    """Welch-Satterthwaite degrees of freedom."""
    both = error**2 + other**2
    return freedom + others if both == 0 else float(both**2 / (error**4 / freedom + other**4 / others))


def _beyond(more: float, spread: float, degrees: float) -> float:
    """P-value of Student's t; without any spread a difference is certain, and none is none."""
    if spread <= 0:
        return 0.0 if more > 0 else 1.0
    return float(stats.t.sf(more / spread, degrees))
