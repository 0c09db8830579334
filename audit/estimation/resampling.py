"""The row bootstrap: rows in, how often each is drawn in every replicate out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_CHUNK = 2**18
"""Weights made at a time: few enough to stay in the processor's cache."""


def resampled(
    weight: Array | None, n: int, sampling: bool, resamples: int, rng: np.random.Generator
) -> Iterator[Array]:
    """Yield (b, n) row weights of bootstrap replicates until there are `resamples` of them.

    Frequency weights stand for that many equal rows, each drawn on its own; sampling weights travel with their row.
    """
    for rows in chunks(n, resamples):
        if weight is None or sampling:
            counts = _equal(n, rows, rng)
            yield counts if weight is None else counts * weight
        else:
            yield rng.multinomial(round(weight.sum()), weight / weight.sum(), size=rows).astype(np.float64)


def resampled_cells(cells: Array, resamples: int, rng: np.random.Generator) -> Array:
    """(resamples, q) counts of cells under the same law as resampling the rows behind (q,) counts."""
    return rng.multinomial(round(cells.sum()), cells / cells.sum(), size=resamples).astype(np.float64)


def chunks(n: int, resamples: int) -> Iterator[int]:
    """Yield how many replicates to make at a time."""
    size = max(1, _CHUNK // max(n, 1))
    for start in range(0, resamples, size):
        yield min(size, resamples - start)


def _equal(n: int, rows: int, rng: np.random.Generator) -> Array:
    drawn = rng.integers(0, n, size=(rows, n), dtype=np.int32 if n < 2**31 else np.int64)
    index = drawn + np.arange(rows, dtype=np.int64)[:, None] * n
    return np.bincount(index.ravel(), minlength=rows * n).reshape(rows, n).astype(np.float64)
