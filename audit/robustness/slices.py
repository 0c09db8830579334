"""Searches the slices of a table, one or two conditions each, in which a loss is larger than elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from audit.robustness.conditions import Condition

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

MOST_COLUMNS = 40
"""Columns whose pairs are searched: those with the most telling single conditions."""
MOST_SLICES = 10
"""Slices that a search may propose."""
LEAST_ROWS = 20
LEAST_SHARE = 0.01
MOST_SHARE = 0.5
_CAUTION = 3.0
"""Standard errors taken off an excess before slices are ranked by it, so that small ones do not win by luck."""
_ADDS = 2.0
"""Standard errors by which a slice must be worse than elsewhere, and than the rest of what it is made of."""
_NEW = 0.75
"""Least part of a slice that was not proposed before; that part alone must be worse by `_CAUTION` standard errors."""
_EXAMINED = 300
_KEPT = 20
"""Best slices of each pair of columns that are remembered."""


@dataclass(frozen=True)
class Slice:
    """Rows that fulfil every condition."""

    conditions: tuple[Condition, ...]

    @property
    def key(self) -> str:
        """As in observation ids: `age=[18,25)&region=north`."""
        return "&".join(condition.key for condition in self.conditions)

    @property
    def words(self) -> str:
        """For readers: `age from 18 to under 25 and region is north`."""
        return " and ".join(condition.words for condition in self.conditions)


@dataclass(frozen=True)
class _Half:
    """Rows to search."""

    codes: Sequence[Codes]
    sizes: Sequence[int]
    loss: Array
    """(n,) losses times weights."""
    weight: Array
    """(n,) weights with mean 1."""
    least: float
    """Smallest weight of a slice."""
    spread: float
    """Standard deviation of the losses."""

    @property
    def n(self) -> int:
        return len(self.loss)

    @property
    def mean(self) -> float:
        return float(self.loss.sum() / self.weight.sum())

    def excess(self, loss: Array, weight: Array, above: Array | float, of: Array | float) -> tuple[Array, Array]:
        """How much the mean loss of some weight exceeds that of the rest of what it lies in, and its standard error.

        Parameters
        ----------
        loss, weight : sums within
        above, of : the same sums of what it lies in
        """
        rest = np.maximum(of - weight, 1e-9)
        inside = np.maximum(weight, 1e-9)
        error = self.spread * np.sqrt(1 / inside + 1 / rest)
        return loss / inside - (above - loss) / rest, error


@dataclass(frozen=True, order=True)
class _Found:
    """A slice on its way; best first."""

    rank: float
    key: str
    slice: Slice = field(compare=False)


def search(
    codes: Sequence[Codes],
    sizes: Sequence[int],
    conditions: Sequence[Sequence[Condition]],
    loss: Array,
    weight: Array | None = None,
) -> tuple[Slice, ...]:
    """Return slices whose mean loss most surely exceeds that elsewhere, best first; at most `MOST_SLICES`.

    Every condition on one column and every pair of conditions on two is tried, from tables of counts and sums by the
    codes of two columns. They are ranked by their excess less three standard errors. A pair must be worse than the
    rest of either of its conditions; a slice is left out when over a quarter of its rows were proposed already or when
    what is new in it is not surely worse than elsewhere.

    Parameters
    ----------
    codes : sequence of ndarray (n,) int64
        Codes of each column, from 0.
    sizes : sequence of int
        Number of codes of each column.
    conditions : sequence of sequences of Condition
        Those on each column.
    loss : ndarray (n,) float64
    weight : ndarray (n,) float64, optional
        Positive.
    """
    n = len(loss)
    mass = np.ones(n) if weight is None else weight * (n / weight.sum())
    mean = float(loss @ mass / n) if n else 0.0
    spread = float(np.sqrt(mass @ (loss - mean) ** 2 / n)) if n else 0.0
    least = max(LEAST_ROWS, LEAST_SHARE * n)
    # A spread of rounding errors is none.
    if 2 * least > n or spread <= 1e-12 * max(1.0, abs(mean)):
        return ()
    half = _Half(codes, sizes, loss * mass, mass, least, spread)
    return _chosen(half, sorted(_candidates(half, conditions))[:_EXAMINED])


def inside(codes: Mapping[int, Codes], conditions: Sequence[Condition]) -> NDArray[np.bool_]:
    """(n,) rows that fulfil conditions, from the codes of each column by its place."""
    held = np.ones(len(codes[conditions[0].column]), dtype=bool)
    for condition in conditions:
        column = codes[condition.column]
        held &= (column >= condition.low) & (column <= condition.high)
    return held


# --- candidates ------------------------------------------------------------------------------------


def _candidates(half: _Half, conditions: Sequence[Sequence[Condition]]) -> list[_Found]:
    members = [_members(c, size) for c, size in zip(conditions, half.sizes, strict=True)]
    best = np.full(len(half.codes), np.inf)
    found: list[_Found] = []
    for column, mine in enumerate(conditions):
        weight, loss = (members[column] @ table for table in _by_code(half, column))
        ranks = _ranked(half, loss, weight)
        best[column] = ranks.min(initial=np.inf)
        found += [_Found(float(ranks[i]), mine[i].key, Slice((mine[i],))) for i in _best(ranks)]
    promising = sorted(np.argsort(best, kind="stable")[:MOST_COLUMNS].tolist())
    for one, other in combinations(promising, 2):
        found += _of_pair(half, one, other, conditions, members)
    return found


def _of_pair(
    half: _Half, one: int, other: int, conditions: Sequence[Sequence[Condition]], members: Sequence[Array]
) -> Iterator[_Found]:
    weights, losses = _by_codes(half, one, other)
    weight, loss = (members[one] @ table @ members[other].T for table in (weights, losses))
    ranks = _ranked(half, loss, weight)
    parents = (
        (members[one] @ losses.sum(axis=1, keepdims=True), members[one] @ weights.sum(axis=1, keepdims=True)),
        (losses.sum(axis=0) @ members[other].T, weights.sum(axis=0) @ members[other].T),
    )
    for above, of in parents:
        more, error = half.excess(loss, weight, above, of)
        ranks[(more < _ADDS * error) | (of - weight < 1e-6)] = np.inf
    for place in _best(ranks.ravel()):
        i, j = divmod(place, ranks.shape[1])
        made = Slice((conditions[one][i], conditions[other][j]))
        yield _Found(float(ranks[i, j]), made.key, made)


def _ranked(half: _Half, loss: Array, weight: Array) -> Array:
    """Minus the cautious excess; infinite for slices that are too small, too large or no worse than elsewhere."""
    more, error = half.excess(loss, weight, float(half.loss.sum()), float(half.n))
    allowed = (weight >= half.least) & (weight <= MOST_SHARE * half.n) & (more > _ADDS * error)
    return np.where(allowed, _CAUTION * error - more, np.inf)


def _best(ranks: Array) -> list[int]:
    order = np.argsort(ranks, kind="stable")[:_KEPT]
    return [int(i) for i in order if np.isfinite(ranks[i])]


def _members(conditions: Sequence[Condition], size: int) -> Array:
    """(conditions, codes) 1 where a condition holds a code."""
    low, high = (np.array([[getattr(c, end)] for c in conditions], dtype=np.int64).reshape(-1, 1) for end in _ENDS)
    code = np.arange(size)
    return np.asarray((code >= low) & (code <= high), dtype=np.float64)


_ENDS = ("low", "high")


def _by_code(half: _Half, column: int) -> tuple[Array, Array]:
    def summed(values: Array) -> Array:
        return np.asarray(np.bincount(half.codes[column], values, half.sizes[column]), dtype=np.float64)

    return summed(half.weight), summed(half.loss)


def _by_codes(half: _Half, one: int, other: int) -> tuple[Array, Array]:
    shape = (half.sizes[one], half.sizes[other])
    joint = half.codes[one] * shape[1] + half.codes[other]

    def summed(values: Array) -> Array:
        return np.asarray(np.bincount(joint, values, shape[0] * shape[1]), dtype=np.float64).reshape(shape)

    return summed(half.weight), summed(half.loss)


# --- choice ----------------------------------------------------------------------------------------


def _chosen(half: _Half, found: Sequence[_Found]) -> tuple[Slice, ...]:
    taken = np.zeros(half.n, dtype=bool)
    chosen: list[Slice] = []
    for candidate in found:
        if len(chosen) == MOST_SLICES:
            break
        rows = inside(dict(enumerate(half.codes)), candidate.slice.conditions)
        if _is_new(half, rows, taken):
            chosen.append(candidate.slice)
            taken |= rows
    return tuple(chosen)


def _is_new(half: _Half, rows: NDArray[np.bool_], taken: NDArray[np.bool_]) -> bool:
    """Whether nearly all rows are not taken, and these alone are worse than all others that are not."""
    if not taken.any():
        return True
    new, free = rows & ~taken, ~taken
    weight, of = float(half.weight[new].sum()), float(half.weight[free].sum())
    if weight < half.least or weight < _NEW * half.weight[rows].sum() or of - weight < half.least:
        return False
    more, error = half.excess(
        np.asarray(half.loss[new].sum()), np.asarray(weight), float(half.loss[free].sum()), float(of)
    )
    return bool(more > _CAUTION * error)
