"""How often the gap to the training rows is flagged, and intervals of gaps and repeated folds hold; run as a script.

    python tests/simulations/overfit.py [SAMPLES]

A least squares fit on normal features stands for a model on clean data, one nearest neighbour for one that remembers
its rows. The truth of a gap is its mean over other samples than those whose intervals are held against it, by plain
arithmetic; that of a cross-validation is the expected loss of a mean fitted on that many rows, sigma^2 (1 + 1/m).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from audit.catalogue import load
from audit.declarations.metric import Sample
from audit.estimation import intervals
from audit.estimation.difference import gap_to_unseen, independent_difference
from audit.estimation.estimate import estimate
from audit.records.measured import Estimate
from audit.records.spec import IntervalSpec

Array = NDArray[np.float64]
Draw = Callable[[int, np.random.Generator], tuple[Array, Array]]
Fit = Callable[[Array, Array, Array], Array]

METRICS = ("accuracy", "roc_auc", "brier_score", "mean_absolute_error", "r2")
LIMIT = 0.1
"""That of the control TS-OVERFIT, which fails where the whole interval lies above."""


@dataclass(frozen=True)
class Gaps:
    """What many samples said of one gap."""

    truth: float
    """Its mean over other samples."""
    covered: float
    """Share of intervals that hold the mean gap."""
    above: float
    """Share of intervals that say the model overfits by more than the mean gap; nominally 0.025."""
    flagged: float
    """Share of intervals that lie above the limit."""


def clean(columns: int, signal: float = 1.0, *, values: bool = False) -> Draw:
    """Rows of which one column in `columns` tells something of the label, or of the value."""

    def draw(n: int, rng: np.random.Generator) -> tuple[Array, Array]:
        features = rng.normal(size=(n, columns))
        target = signal * features[:, 0] + rng.normal(size=n)
        return features, target if values else (target > 0).astype(float)

    return draw


def least_squares(features: Array, target: Array, asked: Array) -> Array:
    """Scores of `asked` by a linear fit."""
    design = np.column_stack([np.ones(len(features)), features])
    found: Array = np.column_stack([np.ones(len(asked)), asked]) @ np.linalg.lstsq(design, target, rcond=None)[0]
    return found


def nearest(features: Array, target: Array, asked: Array) -> Array:
    """Label of the nearest row fitted on."""
    found: Array = target[((asked[:, None, :] - features[None]) ** 2).sum(axis=2).argmin(axis=1)]
    return found


def gaps(
    draw: Draw,
    fit: Fit,
    n: int,
    samples: int,
    seed: int,
    metric: str = "roc_auc",
    unseen: int | None = None,
    *,
    alike: bool = False,
) -> Gaps:
    """Measure the gap between n training rows and as many, or `unseen`, others, many times.

    `alike` combines both intervals as they are, as the audit once did.
    """
    rng, interval, others = np.random.default_rng(seed), IntervalSpec(resamples=400), unseen or n
    truth = np.nanmean([_gap(metric, *_sides(draw, fit, n, others, rng)) for _ in range(2 * samples)])
    found = []
    for _ in range(samples):
        sides = _sides(draw, fit, n, others, rng)
        both = [estimate(load("metrics", metric), _sample(metric, t, s), interval, 0) for t, s in sides]
        gap = (independent_difference if alike else gap_to_unseen)(*both)
        assert isinstance(gap, Estimate)
        low, high = (-np.inf if gap.low is None else gap.low), (np.inf if gap.high is None else gap.high)
        better = load("metrics", metric).higher_is_better
        found.append(
            (low <= truth <= high, low > truth if better else high < truth, (low if better else -high) > LIMIT)
        )
    covered, above, flagged = np.mean(found, axis=0)
    return Gaps(float(truth), float(covered), float(above), float(flagged))


def repeated(n: int, folds: int, repeats: int, samples: int, seed: int, *, corrected: bool = True) -> float:
    """Return how often the interval of a repeated cross-validation of the mean holds its expected squared error."""
    rng = np.random.default_rng(seed)
    size, hits = n // folds, 0
    truth = 1 + 1 / (n - size)
    for _ in range(samples):
        values = rng.normal(size=n)
        parts = np.concatenate([rng.permutation(n)[: folds * size].reshape(folds, size) for _ in range(repeats)])
        tested = values[parts]
        fitted = (values.sum() - tested.sum(axis=1)) / (n - size)
        losses = ((tested - fitted[:, None]) ** 2).mean(axis=1)
        low, high = intervals.corrected_resampled_t(losses, size / (n - size) if corrected else 0.0, 0.95)
        hits += low <= truth <= high
    return hits / samples


def _sides(draw: Draw, fit: Fit, n: int, others: int, rng: np.random.Generator) -> tuple[tuple[Array, Array], ...]:
    (features, target), (unseen, truth) = draw(n, rng), draw(others, rng)
    both = (target, fit(features, target, features)), (truth, fit(features, target, unseen))
    if len(np.unique(target)) > 2:
        return both
    return tuple((true, np.clip(score, 0, 1)) for true, score in both)


def _sample(metric: str, target: Array, score: Array) -> Sample:
    if metric in ("mean_absolute_error", "r2"):
        return Sample(target=target, score=score)
    label = (score > 0.5).astype(np.int64)
    return Sample(target=target.astype(np.int64), score=score, label=label, classes=2, positive=1, probability=True)


def _gap(metric: str, *sides: tuple[Array, Array]) -> float:
    seen, unseen = (figure(metric, target, score) for target, score in sides)
    return seen - unseen


def figure(metric: str, target: Array, score: Array) -> float:
    """One figure by plain arithmetic."""
    match metric:
        case "accuracy":
            return float(((score > 0.5) == (target > 0.5)).mean())
        case "brier_score":
            return float(((score - target) ** 2).mean())
        case "mean_absolute_error":
            return float(np.abs(score - target).mean())
        case "r2":
            return 1 - float(((score - target) ** 2).sum() / ((target - target.mean()) ** 2).sum())
    ranks, hits = rankdata(score), target > 0
    pairs = hits.sum() * (~hits).sum()
    return float((ranks[hits].sum() - hits.sum() * (hits.sum() + 1) / 2) / pairs) if pairs else np.nan


def main(samples: int) -> None:
    """Print the table."""
    print(f"{samples} samples a line; nominal: covered 0.95, above 0.025")
    for metric in METRICS:
        values = metric in ("mean_absolute_error", "r2")
        for n, others in ((60, 60), (60, 300), (200, 100), (1000, 500)):
            times = samples if n < 1000 else samples // 4
            for columns in (2, 10, 30):
                draw = clean(columns, values=values)
                found, alike = (
                    gaps(draw, least_squares, n, times, n + columns, metric, others, alike=a) for a in (False, True)
                )
                what = f"{metric:20} clean, {n:4} rows, {others:4} unseen, {columns:2} columns"
                print(f"{what}: {_told(found)}; as they are {alike.covered:.3f}", flush=True)
            if n < 1000:
                found = gaps(clean(3, values=values), nearest, n, samples // 2, n, metric, others)
                print(f"{metric:20} 1-nearest neighbour, {n:4} rows, {others:4} unseen: {_told(found)}", flush=True)
    for n, folds, repeats in ((50, 5, 1), (50, 5, 10), (200, 5, 1), (200, 5, 10), (200, 10, 5)):
        with_, without = (repeated(n, folds, repeats, samples, n + repeats, corrected=c) for c in (True, False))
        told = f"covered {with_:.3f}, uncorrected {without:.3f}"
        print(f"cross-validation, n {n:4}, {folds:2} folds x {repeats:2}: {told}")


def _told(found: Gaps) -> str:
    return (
        f"gap {found.truth:.3f}, covered {found.covered:.3f}, above {found.above:.3f}, "
        f"flagged above {LIMIT} {found.flagged:.3f}"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
