"""Any prediction function to Shapley values of its output, by coalitions of original columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import comb
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Predict = Callable[[pd.DataFrame], NDArray[np.float64]]

_CELLS = 2_000_000
EXACT_COLUMNS = 5
"""Up to here every coalition costs no more than a few orders of the columns."""


@dataclass(frozen=True)
class Coalitions:
    """Shapley values of the interventional game, with the error of sampling it."""

    values: NDArray[np.float64]
    """(n, d, K)."""
    base: NDArray[np.float64]
    """(K,) mean output over the background."""
    error: NDArray[np.float64] | None
    """(n, d, K) standard errors; None where every coalition was counted."""
    background_rows: int


def predictions_per_row(columns: int, background: int) -> int:
    """Return how many predictions one row costs."""
    if columns <= EXACT_COLUMNS:
        return int(2**columns * background)
    return 2 * (columns - 1) * max(2, background)


def coalition_values(
    predict: Predict, rows: pd.DataFrame, background: pd.DataFrame, rng: np.random.Generator
) -> Coalitions:
    """Attribute predictions to columns by replacing absent columns with background rows.

    Up to five columns every coalition is counted. Above, each background row is met by one random order of the
    columns and by its reverse: the attributions still add up exactly, and their spread over background rows gives the
    error.
    Columns are taken whole from one row or the other, so text, categories and missing values need no encoding.
    """
    if rows.shape[1] <= EXACT_COLUMNS:
        return counted_values(predict, rows, background)
    return ordered_values(predict, rows, background, rng, np.arange(rows.shape[1]))


def ordered_values(
    predict: Predict,
    rows: pd.DataFrame,
    background: pd.DataFrame,
    rng: np.random.Generator,
    groups: NDArray[np.int64],
) -> Coalitions:
    """Attribute predictions to columns by random orders in which each group of columns enters in one go.

    Parameters
    ----------
    groups : ndarray of int64, shape (d,)
        Number of the group of each column, from 0. With each column in its own, these are Shapley values.
    """
    pool, n = pd.concat([rows, background], ignore_index=True), len(rows)
    d, b, ends = pool.shape[1], len(background), predict(pool)
    # One job is one explained row against one background row; a single one is met twice, so that there is a spread.
    each = max(2, b)
    row, other = np.repeat(np.arange(n), each), np.tile(n + np.arange(each) % b, n)
    gains = np.empty((n * each, d, ends.shape[1]))
    for run in batches(n * each, 2 * (d - 1) * d):
        order = _orders(len(row[run]), groups, rng)
        both = np.stack([order, order[:, ::-1]], axis=1)
        gains[run] = _gains(predict, pool, both, row[run], other[run], ends).mean(axis=1)
    by_row = gains.reshape(n, each, d, -1)
    error = by_row.std(axis=1, ddof=1) / np.sqrt(each)
    return Coalitions(by_row.mean(axis=1), ends[n:].mean(axis=0), error, b)


def counted_values(predict: Predict, rows: pd.DataFrame, background: pd.DataFrame) -> Coalitions:
    """Attribute predictions to columns by counting all coalitions, against every background row."""
    given, members = worths(predict, rows, background)
    d, size = rows.shape[1], members.sum(axis=1)
    values = []
    for j in range(d):
        without = np.flatnonzero(~members[:, j])
        share = np.array([1 / (d * comb(d - 1, int(s))) for s in size[without]])
        values.append(np.einsum("s,nsk->nk", share, given[:, without + 2**j] - given[:, without]))
    return Coalitions(np.stack(values, axis=1), given[0, 0], None, len(background))


def worths(
    predict: Predict, rows: pd.DataFrame, background: pd.DataFrame
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the (n, 2**d, K) worth of every coalition, and its (2**d, d) members; bit j of its place is column j."""
    n, d = rows.shape
    members = (np.arange(2**d)[:, None] >> np.arange(d)) & 1 == 1
    return worth(predict, rows, background, np.broadcast_to(members, (n, *members.shape))), members


def worth(
    predict: Predict, rows: pd.DataFrame, background: pd.DataFrame, members: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the (n, s, K) mean output over the background of each row's own (n, s, d) coalitions."""
    pool, (n, s, d), b = pd.concat([rows, background], ignore_index=True), members.shape, len(background)
    parts = []
    for run in batches(n * s, b * d):
        job = np.arange(run.start, run.stop)
        inside = members[job // s, job % s]
        source = np.where(inside[:, None, :], (job // s)[:, None, None], n + np.arange(b)[None, :, None])
        parts.append(predict(assembled(pool, source.reshape(-1, d))).reshape(len(job), b, -1).mean(axis=1))
    return np.concatenate(parts).reshape(n, s, -1)


def batches(total: int, cells_each: int) -> Iterator[slice]:
    """Cut `total` jobs into runs that stay within the bound on cells held at once."""
    size = max(1, _CELLS // max(1, cells_each))
    return (slice(start, min(start + size, total)) for start in range(0, total, size))


def assembled(pool: pd.DataFrame, source: NDArray[np.int64]) -> pd.DataFrame:
    """Return the table whose column j holds, in row i, what the pool's row `source[i, j]` holds in column j."""
    kinds = pool.dtypes.to_numpy()
    columns: dict[int, Any] = {}
    for dtype in dict.fromkeys(kinds):
        alike = [j for j, kind in enumerate(kinds) if kind == dtype]
        if dtype.kind in "fiub" and isinstance(dtype, np.dtype):
            # Plain numbers move as one block, which is what makes a wide table bearable.
            taken = pool.iloc[:, alike].to_numpy()[source[:, alike], np.arange(len(alike))]
            if len(alike) == pool.shape[1]:
                return pd.DataFrame(taken, columns=pool.columns)
            columns |= {j: taken[:, i] for i, j in enumerate(alike)}
        else:
            columns |= {j: pd.Series(pool.iloc[:, j].array.take(source[:, j]), dtype=dtype) for j in alike}
    frame = pd.DataFrame({j: columns[j] for j in range(pool.shape[1])})
    frame.columns = pool.columns
    return frame


def _orders(jobs: int, groups: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    # (jobs, d) columns in the order in which they enter.
    within = rng.random((jobs, len(groups)))
    if len(set(groups.tolist())) == len(groups):
        return within.argsort(axis=1)
    turn = rng.random((jobs, int(groups.max()) + 1)).argsort(axis=1).argsort(axis=1)
    return (turn[:, groups] + within).argsort(axis=1)


def _gains(
    predict: Predict,
    pool: pd.DataFrame,
    orders: NDArray[np.int64],
    row: NDArray[np.int64],
    other: NDArray[np.int64],
    ends: NDArray[np.float64],
) -> NDArray[np.float64]:
    # (jobs, 2, d, K): what each column of `row` adds to `other` when it enters in its turn of each order.
    jobs, two, d = orders.shape
    rank = orders.argsort(axis=2)
    inside = rank[:, :, None, :] < np.arange(1, d)[:, None]
    source = np.where(inside, row[:, None, None, None], other[:, None, None, None])
    between = predict(assembled(pool, source.reshape(-1, d))).reshape(jobs, two, d - 1, -1)
    shape = (jobs, two, 1, between.shape[-1])
    first, last = (np.broadcast_to(ends[end][:, None, None, :], shape) for end in (other, row))
    gains = np.diff(np.concatenate([first, between, last], axis=2), axis=2)
    return np.take_along_axis(gains, rank[..., None], axis=2)
