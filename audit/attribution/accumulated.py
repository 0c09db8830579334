"""Local changes of predictions to accumulated local effects: how they move with a column where the rows really are.

Each row is moved to both edges of the bin that holds it, or to the categories next to its own; the changes of the
prediction are averaged within a bin, summed up from bin to bin, and centred. Unlike partial dependence no row is put
where no row is, so that correlated columns do not mislead it. Source: Apley and Zhu (2020), doi:10.1111/rssb.12377.
Their package centres an effect as if the rows of a bin stood at its middle; here each stands where it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.attribution.levels import Levels
from audit.attribution.output import Compute
from audit.attribution.replaced import Copy, outputs

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Local:
    """Changes of the prediction between neighbouring values of one column."""

    levels: Levels
    row: NDArray[np.int64]
    """(e,) row of each change."""
    step: NDArray[np.int64]
    """(e,) it leads from the value at this place to the next."""
    change: Array
    """(e, K)."""


@dataclass(frozen=True, kw_only=True)
class Accumulation:
    """Effects of one column on K outputs, and what each of n rows adds to them."""

    y: Array
    """(k, K) effect at each value; its mean over all rows is 0."""
    y_influence: Array
    """(n, k, K)."""
    size: Array
    """(K,) standard deviation of the effect over the rows."""
    size_influence: Array
    """(n, K)."""
    change: Array
    """(K,) effect at `ends[1]` less that at `ends[0]`."""
    change_influence: Array
    """(n, K)."""
    ends: tuple[int, int]
    """Places of the values next to the 5 % and 95 % quantiles; the outermost where these are one."""
    density: Array
    """(k - 1,) for numbers or (k,) for categories: share of the weight of all rows that have a value."""
    n: int
    """Rows behind it."""
    freedom: float
    """Degrees of freedom of its errors; under 1 where there are none."""


def predictions_per_row(columns: int) -> int:
    """Return how many predictions one row costs."""
    return 2 * columns + 1


def local_changes(compute: Compute, rows: pd.DataFrame, found: Sequence[Levels]) -> list[Local]:
    """Ask the model of every row at both neighbouring values of each column."""
    ends = [_ends(levels) for levels in found]
    copies = [Copy((levels.column,), (side,)) for levels, pair in zip(found, ends, strict=True) for side in pair]
    said = list(outputs(compute, rows, len(rows), copies))
    pairs = zip(said[::2], said[1::2], strict=True)
    as_they_are = compute(rows)
    return [_local(levels, low, high, as_they_are) for levels, (low, high) in zip(found, pairs, strict=True)]


def accumulated(local: Local, weight: Array, sampling: bool, member: NDArray[np.bool_] | None = None) -> Accumulation:
    """Sum the mean changes up from value to value.

    Parameters
    ----------
    weight : ndarray (n,) float64
    sampling : bool
        Whether weights are inverse inclusion probabilities rather than counts of equal rows.
    member : ndarray (n,) bool, optional
        The rows of one group. Its effect is centred over all rows, so that effects of equal shape are equal; between
        values where it has no rows, it moves as that of all rows does.
    """
    levels, steps = local.levels, len(local.levels.x) - 1
    known = levels.place >= 0
    part = np.where(known, weight, 0.0) / weight[known].sum()
    up, at_rows = _sums(levels, steps)
    centre = part @ at_rows
    mean, rest, used = _means(local, weight, sampling, steps, member)
    effect = at_rows @ mean - centre @ mean
    square = part @ effect**2
    size = np.sqrt(square)
    moved = np.einsum("bk,nbk->nk", (part[:, None] * (at_rows - centre)).T @ effect, rest)
    twice = 2 * moved + part[:, None] * (effect**2 - square)
    low, high = levels.ends(weight)
    counted = known & (weight > 0) & (True if member is None else member)
    n = float(counted.sum()) if sampling else float(weight[counted].sum())
    return Accumulation(
        y=(up - centre) @ mean,
        y_influence=np.einsum("nbk,jb->njk", rest, up - centre) - (part[:, None] * effect)[:, None, :],
        size=size,
        size_influence=np.divide(twice, 2 * size, out=np.zeros_like(twice), where=size > 0),
        change=(up[high] - up[low]) @ mean,
        change_influence=np.einsum("b,nbk->nk", up[high] - up[low], rest),
        ends=(low, high),
        density=levels.density(weight),
        n=int(counted.sum()),
        freedom=n - used,
    )


def error_of(influence: Array, weight: Array, sampling: bool, cluster: NDArray[np.int64] | None = None) -> Array:
    """Return the standard error of a figure from what each of the (n, ...) rows adds to it.

    Clusters of rows that are alike never make it smaller.
    """
    # A row of weight w is w equal rows that add a w-th each.
    times = np.divide(1.0, weight, out=np.zeros_like(weight), where=weight > 0)
    square = np.einsum("n,n...->...", np.ones(len(weight)) if sampling else times, influence**2)
    if cluster is not None:
        clusters, place = np.unique(cluster, return_inverse=True)
        sums = np.zeros((len(clusters), *influence.shape[1:]))
        np.add.at(sums, place, influence)
        square = np.maximum(square, (sums**2).sum(axis=0) * len(clusters) / max(1, len(clusters) - 1))
    return np.asarray(np.sqrt(square), dtype=np.float64)


def _ends(levels: Levels) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    # The rows of the pool whose value stands below and above each row's own.
    own, last = np.arange(len(levels.place)), len(levels.at) - 1
    low, high = (levels.place, levels.place + 1) if levels.numeric else (levels.place - 1, levels.place + 1)
    known = levels.place >= 0
    below, above = levels.at[np.clip(low, 0, last)], levels.at[np.clip(high, 0, last)]
    return np.where(known & (low >= 0), below, own), np.where(known & (high <= last), above, own)


def _local(levels: Levels, low: Array, high: Array, own: Array) -> Local:
    if levels.numeric:
        rows = np.flatnonzero(levels.place >= 0)
        return Local(levels=levels, row=rows, step=levels.place[rows], change=high[rows] - low[rows])
    up = np.flatnonzero((levels.place >= 0) & (levels.place < len(levels.at) - 1))
    down = np.flatnonzero(levels.place > 0)
    return Local(
        levels=levels,
        row=np.concatenate([up, down]),
        step=np.concatenate([levels.place[up], levels.place[down] - 1]),
        change=np.concatenate([high[up] - own[up], own[down] - low[down]]),
    )


def _sums(levels: Levels, steps: int) -> tuple[Array, Array]:
    # From mean changes to the effect at each value, and at each row: within a bin it moves in a straight line.
    up = (np.arange(steps + 1)[:, None] > np.arange(steps)).astype(np.float64)
    place = np.maximum(levels.place, 0)
    at_rows = up[place]
    if levels.numeric:
        at_rows[np.arange(len(place)), place] = levels.part
    return up, at_rows


def _means(
    local: Local, weight: Array, sampling: bool, steps: int, member: NDArray[np.bool_] | None
) -> tuple[Array, Array, int]:
    # (steps, K) mean changes; (n, steps, K) what each row adds to them; how many means were taken.
    outputs_ = local.change.shape[1]
    mine = np.ones(len(local.row), dtype=np.bool_) if member is None else member[local.row]
    each = np.where(mine, weight[local.row], 0.0)
    total = np.bincount(local.step, weights=each, minlength=steps)
    there = total > 0
    mean = _averages(local, each, total, steps)
    if not there.all():
        everybody = weight[local.row]
        whole = _averages(local, everybody, np.bincount(local.step, weights=everybody, minlength=steps), steps)
        mean = np.where(there[:, None], mean, whole)
    number = np.bincount(local.step, weights=(each > 0) if sampling else each, minlength=steps)
    away = local.change - mean[local.step]
    lone = number <= 1
    many = each * ~lone[local.step]
    if lone.any() and many.any():
        # What a single row strays by cannot be told from itself: it is lent the spread within the other steps.
        freedom = float((number[~lone] - 1).sum()) / float(number[~lone].sum())
        away = np.where(lone[local.step][:, None], np.sqrt(many @ away**2 / many.sum() / freedom), away)
    scale = np.divide(number, number - 1, out=np.ones(steps), where=~lone)
    part = np.divide(each, total[local.step], out=np.zeros(len(each)), where=each > 0)
    rest = np.zeros((len(weight), steps, outputs_))
    np.add.at(rest, (local.row, local.step), (part * np.sqrt(scale[local.step]))[:, None] * away)
    return mean, rest, int(there.sum())


def _averages(local: Local, each: Array, total: NDArray[Any], steps: int) -> Array:
    sums = np.stack([np.bincount(local.step, weights=each * one, minlength=steps) for one in local.change.T], axis=1)
    there = total[:, None] > 0
    return np.asarray(np.divide(sums, total[:, None], out=np.zeros_like(sums), where=there), dtype=np.float64)
