"""Coverage of the interval of a cross-validated mean, by simulation; run as a script.

    python tests/simulations/cross_validation.py [--tables N] [--folds K]

Each table of n rows is cut into folds and a linear model is fitted without each of them: least squares on a number
(squared error) or on a class told as -1 and 1 (accuracy; the direction is that of linear discriminant analysis). Rows
are normal, so that what a fitted model scores on all rows to come is known in closed form, and its mean over all fits
of all tables is the truth: the expected score of models fitted on that many rows. The interval is also held against
the mean of the very models of the table, and beside it stands Student's without the correction for shared rows.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from audit.estimation.intervals import corrected_resampled_t

Array = NDArray[np.float64]
FEATURES = 5
RIDGE = 1e-3
SLOPES = np.array([0.6, 0.4, 0.2, 0.0, 0.0])
"""Slopes of the number; and where the two classes have their means, at plus and minus this."""


@dataclass(frozen=True)
class Covered:
    """How often an interval held the truth, over all tables."""

    expected: float
    """Of the expected score of models fitted on as many rows."""
    own: float
    """Of the mean score, on all rows to come, of the models of the table itself."""
    plain: float
    """Of the expected score by Student's interval without the correction."""
    width: float
    plain_width: float


def simulate(kind: str, n: int, folds: int, tables: int, seed: int) -> Covered:
    """Cross-validate `tables` tables of n rows, a multiple of the folds; kind is accuracy or squared_error."""
    rng = np.random.default_rng(seed)
    rows, target = _drawn(kind, tables, n, rng)
    size = n // folds
    seen, true = np.empty((tables, folds)), np.empty((tables, folds))
    for fold in range(folds):
        held = np.zeros(n, dtype=bool)
        held[fold * size : (fold + 1) * size] = True
        slopes = _fitted(rows[:, ~held], target[:, ~held])
        told = np.einsum("tnd,td->tn", rows[:, held], slopes)
        seen[:, fold] = _score(kind, told, target[:, held]).mean(axis=1)
        true[:, fold] = _to_come(kind, slopes)
    truth = true.mean()
    ends = np.array([corrected_resampled_t(each, 1 / (folds - 1), 0.95) for each in seen])
    plain = np.array([corrected_resampled_t(each, 0.0, 0.95) for each in seen])
    return Covered(
        expected=_held(ends, truth),
        own=_held(ends, true.mean(axis=1)),
        plain=_held(plain, truth),
        width=float((ends[:, 1] - ends[:, 0]).mean()),
        plain_width=float((plain[:, 1] - plain[:, 0]).mean()),
    )


def _drawn(kind: str, tables: int, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """(tables, n, d + 1) rows with a one in front, and (tables, n) targets."""
    noise = rng.normal(size=(tables, n, FEATURES))
    if kind == "squared_error":
        target = noise @ SLOPES + rng.normal(size=(tables, n))
    else:
        target = rng.choice([-1.0, 1.0], size=(tables, n))
        noise += target[..., None] * SLOPES
    return np.concatenate([np.ones((tables, n, 1)), noise], axis=2), target


def _fitted(rows: Array, target: Array) -> Array:
    moments = np.einsum("tni,tnj->tij", rows, rows, optimize=True) + RIDGE * np.eye(rows.shape[2])
    products = np.einsum("tni,tn->ti", rows, target, optimize=True)
    return np.linalg.solve(moments, products[..., None])[..., 0]


def _score(kind: str, told: Array, target: Array) -> Array:
    return (told - target) ** 2 if kind == "squared_error" else ((told > 0) == (target > 0)).astype(float)


def _to_come(kind: str, slopes: Array) -> Array:
    """(tables,) score of each fitted model on all rows to come."""
    constant, slopes = slopes[:, 0], slopes[:, 1:]
    if kind == "squared_error":
        return 1 + constant**2 + ((slopes - SLOPES) ** 2).sum(axis=1)
    length = np.sqrt((slopes**2).sum(axis=1))
    right = [stats.norm.cdf((side * constant + slopes @ SLOPES) / length) for side in (1, -1)]
    return np.mean(right, axis=0)


def _held(ends: Array, truth: float | Array) -> float:
    return float(((ends[:, 0] <= truth) & (truth <= ends[:, 1])).mean())


def main() -> None:
    """Print a line for each kind of score and number of rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", type=int, default=4000)
    parser.add_argument("--folds", type=int, default=5)
    given = parser.parse_args()
    print(f"{'score':14} {'rows':>5} {'expected':>9} {'own':>7} {'plain':>7} {'width':>8} {'plain width':>12}")
    for kind in ("accuracy", "squared_error"):
        for n in (30, 60, 100, 300, 1000):
            n -= n % given.folds
            one = simulate(kind, n, given.folds, given.tables, 1)
            print(
                f"{kind:14} {n:5} {one.expected:9.3f} {one.own:7.3f} {one.plain:7.3f} {one.width:8.4f} "
                f"{one.plain_width:12.4f}"
            )


if __name__ == "__main__":
    main()
