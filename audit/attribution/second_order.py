"""Two columns to how predictions move with both beyond what each does alone: second-order accumulated local effects.

Each row is moved to the four corners of the cell that holds it; the second differences are averaged within a cell,
summed up along both columns, and freed of what each column does alone. Source: Apley and Zhu (2020),
doi:10.1111/rssb.12377, as in their package: a cell without rows takes the difference of the nearest one that has some.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.attribution.levels import Levels
from audit.attribution.output import Compute
from audit.attribution.replaced import Copy, outputs

Array = NDArray[np.float64]


def second_order(
    compute: Compute, rows: pd.DataFrame, first: Levels, second: Levels, weight: Array
) -> tuple[Array, NDArray[np.int64]]:
    """Return the effect at each pair of edges and the rows in each cell.

    Parameters
    ----------
    first, second : Levels
        Edges of two columns of numbers.
    weight : ndarray (n,) float64

    Returns
    -------
    effect : ndarray (k, l, K)
    counts : ndarray (k - 1, l - 1)
    """
    known = (first.place >= 0) & (second.place >= 0)
    change = _changes(compute, rows, first, second)
    cells = (len(first.at) - 1, len(second.at) - 1)
    flat = np.where(known, first.place * cells[1] + second.place, 0)
    each = np.where(known, weight, 0.0)
    mass = np.bincount(flat, weights=each, minlength=cells[0] * cells[1]).astype(np.float64)
    sums = [np.bincount(flat, weights=each * one, minlength=len(mass)) for one in change.T]
    mean = np.divide(
        np.stack(sums, axis=1), mass[:, None], out=np.zeros((len(mass), change.shape[1])), where=mass[:, None] > 0
    )
    mean = mean[_nearest(mass.reshape(cells) > 0).ravel()].reshape(*cells, -1)
    effect = np.zeros((cells[0] + 1, cells[1] + 1, mean.shape[2]))
    effect[1:, 1:] = mean.cumsum(axis=0).cumsum(axis=1)
    counts = np.bincount(flat, weights=known, minlength=len(mass)).reshape(cells).astype(np.int64)
    return _freed(effect, mass.reshape(cells)), counts


def _changes(compute: Compute, rows: pd.DataFrame, first: Levels, second: Levels) -> Array:
    # (n, K) second differences over the corners of each row's cell.
    i, j = np.maximum(first.place, 0), np.maximum(second.place, 0)
    columns = (first.column, second.column)
    corners = [Copy(columns, (first.at[i + a], second.at[j + b])) for a in (0, 1) for b in (0, 1)]
    low_low, low_high, high_low, high_high = outputs(compute, rows, len(rows), corners)
    return np.asarray((high_high - low_high) - (high_low - low_low), dtype=np.float64)


def _nearest(there: NDArray[np.bool_]) -> NDArray[np.int64]:
    # For each cell the place of the nearest one with rows, in ranks of the edges.
    from scipy.ndimage import distance_transform_edt

    sampling = (1 / there.shape[0], 1 / there.shape[1])
    a, b = distance_transform_edt(~there, sampling=sampling, return_distances=False, return_indices=True)
    return np.asarray(a * there.shape[1] + b, dtype=np.int64)


def _freed(effect: Array, mass: Array) -> Array:
    # Less the effects of each column within it, weighted by where the rows are, and then less its mean.
    along = _alone(np.diff(effect, axis=0), mass)
    across = _alone(np.diff(effect, axis=1).transpose(1, 0, 2), mass.T)
    left = effect - along[:, None, :] - across[None, :, :]
    middle = (left[:-1, :-1] + left[1:, :-1] + left[:-1, 1:] + left[1:, 1:]) / 4
    return np.asarray(left - np.einsum("ij,ijk->k", mass / mass.sum(), middle), dtype=np.float64)


def _alone(steps: Array, mass: Array) -> Array:
    # (k, K) from (k - 1, l, K) steps along a column: their means over the cells, summed up.
    within = (steps[:, :-1] + steps[:, 1:]) / 2
    total = mass.sum(axis=1)
    mean = np.einsum("ij,ijk->ik", mass, within) / np.where(total > 0, total, 1.0)[:, None]
    return np.concatenate([np.zeros((1, mean.shape[1])), mean.cumsum(axis=0)])
