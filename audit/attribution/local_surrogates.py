"""Perturbed rows and what the model gives for them to one weighted linear surrogate for each explained row."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

_WIDTH = 0.75
_RIDGE = 1.0
_CHOICE = 0.01
_FORWARD = 6
_FLAT = 1e-12


@dataclass(frozen=True)
class Surrogates:
    """A weighted linear model around each of n rows, for each of K outputs."""

    weight: NDArray[np.float64]
    """(n, d, K) coefficient of each column; 0 where it was not chosen."""
    own: NDArray[np.float64]
    """(n, d) what the row itself holds: 1 for its own bin or category, its standardised number otherwise."""
    intercept: NDArray[np.float64]
    """(n, K)."""
    r2: NDArray[np.float64]
    """(n, K) share of the weighted variance of the output that it explains, NaN where the output is constant."""

    @property
    def values(self) -> NDArray[np.float64]:
        """(n, d, K) what each column adds to the surrogate's prediction of the row."""
        return self.weight * self.own[:, :, None]

    def rescaled(self, unit: NDArray[np.float64], shift: NDArray[np.float64]) -> Surrogates:
        """Return the surrogates of `unit * output + shift`, each of shape (K,)."""
        return replace(self, weight=self.weight * unit, intercept=self.intercept * unit + shift)


@dataclass(frozen=True)
class Draw:
    """Perturbed rows of one draw."""

    place: NDArray[np.int16]
    """(m, d) bin or category of each value."""
    standardised: NDArray[np.float64]
    """(m, weighed)."""
    output: NDArray[np.float64]
    """(m, K) what the model gives."""


def moments(
    draw: Draw,
    place: NDArray[np.int16],
    standardised: NDArray[np.float64],
    output: NDArray[np.float64],
    weighed: tuple[int, ...],
) -> NDArray[np.float64]:
    """Return the (n, 1 + d + K, 1 + d + K) weighted moments of one draw around each of n rows, the row itself counted.

    A perturbed row at distance D weighs exp(-D² / 2 w²), with w = 0.75 times the root of the number of columns; D
    counts columns in another bin or category, and squares of differences of standardised numbers. Products are taken
    in single precision: outputs are of the size of 1.
    """  # fmt: skip
    (m, d), (n, k) = draw.place.shape, output.shape
    cut = [j for j in range(d) if j not in set(weighed)]
    # Columns of a draw lie one below the other, so that comparing and multiplying run over contiguous memory.
    held = np.ascontiguousarray(draw.place.T[cut])
    part = np.empty((1 + d + k, m + 1), dtype=np.float32)
    part[0] = 1.0
    part[1 + d :, 1:] = draw.output.T
    if weighed:
        part[1 + np.array(weighed), 1:] = draw.standardised.T
    near = np.empty(m + 1, dtype=np.float32)
    found = np.empty((n, 1 + d + k, 1 + d + k))
    at = [1 + j for j in cut]
    contiguous = len(cut) == d
    for i in range(n):
        same = held == place[i, cut][:, None]
        if contiguous:
            part[1 : 1 + d, 1:] = same
        else:
            part[at, 1:] = same
        part[at, 0] = 1.0
        far = len(cut) - same.sum(axis=0, dtype=np.int16).astype(np.float32)
        if weighed:
            part[1 + np.array(weighed), 0] = standardised[i]
            far = far + ((draw.standardised - standardised[i]) ** 2).sum(axis=1)
        part[1 + d :, 0] = output[i]
        near[0] = 1.0
        near[1:] = np.exp(-far / (2 * _WIDTH**2 * d))
        found[i] = (part * near) @ part.T
    return found


def fitted(moment: NDArray[np.float64], own: NDArray[np.float64], most: int) -> Surrogates:
    """Fit a ridge of penalty 1 on the columns that say most, at most `most` of them.

    Up to six columns are chosen one by one, each time the one that explains most; above, those with the largest
    products of coefficient and own value in a ridge of penalty 0.01 on all columns.

    Parameters
    ----------
    moment : ndarray, shape (n, 1 + d + K, 1 + d + K)
        From `moments`; those of several draws may be summed.
    own : ndarray, shape (n, d)
        What the rows themselves hold.

    References
    ----------
    Ribeiro, Singh, Guestrin: "Why should I trust you?" (2016), doi:10.1145/2939672.2939778, and the package `lime`.
    """
    n, d = own.shape
    k = moment.shape[1] - 1 - d
    total = moment[:, 0, 0]
    mean = moment[:, 0, 1:] / total[:, None]
    centred = moment[:, 1:, 1:] - total[:, None, None] * mean[:, :, None] * mean[:, None, :]
    xx, xy = centred[:, :d, :d], centred[:, :d, d:]
    yy = np.maximum(np.einsum("nkk->nk", centred[:, d:, d:]), 0.0)
    weight = np.zeros((n, d, k))
    for i in range(n):
        for c in range(k):
            chosen = _chosen(xx[i], xy[i, :, c], own[i], most)
            weight[i, chosen, c] = _ridge(xx[i][np.ix_(chosen, chosen)], xy[i, chosen, c], _RIDGE)
    explained = 2 * np.einsum("ndk,ndk->nk", weight, xy) - np.einsum("ndk,nde,nek->nk", weight, xx, weight)
    flat = yy <= _FLAT * total[:, None]
    r2 = np.where(flat, np.nan, np.minimum(explained / np.where(flat, 1.0, yy), 1.0))
    intercept = mean[:, d:] - np.einsum("nd,ndk->nk", mean[:, :d], weight)
    return Surrogates(weight=weight, own=own, intercept=intercept, r2=r2)


def _chosen(xx: NDArray[np.float64], xy: NDArray[np.float64], own: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    d = len(xy)
    if most >= d:
        return np.arange(d)
    if most > _FORWARD:
        size = np.abs(_ridge(xx, xy, _CHOICE) * own)
        return np.sort(np.argsort(-size, kind="stable")[:most])
    chosen: list[int] = []
    for _ in range(most):
        rest = [j for j in range(d) if j not in chosen]
        gains = [_gain(xx, xy, [*chosen, j]) for j in rest]
        chosen.append(rest[int(np.argmax(gains))])
    return np.sort(np.array(chosen, dtype=np.int64))


def _gain(xx: NDArray[np.float64], xy: NDArray[np.float64], columns: list[int]) -> float:
    # What of the output the columns explain without a penalty; a trifle keeps a column that never changes out.
    part = xx[np.ix_(columns, columns)]
    return float(xy[columns] @ _ridge(part, xy[columns], 1e-9 * max(1.0, float(np.trace(xx)))))


def _ridge(xx: NDArray[np.float64], xy: NDArray[np.float64], penalty: float) -> NDArray[np.float64]:
    return np.asarray(np.linalg.solve(xx + penalty * np.eye(len(xy)), xy), dtype=np.float64)
