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


def grid(task: str) -> list[Cell]:
    """Return every cell of a task."""
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
    made = {"binary": _binary, "regression": _regression, "multiclass": _multiclass}[task](shape, coarse, rng)
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
