"""Compares one column of two tables: every distance between both distributions, with what chance alone gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2

from audit.estimation.intervals import smirnov
from audit.records.measured import Estimate, Exact, Measured, Undefined
from audit.robustness.columns import numbers
from audit.robustness.distances import (
    Bridges,
    Steps,
    chi_square_p,
    critical_values,
    gap_of,
    index_interval,
    jensen_shannon,
    jensen_shannon_interval,
    quantiles,
    smirnov_p,
    stability_index,
    steps_of,
)
from audit.subject.evidence import Table

BINS = 10
_LARGE = 1e150
"""Standard deviation from which sums of values are no longer finite."""
_DECIDING = 0.95
"""Quantile at which the approximation to weighted statistics holds."""
_TAIL = 0.05
"""Share below which, and above one less it, a distribution function is too flat to tell how weights make it vary."""
MOST_ROWS = 100_000
"""Rows of each table that are compared; more tell nothing that matters, and are drawn from at random."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Side:
    """One column of one table."""

    column: pd.Series
    weight: Array | None
    sampling: bool
    """Whether weights are inverse inclusion probabilities."""
    share: Array | None = None
    """(n,) for how much of its row each value stands, where several values stand for one row."""


@dataclass(frozen=True)
class Shift:
    """How far a column moved from the first table to the second.

    All that rests on bins shares them: tenths of the first side, or the ten most frequent values of both and the rest;
    what is missing is a bin of its own.
    """

    index: Measured
    """Population stability index."""
    index_critical: Measured
    """What chance alone exceeds with probability 1 - level; so are the other critical values."""
    divergence: Measured
    """Jensen-Shannon distance."""
    divergence_critical: Measured
    widest: Measured
    """Kolmogorov-Smirnov statistic of the values that are there."""
    moved: Measured
    """Wasserstein distance of them, in standard deviations of the first side."""
    moved_critical: Measured
    p_value: Measured
    """Of the test that `test` names."""
    ordered: bool
    """Whether the values have an order, without which there are no distribution functions."""
    test: str
    """Kolmogorov-Smirnov where there are many numbers, with what is missing tested beside it; else chi-square."""


def drawn(table: Table, seed: int) -> NDArray[np.int64]:
    """Return the positions of the rows that are compared."""
    if table.n <= MOST_ROWS:
        return np.arange(table.n)
    return np.sort(np.random.default_rng(seed).choice(table.n, MOST_ROWS, replace=False)).astype(np.int64)


def side_of(column: pd.Series, table: Table, rows: NDArray[np.int64]) -> Side:
    """Return a column of some rows of a table beside their weights."""
    weight = None if table.weight is None else table.weight[rows]
    return Side(column, weight, table.weight_kind == "sampling")


def shift_of(before: Side, after: Side, level: float, bridges: Bridges) -> Shift:
    """Compare two columns.

    Under frequency weights a row counts as that many; under sampling weights shares are weighted and the number of rows
    is the one that would tell as much without weights, so that critical values and p-values are approximate.
    """
    if not all(float(_mass(side).sum()) > 0 for side in (before, after)):
        nothing = Undefined(reason="The weights of one table sum to zero.")
        return Shift(*(nothing,) * 8, ordered=False, test="none")
    sides, ordered = (before, after), _in_order(before, after)
    if ordered is None:
        cells, squares = (_by_value(sides, of) for of in (_mass, _squares))
        every = _counted(cells, squares, sides)
        kept = _most_frequent(every)
        unordered = Undefined(reason="The values have no order.")
        return Shift(
            *_of_bins(_counted(cells @ kept, squares @ kept, sides), level, _n(after), bridges.seed),
            *(unordered,) * 3,
            p_value=Exact(value=chi_square_p(every), n=_n(after)),
            ordered=False,
            test="chi-square",
        )
    cells, squares, steps, few = _by_quantile(ordered, sides)
    counts = _counted(cells, squares, sides)
    rows = counts.sum(axis=1)
    there = rows * (1 - cells[:, -1] / cells.sum(axis=1))
    worth = _in_steps(cells[:, :-1], squares[:, :-1], sides, there)
    distances, p_value = _of_steps(steps, worth, level, bridges, _n(after))
    if few or p_value is None:
        p_value, test = chi_square_p(counts), "chi-square"
    else:
        p_value, test = _beside_missing(p_value, there, rows), "KS"
    return Shift(
        *_of_bins(counts, level, _n(after), bridges.seed),
        *distances,
        p_value=Exact(value=p_value, n=_n(after)),
        ordered=True,
        test=test,
    )


def value_of(measured: Measured) -> float:
    """Return a number to sort by; what is undefined comes last."""
    return -1.0 if isinstance(measured, Undefined) else float(measured.value)


# --- rows -----------------------------------------------------------------------------------------


def _mass(side: Side) -> Array:
    """(n,) how many rows, or how much of the population, each value stands for."""
    weight = np.ones(len(side.column)) if side.weight is None else side.weight
    return weight if side.share is None else weight * side.share


def _squares(side: Side) -> Array:
    """(n,) squared weight of each value; the values of one row share it, for their mean varies no more than one."""
    return _mass(side) if side.weight is None else _mass(side) * side.weight


def _unweighted(side: Side) -> bool:
    return side.weight is None and side.share is None


def _n(side: Side) -> int:
    held = (
        Side(side.column, np.sign(side.weight), False, side.share)
        if side.sampling and side.weight is not None
        else side
    )
    return round(float(_mass(held).sum()))


def _worth(cells: Array, squares: Array, side: Side) -> float:
    """Rows without weights among which chi-square statistics of these bins would be as large as they are with them.

    Weights that go with the values make some bins vary more than others, and the statistic follows a sum of chi-square
    laws of unequal size. Satterthwaite's approximation to it gives the quantile that decides; at most Kish's number.
    Source: Rao and Scott (1981), doi:10.1080/01621459.1981.10477633.
    """
    total = float(cells.sum())
    if not side.sampling or side.weight is None:
        return total
    held = cells > 0
    share, varying = cells[held] / total, squares[held] / total**2
    kish, freedom = float(varying.sum()), len(share) - 1
    if not freedom:
        return 1 / kish
    crossed = np.outer(varying, share)
    effects = (np.diag(varying) - crossed - crossed.T + kish * np.outer(share, share)) / share[:, None]
    trace, squared = float(np.trace(effects)), float((effects * effects.T).sum())
    uneven = max(squared * freedom / trace**2, 1.0) if trace > 0 else 1.0
    quantile = uneven * float(chi2.ppf(_DECIDING, freedom / uneven)) / float(chi2.ppf(_DECIDING, freedom))
    return 1 / max(kish, trace / freedom * quantile)


def _in_steps(cells: Array, squares: Array, sides: tuple[Side, Side], there: Array) -> Array:
    """(2,) rows that distribution functions are worth, where they tell least; without sampling weights those there."""
    found = there.copy()
    for i, side in enumerate(sides):
        total = float(cells[i].sum())
        if not side.sampling or side.weight is None or not total > 0:
            continue
        below, varying = np.cumsum(cells[i])[:-1] / total, np.cumsum(squares[i])[:-1] / total**2
        kish = float(squares[i].sum()) / total**2
        inner = (below > _TAIL) & (below < 1 - _TAIL)
        spread = varying * (1 - 2 * below) + below**2 * kish
        effect = (spread / np.where(inner, below * (1 - below), 1.0))[inner]
        found[i] = 1 / max(kish, float(effect.max(initial=0.0)))
    return found


# --- bins -----------------------------------------------------------------------------------------


def _in_order(before: Side, after: Side) -> tuple[Array, Array] | None:
    """Values of both as numbers, NaN where missing; None where they have no order, or no common one."""
    columns = before.column, after.column
    if all(pd.api.types.is_numeric_dtype(c) and not pd.api.types.is_complex_dtype(c) for c in columns):
        return numbers(columns[0]), numbers(columns[1])
    if all(pd.api.types.is_datetime64_any_dtype(c) for c in columns):
        return _instants(columns[0]), _instants(columns[1])
    return None


def _instants(column: pd.Series) -> Array:
    """(n,) seconds since 1970, NaN where missing."""
    plain = column if column.dt.tz is None else column.dt.tz_convert("UTC").dt.tz_localize(None)
    micro = plain.to_numpy("datetime64[us]")
    return np.where(np.isnat(micro), np.nan, micro.astype(np.int64) / 1e6)


def _by_quantile(
    ordered: tuple[Array, Array], sides: tuple[Side, Side]
) -> tuple[Array, Array, tuple[Steps, Steps], bool]:
    """(2, bins) weights and squared ones, the last of them missing; distribution functions; whether values are few."""
    gone = [np.isnan(values) for values in ordered]
    steps = [
        steps_of(values[~missing], None if _unweighted(side) else _mass(side)[~missing])
        for values, missing, side in zip(ordered, gone, sides, strict=True)
    ]
    edges, few = _edges(steps[0])
    totals = []
    for values, missing, side, own in zip(ordered, gone, sides, steps, strict=True):
        mass = _mass(side)
        there, lost = float(mass[~missing].sum()), float(mass[missing].sum())
        cells = np.append(_up_to(own, edges) * there, lost)
        totals.append((cells, _squared(values, missing, side, edges) if side.sampling else cells))
    cells, squares = (np.array(rows) for rows in zip(*totals, strict=True))
    return cells, squares, (steps[0], steps[1]), few


def _squared(values: Array, missing: NDArray[np.bool_], side: Side, edges: Array) -> Array:
    place = np.where(missing, len(edges) + 1, np.searchsorted(edges, values, side="left"))
    return np.bincount(place, weights=_squares(side), minlength=len(edges) + 2).astype(np.float64)


def _edges(steps: Steps) -> tuple[Array, bool]:
    if steps.empty:
        return np.empty(0), True
    values = steps.values
    rises = np.flatnonzero(values[1:] != values[:-1])
    if len(rises) < BINS:
        low, high = values[rises], values[rises + 1]
        with np.errstate(invalid="ignore"):
            middle = low / 2 + high / 2
        return np.where(np.isnan(middle), 0.0, middle), True
    return np.unique(quantiles(steps, np.arange(1, BINS) / BINS)), False


def _up_to(steps: Steps, edges: Array) -> Array:
    """(bins,) share of the weight in each bin; a bin holds its upper edge."""
    if steps.empty:
        return np.zeros(len(edges) + 1)
    below = np.searchsorted(steps.values, edges, side="right")
    height = below / len(steps.values) if steps.height is None else np.append(0.0, steps.height)[below]
    shares: Array = np.diff(height, prepend=0.0, append=1.0)
    return shares


def _by_value(sides: tuple[Side, Side], of: Callable[[Side], Array]) -> Array:
    """(2, values + 1) sums of weights for each value, in order of the text, and for what is missing."""
    tallies = [_tally(side.column, of(side)) for side in sides]
    texts = sorted({text for counts, _ in tallies for text in counts})
    return np.array([[*(counts.get(text, 0.0) for text in texts), missing] for counts, missing in tallies])


def _most_frequent(counts: Array) -> Array:
    """(values + 1, bins) which values share a bin: the most frequent have their own, all others one, missing ones one.

    Frequent in both tables together: those that are most frequent in one table alone are partly so by chance, and rarer
    in the other for that reason.
    """
    values = counts.shape[1] - 1
    if values <= BINS:
        return np.eye(values + 1)
    # Equal counts in order of the text, so that the order of rows decides nothing.
    ranked = np.argsort(-counts[:, :-1].sum(axis=0).round(9), kind="stable")
    place = np.full(values + 1, BINS)
    place[ranked[:BINS]] = np.arange(BINS)
    place[-1] = BINS + 1
    kept: Array = np.eye(BINS + 2)[place]
    return kept


def _tally(column: pd.Series, weight: Array) -> tuple[dict[str, float], float]:
    """Weight of each value as text, and of what is missing."""
    column = column.astype(object)
    try:
        codes, values = pd.factorize(column.to_numpy())
    except TypeError:  # values that cannot be hashed, such as lists
        codes, values = pd.factorize(column.map(str, na_action="ignore").to_numpy())
    sums = np.bincount(codes + 1, weights=weight, minlength=len(values) + 1)
    counts: dict[str, float] = {}
    for text, total in zip(map(str, values), sums[1:].tolist(), strict=True):
        counts[text] = counts.get(text, 0.0) + total
    return counts, float(sums[0])


def _counted(cells: Array, squares: Array, sides: tuple[Side, Side]) -> Array:
    """(2, bins) weights as numbers of rows."""
    rows = np.array([_worth(*line) for line in zip(cells, squares, sides, strict=True)])
    counts: Array = cells * (rows / cells.sum(axis=1))[:, None]
    return counts


# --- distances --------------------------------------------------------------------------------------


def _of_bins(counts: Array, level: float, n: int, seed: int) -> tuple[Measured, Measured, Measured, Measured]:
    counts = counts[:, counts.sum(axis=0) > 0]
    rows, others = (float(total) for total in counts.sum(axis=1))
    bins = counts.shape[1]

    def estimated(value: float, ends: tuple[float, float]) -> Estimate:
        return Estimate(value=value, low=ends[0], high=ends[1], level=level, method="noncentral_chi2", n=n)

    if bins == 1:
        same, never = estimated(0.0, (0.0, 0.0)), Exact(value=0.0, n=n)
        return same, never, same, never
    # A bin that is empty on one side counts as half a row there, or the index would be infinite.
    filled = np.maximum(counts, 0.5)
    index = stability_index(*(filled / filled.sum(axis=1, keepdims=True)))
    index_critical, distance_critical = critical_values(counts, level, seed)
    distance = jensen_shannon(*(counts / counts.sum(axis=1, keepdims=True)))
    return (
        estimated(index, index_interval(index, rows, others, bins, level)),
        Exact(value=index_critical, n=n),
        estimated(distance, jensen_shannon_interval(distance, rows, others, bins, level)),
        Exact(value=distance_critical, n=n),
    )


def _of_steps(
    steps: tuple[Steps, Steps], there: Array, level: float, bridges: Bridges, n: int
) -> tuple[tuple[Measured, Measured, Measured], float | None]:
    if any(s.empty for s in steps):
        nothing = Undefined(reason="One table holds no value of it.")
        return (nothing, nothing, nothing), None
    rows, others = (float(number) for number in there)
    gap = gap_of(*steps, rows, others)
    low, high = smirnov(gap.widest, rows, others, level)
    widest = Estimate(
        value=gap.widest,
        low=min(max(low, 0.0), gap.widest),
        high=max(min(high, 1.0), gap.widest),
        level=level,
        method="smirnov",
        n=n,
    )
    p_value = smirnov_p(gap.widest, rows, others)
    spread = _spread(steps[0])
    if not np.isfinite(gap.area) or not spread < _LARGE:
        return (widest, *(Undefined(reason="Some values are infinite or too large to be added."),) * 2), p_value
    if spread == 0:
        return (widest, *(Undefined(reason="The values to compare with do not vary."),) * 2), p_value
    moved = gap.area / spread
    reach = bridges.reach(*steps, rows, others, level) / spread
    estimate = Estimate(
        value=moved, low=max(moved - reach, 0.0), high=moved + reach, level=level, method="brownian_bridge", n=n
    )
    critical = Exact(value=bridges.critical(gap.together, rows, others, level) / spread, n=n)
    return (widest, estimate, critical), p_value


def _spread(steps: Steps) -> float:
    """Standard deviation of the values; infinite where they are."""
    most = float(np.abs(steps.values).max())
    if most == 0 or not np.isfinite(most):
        return most
    values = steps.values / most  # squares of huge values overflow
    shares = np.full(len(values), 1 / len(values)) if steps.height is None else np.diff(steps.height, prepend=0.0)
    if values[0] == values[-1]:
        return 0.0
    deviation = float(np.sqrt(shares @ (values - shares @ values) ** 2))
    return deviation * most


def _beside_missing(p_value: float, there: Array, rows: Array) -> float:
    """Twice the smaller p-value of values and of what is missing, where anything is."""
    if (there == rows).all():
        return p_value
    return min(1.0, 2 * min(p_value, chi_square_p(np.column_stack([there, rows - there]))))
