"""Compares one column of two tables: every distance between both distributions, with what chance alone gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.estimation.intervals import smirnov
from audit.records.measured import Estimate, Exact, Measured, Undefined
from audit.robustness.columns import numbers
from audit.robustness.distances import (
    Bridges,
    Steps,
    chi_square_p,
    critical_value,
    gap_of,
    index_interval,
    jensen_shannon,
    jensen_shannon_critical,
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
    is Kish's effective one, so that critical values and p-values are approximate.
    """
    rows = np.array([_effective(before), _effective(after)])
    if not (rows > 0).all():
        nothing = Undefined(reason="The weights of one table sum to zero.")
        return Shift(*(nothing,) * 8, ordered=False, test="none")
    ordered = _in_order(before, after)
    if ordered is None:
        every = _counted(_by_value(before, after), rows)
        counts = _most_frequent(every)
        unordered = Undefined(reason="The values have no order.")
        return Shift(
            *_of_bins(counts, level, _n(after)),
            *(unordered,) * 3,
            p_value=Exact(value=chi_square_p(every), n=_n(after)),
            ordered=False,
            test="chi-square",
        )
    cells, steps, few = _by_quantile(ordered, before, after)
    counts = _counted(cells, rows)
    there = rows * (1 - cells[:, -1] / cells.sum(axis=1))
    distances, p_value = _of_steps(steps, there, level, bridges, _n(after))
    if few or p_value is None:
        p_value, test = chi_square_p(counts), "chi-square"
    else:
        p_value, test = _beside_missing(p_value, there, rows), "KS"
    return Shift(
        *_of_bins(counts, level, _n(after)),
        *distances,
        p_value=Exact(value=p_value, n=_n(after)),
        ordered=True,
        test=test,
    )


def value_of(measured: Measured) -> float:
    """Return a number to sort by; what is undefined comes last."""
    return -1.0 if isinstance(measured, Undefined) else float(measured.value)


# --- rows -----------------------------------------------------------------------------------------


def _weight(side: Side) -> Array:
    return np.ones(len(side.column)) if side.weight is None else side.weight


def _effective(side: Side) -> float:
    weight = _weight(side)
    total, squares = float(weight.sum()), float(weight @ weight)
    return total if not side.sampling or side.weight is None or not squares > 0 else total**2 / squares


def _n(side: Side) -> int:
    weight = _weight(side)
    return int(np.count_nonzero(weight)) if side.sampling else round(float(weight.sum()))


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


def _by_quantile(ordered: tuple[Array, Array], before: Side, after: Side) -> tuple[Array, tuple[Steps, Steps], bool]:
    """(2, bins) weights, the last of them missing; both distribution functions; whether the values are few."""
    missing, steps = [], []
    for values, side in zip(ordered, (before, after), strict=True):
        gone, weight = np.isnan(values), _weight(side)
        missing.append(float(weight[gone].sum()))
        steps.append(steps_of(values[~gone], None if side.weight is None else weight[~gone]))
    edges, few = _edges(steps[0])
    inside = np.array([_up_to(s, edges) for s in steps])
    there = np.array([float(_weight(side).sum()) for side in (before, after)]) - missing
    return np.column_stack([inside * there[:, None], missing]), (steps[0], steps[1]), few


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


def _by_value(before: Side, after: Side) -> Array:
    """(2, values + 1) weights of each value, in order of the text, and of what is missing."""
    tallies = [_tally(before), _tally(after)]
    texts = sorted({text for counts, _ in tallies for text in counts})
    return np.array([[*(counts.get(text, 0.0) for text in texts), missing] for counts, missing in tallies])


def _most_frequent(counts: Array) -> Array:
    """(2, bins) the values that are most frequent in both tables together, all others as one, and what is missing.

    Those that are most frequent in one table alone are partly so by chance, and rarer in the other for that reason.
    """
    values, missing = counts[:, :-1], counts[:, -1:]
    if values.shape[1] <= BINS:
        return counts
    # Equal counts in order of the text, so that the order of rows decides nothing.
    ranked = np.argsort(-values.sum(axis=0).round(9), kind="stable")
    bins = [values[:, ranked[:BINS]], values[:, ranked[BINS:]].sum(axis=1, keepdims=True), missing]
    kept: Array = np.column_stack(bins)
    return kept


def _tally(side: Side) -> tuple[dict[str, float], float]:
    """Weight of each value as text, and of what is missing."""
    column, weight = side.column.astype(object), _weight(side)
    try:
        codes, values = pd.factorize(column.to_numpy())
    except TypeError:  # values that cannot be hashed, such as lists
        codes, values = pd.factorize(column.map(str, na_action="ignore").to_numpy())
    sums = np.bincount(codes + 1, weights=weight, minlength=len(values) + 1)
    counts: dict[str, float] = {}
    for text, total in zip(map(str, values), sums[1:].tolist(), strict=True):
        counts[text] = counts.get(text, 0.0) + total
    return counts, float(sums[0])


def _counted(cells: Array, rows: Array) -> Array:
    """(2, bins) weights as numbers of rows."""
    counts: Array = cells * (rows / cells.sum(axis=1))[:, None]
    return counts


# --- distances --------------------------------------------------------------------------------------


def _of_bins(counts: Array, level: float, n: int) -> tuple[Measured, Measured, Measured, Measured]:
    counts = counts[:, counts.sum(axis=0) > 0]
    rows, others = (float(total) for total in counts.sum(axis=1))
    bins = counts.shape[1]

    def estimated(value: float, ends: tuple[float, float]) -> Estimate:
        return Estimate(value=value, low=ends[0], high=ends[1], level=level, method="noncentral_chi_square", n=n)

    if bins == 1:
        same, never = estimated(0.0, (0.0, 0.0)), Exact(value=0.0, n=n)
        return same, never, same, never
    # A bin that is empty on one side counts as half a row there, or the index would be infinite.
    filled = np.maximum(counts, 0.5)
    index = stability_index(*(filled / filled.sum(axis=1, keepdims=True)))
    distance = jensen_shannon(*(counts / counts.sum(axis=1, keepdims=True)))
    return (
        estimated(index, index_interval(index, rows, others, bins, level)),
        Exact(value=critical_value(rows, others, bins, level), n=n),
        estimated(distance, jensen_shannon_interval(distance, rows, others, bins, level)),
        Exact(value=jensen_shannon_critical(rows, others, bins, level), n=n),
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
