"""Populations to draw audited rows from: one pool of rows for each cell of the grid, whose figures are the truth.

A pool is the population: rows are drawn from it with replacement, so that a metric of the whole pool is exactly what
the intervals have to hold, whatever the metric.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from audit.declarations.metric import Sample
from audit.estimation.estimate import subset

POOL = 400_000
SIZES = (30, 100, 1000)
RATES = (0.02, 0.1, 0.3, 0.5)
ERRORS = ("normal", "skewed", "heavy")
POPULATIONS = ("tuned", "other")
"""Those on which the constants of the methods were chosen, and others of other shapes, on which nothing was."""
OTHER_SIZES = (30, 300)
OTHER = {
    "binary": ("beta=0.06", "beta=0.4", "values=0.15", "tails=0.08"),
    "regression": ("target=lognormal", "target=zero-inflated", "target=counts"),
    "multiclass": ("shares=45/45/10", "shares=50/25/15/7/3"),
}
OTHER_VARIANTS = ("continuous", "sampling")
VARIANTS = ("continuous", "ties", "frequency", "sampling")
"""Scores all different; rounded; rounded and equal rows told once with their number; drawn with unequal chances."""


@dataclass(frozen=True)
class Cell:
    """One place of the grid."""

    task: str
    n: int
    shape: str
    """Base rate, law of the errors, or shares of the classes."""
    variant: str

    def __str__(self) -> str:
        """Return what a table shows."""
        return f"{self.task} n={self.n} {self.shape} {self.variant}"


@dataclass(frozen=True)
class Pool:
    """A population of rows."""

    sample: Sample
    weight: NDArray[np.float64] | None
    """(POOL,) inverse of each row's chance of being drawn, up to a factor; None where all are equal."""
    code: NDArray[np.int64] | None
    """(POOL,) which rows are equal; None where they are not told as one."""


def grid(task: str, populations: str = "tuned") -> list[Cell]:
    """Return every cell of a task."""
    if populations == "other":
        return [Cell(task, n, s, v) for n, s, v in product(OTHER_SIZES, OTHER[task], OTHER_VARIANTS)]
    shapes = {
        "binary": [f"rate={r}" for r in RATES],
        "regression": [f"errors={e}" for e in ERRORS],
        "multiclass": ["shares=60/30/10"],
    }
    return [Cell(task, n, s, v) for n, s, v in product(SIZES, shapes[task], VARIANTS)]


@lru_cache(maxsize=64)
def pool_of(task: str, shape: str, variant: str) -> Pool:
    """Return the population of a cell; it does not depend on n."""
    rng = np.random.default_rng(20_261_125)
    coarse = variant in ("ties", "frequency")
    other = shape in OTHER[task]
    make = {"binary": _binary, "regression": _regression, "multiclass": _multiclass}[task]
    if other:
        make = {"binary": _other_binary, "regression": _other_regression, "multiclass": _other_multiclass}[task]
    made = make(shape, coarse, rng)
    if variant == "sampling" and other:
        # Three levels of weight that fall with the score, in part.
        score = made.score if made.score.ndim == 1 else made.score[:, 0]
        rank = np.argsort(np.argsort(score + rng.normal(0, 1e-9, POOL))) / POOL
        level = np.clip(2.999 * (0.6 * (1 - rank) + 0.4 * rng.random(POOL)), 0, 2.99).astype(int)
        return Pool(made, np.array([1.0, 2.0, 6.0])[level], None)
    if variant == "sampling":
        # Rows that score high, and half of all others, are three times as likely to be drawn.
        score = made.score if made.score.ndim == 1 else made.score[:, 0]
        often = (score > np.quantile(score, 0.7)) | (rng.random(POOL) < 0.5)
        return Pool(made, np.where(often, 1.0, 3.0), None)
    if variant == "frequency":
        score = made.score if made.score.ndim == 1 else made.score[:, 0]
        told = [made.target, score, *([] if made.low is None else [made.low])]
        _, code = np.unique(np.column_stack(told), axis=0, return_inverse=True)
        return Pool(made, None, code.ravel())
    return Pool(made, None, None)


def drawn(cell: Cell, replicates: int, rng: np.random.Generator) -> tuple[Sample, NDArray[np.int64]]:
    """Draw `replicates` tables of n rows each; return all rows as one sample, and the table of each row."""
    pool = pool_of(cell.task, cell.shape, cell.variant)
    size = replicates * cell.n
    table = np.repeat(np.arange(replicates), cell.n)
    if pool.weight is not None and pool.weight.max() > 3:
        until = np.cumsum(1 / pool.weight)
        rows = np.searchsorted(until / until[-1], rng.random(size), side="right").clip(max=POOL - 1)
        return replace(taken(pool.sample, rows), weight=pool.weight[rows], weight_kind="sampling"), table
    if pool.weight is not None:
        common = pool.weight == 1.0
        odds = common.sum() * 3 / (common.sum() * 3 + (~common).sum())
        pick = rng.random(size) < odds
        rows = np.empty(size, dtype=np.int64)
        rows[pick] = rng.choice(np.flatnonzero(common), pick.sum())
        rows[~pick] = rng.choice(np.flatnonzero(~common), (~pick).sum())
        return replace(taken(pool.sample, rows), weight=pool.weight[rows], weight_kind="sampling"), table
    rows = rng.integers(0, POOL, size)
    if pool.code is not None:
        _, first, times = np.unique(table * POOL + pool.code[rows], return_index=True, return_counts=True)
        return replace(taken(pool.sample, rows[first]), weight=times.astype(float)), table[first]
    return taken(pool.sample, rows), table


def taken(sample: Sample, rows: NDArray[np.int64]) -> Sample:
    """Return some rows of a pool."""
    return subset(sample, rows)


def _binary(shape: str, coarse: bool, rng: np.random.Generator) -> Sample:
    """Two normal laws 1.5 apart (area 0.856), probabilities a little too extreme, as many predicted as there are."""
    rate, apart = float(shape.split("=")[1]), 1.5
    target = (rng.random(POOL) < rate).astype(np.int64)
    latent = rng.normal(apart * target, 1.0)
    latent = np.round(latent * 2) / 2 if coarse else latent
    odds = 1.2 * (np.log(rate / (1 - rate)) + apart * latent - apart**2 / 2)
    score = 1 / (1 + np.exp(-odds))
    label = (score > np.quantile(score, 1 - rate, method="lower")).astype(np.int64)
    return Sample(target=target, label=label, score=score, classes=2, positive=1, favourable=1, probability=True)


def _regression(shape: str, coarse: bool, rng: np.random.Generator) -> Sample:
    """A target about 6, explained by half (R squared about 0.5): positive, as rates and relative errors need."""
    predicted = rng.normal(6.0, 1.0, POOL).clip(1.0, 11.0)
    error = {
        "errors=normal": lambda: rng.normal(0, 1, POOL),
        "errors=skewed": lambda: (rng.gamma(2.0, 1.0, POOL) - 2) / np.sqrt(2),
        "errors=heavy": lambda: rng.standard_t(6, POOL) / np.sqrt(1.5),
    }[shape]()
    target = (predicted + error).clip(0.05, None)
    if coarse:
        target, predicted = np.round(target * 2).clip(1, None) / 2, np.round(predicted * 2) / 2
    # Prediction intervals of about 80 % under the normal law, wider for some rows than for others.
    half = 1.2816 * rng.uniform(0.8, 1.2, POOL)
    half = np.round(half * 5) / 5 if coarse else half
    return Sample(target=target, score=predicted, low=predicted - half, high=predicted + half, interval_level=0.8)


def _multiclass(shape: str, coarse: bool, rng: np.random.Generator) -> Sample:
    shares = np.array([float(s) for s in shape.split("=")[1].split("/")]) / 100
    target = rng.choice(3, POOL, p=shares).astype(np.int64)
    latent = rng.normal(0, 1, (POOL, 3)) + 1.3 * np.eye(3)[target]
    latent = np.round(latent) if coarse else latent
    odds = 1.3 * latent + np.log(shares)
    score = np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)
    return Sample(target=target, label=score.argmax(axis=1), score=score, classes=3, probability=True)


def _other_binary(shape: str, coarse: bool, rng: np.random.Generator) -> Sample:
    """Probabilities of two beta laws, of five values, or with heavy tails; decided at twice the rate."""
    law, rate = shape.split("=")[0], float(shape.split("=")[1])
    if law == "values":
        score = rng.choice([0.02, 0.05, 0.1, 0.25, 0.6], POOL, p=[0.3, 0.25, 0.2, 0.15, 0.1])
    elif law == "beta":
        high = rng.random(POOL) < rate
        score = np.where(high, rng.beta(3, 2, POOL), rng.beta(0.6, 0.6 / rate, POOL))
    else:
        score = 1 / (1 + np.exp(-(np.log(rate / (1 - rate)) - 0.5 + 0.8 * rng.standard_t(2, POOL).clip(-12, 12))))
    score = np.round(score * 20) / 20 if coarse else score
    # What happens rises less steeply than what was predicted, so that the probabilities are not calibrated.
    truth = np.clip(0.7 * score + 0.3 * score.mean(), 0, 1)
    target = (rng.random(POOL) < truth).astype(np.int64)
    cut = np.quantile(score, max(1 - 2 * rate, 0.4), method="lower")
    label = (score > cut).astype(np.int64)
    return Sample(target=target, label=label, score=score, classes=2, positive=1, favourable=1, probability=True)


def _other_regression(shape: str, coarse: bool, rng: np.random.Generator) -> Sample:
    """A lognormal target, one that is 0 for three rows in ten and gamma for the others, and counts."""
    law = shape.split("=")[1]
    predicted = np.exp(rng.normal(1.0, 0.4, POOL))
    if law == "lognormal":
        target = predicted * np.exp(rng.normal(-0.08, 0.4, POOL))
    elif law == "counts":
        target = rng.poisson(predicted * rng.gamma(3.0, 1 / 3, POOL)).astype(np.float64)
    else:
        target = np.where(rng.random(POOL) < 0.3, 0.0, rng.gamma(2.0, predicted / 2 / 0.7, POOL))
    if coarse:
        target, predicted = np.round(target), np.round(predicted * 2).clip(1, None) / 2
    half = 0.8 * predicted
    return Sample(target=target, score=predicted, low=predicted - half, high=predicted + half, interval_level=0.8)


def _other_multiclass(shape: str, coarse: bool, rng: np.random.Generator) -> Sample:
    """Two large classes and a small one, or five of which one is rare; scores with heavy tails, told too sure."""
    shares = np.array([float(s) for s in shape.split("=")[1].split("/")]) / 100
    size = len(shares)
    target = rng.choice(size, POOL, p=shares).astype(np.int64)
    latent = rng.standard_t(4, (POOL, size)) + 1.6 * np.eye(size)[target]
    latent = np.round(latent) if coarse else latent
    odds = 1.1 * latent.clip(-8, 8) + np.log(shares)
    score = np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)
    return Sample(target=target, label=score.argmax(axis=1), score=score, classes=size, probability=True)
