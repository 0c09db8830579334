"""How often the bands of a learning curve, its gain and its gap hold what they estimate; run by hand.

    python tests/simulations/learning_curve.py [SAMPLES]

Least squares on normal features stands for the model. What a point of the curve estimates is the mean figure of models
fitted on that many rows of other samples, on their own rows and on as many unseen ones as a fold holds.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from overfit import METRICS, clean, figure, least_squares
from threadpoolctl import threadpool_limits

from audit.performance.learning import fold_interval, rows_shared

Array = NDArray[np.float64]
FOLDS, PARTS = 5, 3
Draw = Callable[[int, np.random.Generator], tuple[Array, Array]]


def held(draw: Draw, metric: str, n: int, samples: int, seed: int, *, corrected: bool = True) -> dict[str, float]:
    """Return how often each interval holds its truth: `training` and `unseen` of the smallest and of the whole part.

    Not `corrected`, the bands of training rows are those of unseen ones, as they once were.
    """
    rng = np.random.default_rng(seed)
    whole = n - n // FOLDS
    sizes = [-(-whole // 2**part) for part in range(PARTS)]
    truth = np.mean([_once(draw, metric, sizes, n // FOLDS, rng) for _ in range(4 * samples)], axis=0)
    share, found = n // FOLDS / whole, []
    place = np.arange(n) % FOLDS
    folds = tuple((np.flatnonzero(place != fold), np.flatnonzero(place == fold)) for fold in range(FOLDS))
    for _ in range(samples):
        seen, unseen = _curve(draw, metric, n, sizes, rng)
        overlap = [rows_shared(folds, part) if corrected else share for part in range(PARTS)]
        found.append(
            [
                *(_holds(seen[part], overlap[part], truth[0, part]) for part in (PARTS - 1, 0)),
                *(_holds(unseen[part], share, truth[1, part]) for part in (PARTS - 1, 0)),
                _holds(unseen[0] - unseen[1], share, truth[1, 0] - truth[1, 1]),
                _holds(seen[0] - unseen[0], share, truth[0, 0] - truth[1, 0]),
            ]
        )
    names = ("training, least rows", "training", "unseen, least rows", "unseen", "gain", "gap")
    return dict(zip(names, np.mean(found, axis=0).tolist(), strict=True))


def _holds(by_fold: Array, share: float, truth: float) -> bool:
    low, high = fold_interval(by_fold, share, 0.95)
    return bool(low <= truth <= high)


def _once(draw: Draw, metric: str, sizes: list[int], tested: int, rng: np.random.Generator) -> Array:
    """(2, parts) figures of one model a size on its own rows, and on fresh ones."""
    features, target = draw(sizes[0] + tested, rng)
    return np.array([_figures(metric, features, target, np.arange(m), np.arange(-tested, 0)) for m in sizes]).T


def _curve(draw: Draw, metric: str, n: int, sizes: list[int], rng: np.random.Generator) -> Array:
    """(2, parts, folds) figures as the audit has them: parts of each fold nested in each other."""
    features, target = draw(n, rng)
    dealt = rng.permutation(n) % FOLDS
    found = np.empty((2, PARTS, FOLDS))
    for fold in range(FOLDS):
        order = rng.permutation(np.flatnonzero(dealt != fold))
        for part, m in enumerate(sizes):
            found[:, part, fold] = _figures(metric, features, target, order[:m], np.flatnonzero(dealt == fold))
    return found


def _figures(metric: str, features: Array, target: Array, fitted: Array, tested: Array) -> tuple[float, float]:
    seen, unseen = (
        least_squares(features[fitted], target[fitted], features[rows]) for rows in (fitted, tested)
    )  # fmt: skip
    if len(np.unique(target)) == 2:
        seen, unseen = np.clip(seen, 0, 1), np.clip(unseen, 0, 1)
    return figure(metric, target[fitted], seen), figure(metric, target[tested], unseen)


def main(samples: int) -> None:
    """Print the table."""
    print(f"{samples} samples a line, nominal 0.95")
    for metric in METRICS:
        for n, columns in ((100, 2), (100, 8), (300, 8), (1000, 8)):
            draw = clean(columns, values=metric in ("mean_absolute_error", "r2"))
            found = held(draw, metric, n, samples, n + columns)
            told = ", ".join(f"{name} {share:.3f}" for name, share in found.items())
            print(f"{metric:20} {n:5} rows, {columns} columns: {told}", flush=True)


if __name__ == "__main__":
    with threadpool_limits(1):
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
