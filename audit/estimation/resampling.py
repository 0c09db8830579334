"""The row bootstrap: rows in, how often each is drawn in every replicate out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_CHUNK = 2**17
"""Draws made at a time: few enough to stay in the processor's cache."""

_LONG = 20
"""Equal rows behind a weighted row, on average, above which a multinomial is faster than single draws."""


def resampled(
    weight: Array | None, n: int, sampling: bool, resamples: int, rng: np.random.Generator
) -> Iterator[NDArray[np.float64] | NDArray[np.int64]]:
    """Yield (b, n) row weights of bootstrap replicates until there are `resamples` of them.

    Frequency weights stand for that many equal rows, each drawn on its own; sampling weights travel with their row.
    """
    if weight is None:
        yield from _drawn(n, np.arange(n), resamples, rng)
    elif sampling:
        yield from (counts * weight for counts in _drawn(n, np.arange(n), resamples, rng))
    elif (weight == np.rint(weight)).all() and weight.sum() <= _LONG * n:
        yield from _drawn(n, np.repeat(np.arange(n), weight.astype(np.int64)), resamples, rng)
    else:
        for rows in _chunks(n, resamples):
            yield rng.multinomial(round(weight.sum()), weight / weight.sum(), size=rows)


def resampled_cells(cells: Array, resamples: int, rng: np.random.Generator) -> Array:
    """(resamples, q) counts of cells under the same law as resampling the rows behind (q,) counts."""
    return rng.multinomial(round(cells.sum()), cells / cells.sum(), size=resamples).astype(np.float64)


def _drawn(n: int, row: NDArray[np.int64], resamples: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Yield (b, n) counts of the rows behind as many draws from `row` as it is long."""
    size = len(row)
    for rows in _chunks(size, resamples):
        # 32 random bits a draw are enough and faster; bincount is fastest on 64.
        drawn = rng.integers(0, size, size=(rows, size), dtype=np.int32).astype(np.int64)
        if size != n:
            drawn = row[drawn]
        if rows > 1:
            drawn += np.arange(rows)[:, None] * n
        yield np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n)


def _chunks(n: int, resamples: int) -> Iterator[int]:
    """Yield how many replicates to make at a time."""
    size = max(1, _CHUNK // max(n, 1))
    for start in range(0, resamples, size):
        yield min(size, resamples - start)
