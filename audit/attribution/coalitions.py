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
_EXACT_COLUMNS = 5


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
    if columns <= _EXACT_COLUMNS:
        return int(2**columns * background)
    return 2 * (columns - 1) * background


def coalition_values(
    predict: Predict, rows: pd.DataFrame, background: pd.DataFrame, rng: np.random.Generator
) -> Coalitions:
    """Attribute predictions to columns by replacing absent columns with background rows.

    Up to five columns every coalition is counted. Above, each background row is met by one random order of the
    columns and by its reverse: the attributions still add up exactly, and their spread over background rows gives the
    error.
    Columns are taken whole from one row or the other, so text, categories and missing values need no encoding.
    """
    pool = pd.concat([rows, background], ignore_index=True)
    if rows.shape[1] <= _EXACT_COLUMNS:
        return _counted(predict, pool, len(rows))
    return _sampled(predict, pool, len(rows), rng)


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


def _counted(predict: Predict, pool: pd.DataFrame, n: int) -> Coalitions:
    d, b = pool.shape[1], len(pool) - n
    members = (np.arange(2**d)[:, None] >> np.arange(d)) & 1 == 1
    worth = np.stack([_worth(predict, pool, n, row, members) for row in range(n)])
    size = members.sum(axis=1)
    values = []
    for j in range(d):
        without = np.flatnonzero(~members[:, j])
        share = np.array([1 / (d * comb(d - 1, int(s))) for s in size[without]])
        values.append(np.einsum("s,nsk->nk", share, worth[:, without + 2**j] - worth[:, without]))
    return Coalitions(np.stack(values, axis=1), worth[0, 0], None, b)


def _worth(predict: Predict, pool: pd.DataFrame, n: int, row: int, members: NDArray[np.bool_]) -> NDArray[np.float64]:
    # (2**d, K) mean output over the background, for each coalition.
    b, d = len(pool) - n, pool.shape[1]
    parts = []
    for run in batches(len(members), b * d):
        inside = members[run]
        source = np.where(inside[:, None, :], row, n + np.arange(b)[None, :, None])
        parts.append(predict(assembled(pool, source.reshape(-1, d))).reshape(len(inside), b, -1).mean(axis=1))
    return np.concatenate(parts)


def _sampled(predict: Predict, pool: pd.DataFrame, n: int, rng: np.random.Generator) -> Coalitions:
    d, b = pool.shape[1], len(pool) - n
    ends = predict(pool)
    # One job is one explained row against one background row.
    row, other = np.repeat(np.arange(n), b), np.tile(np.arange(n, n + b), n)
    gains = np.empty((n * b, d, ends.shape[1]))
    for run in batches(n * b, 2 * (d - 1) * d):
        order = rng.random((len(row[run]), d)).argsort(axis=1)
        both = np.stack([order, order[:, ::-1]], axis=1)
        gains[run] = _gains(predict, pool, both, row[run], other[run], ends).mean(axis=1)
    by_row = gains.reshape(n, b, d, -1)
    error = by_row.std(axis=1, ddof=1) / np.sqrt(b) if b > 1 else np.zeros_like(by_row[:, 0])
    return Coalitions(by_row.mean(axis=1), ends[n:].mean(axis=0), error, b)


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
