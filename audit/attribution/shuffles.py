"""Columns shuffled among the rows to the predictions that the model then makes, all shuffles in a few large batches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.attribution.coalitions import assembled, batches
from audit.attribution.losses import Predicted
from audit.declarations.attribution import Ground

REPEATS = 5
"""Shuffles of a column or of a group of them."""

Shuffle = tuple[tuple[int, ...], NDArray[np.int64]]


def shuffled_predictions(ground: Ground, jobs: Sequence[Shuffle]) -> list[Predicted]:
    """Return the predictions of one copy of the ground's sampled rows a job, many copies in one call of the model.

    Parameters
    ----------
    jobs : sequence of (columns, permutation)
        Positions of the columns that are moved together, and the (n,) row that each row takes them from.
    """
    rows = ground.rows.iloc[: ground.sampled]
    n, d = rows.shape
    found: list[Predicted] = []
    for run in batches(len(jobs), n * d):
        part = jobs[run]
        label, score = ground.predict(_shuffled(rows, part))
        for i in range(len(part)):
            own = slice(i * n, (i + 1) * n)
            found.append((None if label is None else label[own], None if score is None else score[own]))
    return found


def _shuffled(rows: pd.DataFrame, jobs: Sequence[Shuffle]) -> pd.DataFrame:
    # One copy of the rows a job below the other.
    n, d = rows.shape
    kinds = set(rows.dtypes)
    plain = len(kinds) == 1 and all(isinstance(kind, np.dtype) and kind.kind in "fiub" for kind in kinds)
    values = rows.to_numpy() if plain else np.broadcast_to(np.arange(n)[:, None], (n, d))
    copies = np.empty((len(jobs), n, d), dtype=values.dtype)
    copies[:] = values
    for copy, (columns, permutation) in zip(copies, jobs, strict=True):
        for j in columns:
            copy[:, j] = values[permutation, j]
    every = copies.reshape(-1, d)
    # Plain numbers are copied as they are; of anything else, the places that they are to be taken from.
    return pd.DataFrame(every, columns=rows.columns) if plain else assembled(rows, every)


def affordable(ground: Ground, moved: int) -> int:
    """Return how many sampled rows the budget allows, where so many columns or groups are shuffled."""
    return min(ground.sampled, max(2, ground.budget // (REPEATS * max(1, moved))))
