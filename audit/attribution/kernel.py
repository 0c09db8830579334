"""Rows to Shapley values by a weighted regression of the worth of coalitions on their members."""

from __future__ import annotations

from math import comb

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.attribution.coalitions import Coalitions, Predict, worth

_FEWEST_SAMPLED = 128
_SAMPLED_A_COLUMN = 4


def coalitions_needed(columns: int) -> int:
    """Return how many coalitions one row is regressed on, the empty and the whole one left out.

    All of them up to seven columns; above, every column alone and every column left out, and 128 random ones, or four
    a column where that is more.
    """
    return min(int(2**columns) - 2, 2 * columns + max(_FEWEST_SAMPLED, _SAMPLED_A_COLUMN * columns))


def kernel_values(
    predict: Predict, rows: pd.DataFrame, background: pd.DataFrame, rng: np.random.Generator
) -> Coalitions:
    """Attribute predictions by weighted least squares, under the constraint that the values add up exactly.

    A coalition of s of d columns weighs (d - 1) / (C(d, s) s (d - s)), for which the solution over all coalitions is
    the Shapley values. Where coalitions are sampled, each comes with its complement; the error is that of a regression
    on independent pairs (the sandwich).

    References
    ----------
    Lundberg, Lee: A unified approach to interpreting model predictions (2017), theorem 2, arXiv:1705.07874; pairs and
    errors: Covert, Lee: Improving KernelSHAP (2021), arXiv:2012.01536.
    """
    n, d = rows.shape
    base, whole = predict(background).mean(axis=0), predict(rows)
    if d == 1:
        return Coalitions((whole - base)[:, None], base, None, len(background))
    members, weight, pairs = _design(n, d, rng)
    gain = worth(predict, rows, background, members) - base
    inside = members.astype(np.float64)
    values, spread = _solved(inside, weight, gain, whole - base)
    if not pairs:
        values[_idle(gain, whole - base)] = 0.0
        return Coalitions(values, base, None, len(background))
    return Coalitions(values, base, _error(inside, weight, gain, values, spread, pairs), len(background))


def _design(n: int, d: int, rng: np.random.Generator) -> tuple[NDArray[np.bool_], NDArray[np.float64], int]:
    # (n, s, d) members, (s,) weights and the number of pairs at the end that are sampled; pairs stand side by side.
    needed = coalitions_needed(d)
    if needed == 2**d - 2:
        every = (np.arange(1, 2**d - 1)[:, None] >> np.arange(d)) & 1 == 1
        size = every.sum(axis=1)
        weight = np.array([(d - 1) / (comb(d, int(s)) * s * (d - s)) for s in size])
        return np.broadcast_to(every, (n, *every.shape)), weight, 0
    alone = np.eye(d, dtype=bool)
    ends = np.stack([alone, ~alone], axis=1).reshape(-1, d)
    pairs = (needed - 2 * d) // 2
    middle = np.arange(2, d - 1)
    share = (d - 1) / (middle * (d - middle))
    size = rng.choice(middle, size=(n, pairs), p=share / share.sum())
    drawn = rng.random((n, pairs, d)).argsort(axis=2).argsort(axis=2) < size[:, :, None]
    sampled = np.stack([drawn, ~drawn], axis=2).reshape(n, 2 * pairs, d)
    weight = np.concatenate([np.full(2 * d, 1 / d), np.full(2 * pairs, share.sum() / (2 * pairs))])
    return np.concatenate([np.broadcast_to(ends, (n, 2 * d, d)), sampled], axis=1), weight, pairs


def _idle(gain: NDArray[np.float64], total: NDArray[np.float64]) -> NDArray[np.bool_]:
    # (n, d, K) columns that change no coalition, to which a regression would leave what it rounds.
    every = np.concatenate([np.zeros_like(gain[:, :1]), gain, total[:, None]], axis=1)
    place = np.arange(every.shape[1])
    columns = len(place).bit_length() - 1
    without = [place[(place >> j) & 1 == 0] for j in range(columns)]
    return np.stack([(every[:, s] == every[:, s + 2**j]).all(axis=1) for j, s in enumerate(without)], axis=1)


def _solved(
    inside: NDArray[np.float64], weight: NDArray[np.float64], gain: NDArray[np.float64], total: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    # (n, d, K) values, and the (n, d, d) matrix that turns a gradient into a change of them.
    weighted = inside * weight[:, None]
    inverse = np.linalg.inv(weighted.transpose(0, 2, 1) @ inside)
    row = inverse.sum(axis=1)
    scale = row.sum(axis=1)[:, None, None]
    spread = inverse - row[:, :, None] * row[:, None, :] / scale
    moment = weighted.transpose(0, 2, 1) @ gain
    return spread @ moment + row[:, :, None] * total[:, None, :] / scale, spread


def _error(
    inside: NDArray[np.float64],
    weight: NDArray[np.float64],
    gain: NDArray[np.float64],
    values: NDArray[np.float64],
    spread: NDArray[np.float64],
    pairs: int,
) -> NDArray[np.float64]:
    # (n, d, K) standard errors: only the sampled pairs vary, each with an equal share of their weight. Residuals are
    # smaller than what they stand for, the more columns were fitted to them: the factor of the jackknife makes up.
    n, _, d = inside.shape
    at = slice(len(weight) - 2 * pairs, None)
    residual = gain[:, at] - inside[:, at] @ values
    drift = inside[:, at, :, None] * residual[:, :, None, :] * weight[at, None, None] * pairs
    by_pair = drift.reshape(n, pairs, 2, d, -1).sum(axis=2)
    moved = np.einsum("nde,npek->npdk", spread, by_pair, optimize=True)
    return np.asarray(moved.std(axis=1, ddof=1) / np.sqrt(pairs) * pairs / (pairs - d + 1), dtype=np.float64)
