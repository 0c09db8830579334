"""Turns marked rows of a table into a share, and two of them into a difference, with intervals that respect weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from audit.estimation.clusters import as_independent
from audit.estimation.intervals import mean_and_error, mover, student, wilson
from audit.records.measured import Estimate, Measured, Undefined
from audit.subject.evidence import Table

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Marked:
    """Part of some rows."""

    hits: float
    trials: float
    """Rows by frequency weight; under sampling weights, as many equal rows as would tell as much (Kish)."""
    n: int
    """Rows looked at."""
    clustered: bool = False
    """Whether they come in clusters, and count as so many independent ones."""

    @property
    def share(self) -> float:
        """In [0, 1]; 0 of nothing."""
        return self.hits / self.trials if self.trials > 0 else 0.0


def weights_of(table: Table, rows: NDArray[np.bool_] | None = None) -> Array:
    """Return weights that sum to the number of equal rows that tell as much: counts, or sampling weights shrunk.

    Source: Kish (1965), Survey Sampling, section 8.2.

    Parameters
    ----------
    table : Table
    rows : ndarray (n,) bool, optional
        The rows that are looked at; all where absent.
    """
    taken = slice(None) if rows is None else rows
    if table.weight is None:
        return np.ones(table.n)[taken]
    weight = table.weight[taken]
    if table.weight_kind == "frequency" or not weight.any():
        return weight
    shrunk: Array = weight * (weight.sum() / (weight @ weight))
    return shrunk


def marked(flags: NDArray[np.bool_], table: Table, rows: NDArray[np.bool_] | None = None) -> Marked:
    """Count marked rows of a table, or of some of its rows."""
    weight = weights_of(table, rows)
    held = flags if rows is None else flags[rows]
    if table.cluster is not None and weight.any():
        own = table.cluster if rows is None else table.cluster[rows]
        sampling = table.weight is not None and table.weight_kind == "sampling"
        weight = as_independent(held.astype(np.float64), own, weight, _LEVEL, sampling=sampling)
    return Marked(float(weight @ held), float(weight.sum()), len(held), table.cluster is not None)


_LEVEL = 0.95
"""Level at which it is allowed for how few clusters tell how alike their rows are."""


def share(part: Marked, level: float) -> Measured:
    """Return a share with Wilson's interval."""
    if part.trials <= 0:
        return Undefined(reason="There are no rows with a positive weight.")
    low, high = (float(end) for end in wilson(np.array(part.hits), np.array(part.trials), level))
    return Estimate(value=part.share, low=low, high=high, level=level, method=f"wilson{_suffix(part)}", n=part.n)


def difference(one: Marked, other: Marked, level: float) -> Measured:
    """Return the share of one less that of another, independent of it, with Newcombe's interval.

    Examples
    --------
    >>> found = difference(Marked(56, 70, 70), Marked(48, 80, 80), 0.95)
    >>> round(found.value, 4), round(found.low, 4), round(found.high, 4)
    (0.2, 0.0524, 0.3339)
    """
    if min(one.trials, other.trials) <= 0:
        return Undefined(reason="One side has no rows with a positive weight.")
    hits, trials = np.array([one.hits, other.hits]), np.array([one.trials, other.trials])
    low, high = mover(hits / trials, *wilson(hits, trials, level), np.array([1.0, -1.0]))
    method = f"newcombe{_suffix(one, other)}"
    return Estimate(value=one.share - other.share, low=low, high=high, level=level, method=method, n=one.n + other.n)


def _suffix(*parts: Marked) -> str:
    return "_clustered" if any(part.clustered for part in parts) else ""


def mean_difference(one: Array, other: Array, weights: tuple[Array, Array], level: float) -> tuple[Measured, float]:
    """Return the mean of one less that of another with Welch's interval, and the two-sided p-value.

    Parameters
    ----------
    one, other : ndarray (n,), (m,)
        Finite values.
    weights : ndarray (n,), ndarray (m,)
        From `weights_of`.
    """
    sides = [mean_and_error(values, weight, False) for values, weight in zip((one, other), weights, strict=True)
             if weight.sum() > 2]  # fmt: skip
    if len(sides) < 2:
        return Undefined(reason="One side has fewer than three rows."), 1.0
    (mean, error, freedom), (reference, spread, others) = sides
    both = float(np.hypot(error, spread))
    gap = mean - reference
    if both <= 1e-12 * (abs(mean) + abs(reference)):
        return Undefined(reason="The values do not vary."), 1.0
    degrees = both**4 / (error**4 / freedom + spread**4 / others)
    low, high = student(gap, both, degrees, level)
    p_value = float(2 * stats.t.sf(abs(gap) / both, degrees))
    return Estimate(value=gap, low=low, high=high, level=level, method="welch", n=len(one) + len(other)), p_value


def by_code(codes: NDArray[np.int64], size: int, table: Table, rows: NDArray[np.bool_] | None = None) -> Array:
    """(size,) weight of each code among the rows of a table, or some of them."""
    held = codes if rows is None else codes[rows]
    return np.asarray(np.bincount(held, weights=weights_of(table, rows), minlength=size), dtype=np.float64)
