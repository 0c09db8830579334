"""Rows with some of their columns taken from other rows, many copies at a time, to what the model says of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.attribution.coalitions import assembled, batches
from audit.attribution.output import Compute


@dataclass(frozen=True)
class Copy:
    """One copy of the rows, in which some columns hold what other rows of a pool hold there."""

    columns: tuple[int, ...]
    source: tuple[NDArray[np.int64], ...]
    """For each of those columns the (n,) row of the pool that each row takes its value from."""


def outputs(compute: Compute, pool: pd.DataFrame, rows: int, copies: Sequence[Copy]) -> Iterator[NDArray[np.float64]]:
    """Yield the (n, K) output of each copy of the first `rows` rows of a pool; one call of the model takes many.

    Parameters
    ----------
    compute : callable
        (m, d) rows -> (m, K) output.
    pool : DataFrame (m, d)
        Rows that values are taken from, those that are copied first.
    rows : int
        How many rows n are copied.
    """
    width = pool.shape[1]
    for run in batches(len(copies), rows * width):
        part = copies[run]
        source = np.empty((len(part), rows, width), dtype=np.int64)
        source[:] = np.arange(rows)[:, None]
        for place, copy in zip(source, part, strict=True):
            for column, taken in zip(copy.columns, copy.source, strict=True):
                place[:, column] = taken
        found = compute(assembled(pool, source.reshape(-1, width)))
        yield from found.reshape(len(part), rows, -1)


def curves_of(
    compute: Compute, pool: pd.DataFrame, rows: int, values: Sequence[tuple[int, NDArray[np.int64]]]
) -> list[NDArray[np.float64]]:
    """Return the (n, k, K) output of the first `rows` rows, for each column set to each of its k values in turn.

    Parameters
    ----------
    values : (position of a column, (k,) rows of the pool that hold its values) for each column.
    """
    copies = [Copy((column,), (np.full(rows, at),)) for column, places in values for at in places]
    said = outputs(compute, pool, rows, copies)
    return [np.stack([next(said) for _ in places], axis=1) for _, places in values]
