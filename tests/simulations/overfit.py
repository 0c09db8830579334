"""How often the gap to the training rows is flagged, and intervals of gaps and repeated folds hold; run as a script.

    python tests/simulations/overfit.py [SAMPLES]

A least squares fit on normal features stands for a model on clean data, one nearest neighbour on labels without any
signal for one that remembers its rows. The truth of a gap is its mean over all samples; that of a cross-validation is
the expected loss of a mean fitted on that many rows, sigma^2 (1 + 1/m).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audit.declarations.metric import Sample
from audit.estimation import intervals
from audit.estimation.difference import independent_difference
from audit.estimation.estimate import estimate
from audit.metrics.roc_auc import METRIC
from audit.records.measured import Estimate
from audit.records.spec import IntervalSpec

Array = NDArray[np.float64]
Draw = Callable[[int, np.random.Generator], tuple[Array, Array]]
Fit = Callable[[Array, Array, Array], Array]

LIMIT = 0.1
"""That of the control TS-OVERFIT, which fails where the whole interval lies above."""


@dataclass(frozen=True)
class Gaps:
    """What many samples said of one gap."""

    truth: float
    covered: float
    """Share of intervals that hold the mean gap."""
    above: float
    """Share of intervals that lie above the mean gap; nominally 0.025."""
    flagged: float
    """Share of intervals that lie above the limit."""


def clean(columns: int, signal: float = 1.0) -> Draw:
    """Rows of which one column in `columns` tells something of the label."""

    def draw(n: int, rng: np.random.Generator) -> tuple[Array, Array]:
        features = rng.normal(size=(n, columns))
        return features, (signal * features[:, 0] + rng.normal(size=n) > 0).astype(float)

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


def gaps(draw: Draw, fit: Fit, n: int, samples: int, seed: int, level: float = 0.95) -> Gaps:
    """Measure the gap in the area under the ROC curve between n training rows and n unseen rows, many times."""
    rng, interval = np.random.default_rng(seed), IntervalSpec(level=level)
    found = []
    for _ in range(samples):
        (features, target), (others, truth) = draw(n, rng), draw(n, rng)
        sides = ((target, fit(features, target, features)), (truth, fit(features, target, others)))
        both = [estimate(METRIC, _sample(t, s), interval, 0) for t, s in sides]
        gap = independent_difference(*both)
        assert isinstance(gap, Estimate) and gap.low is not None and gap.high is not None
        found.append((gap.value, gap.low, gap.high))
    value, low, high = np.array(found).T
    mean = float(value.mean())
    return Gaps(
        mean, float(((low <= mean) & (mean <= high)).mean()), float((low > mean).mean()), float((low > LIMIT).mean())
    )


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


def _sample(target: Array, score: Array) -> Sample:
    return Sample(target=target.astype(np.int64), score=score, classes=2, positive=1)


def main(samples: int) -> None:
    """Print the table."""
    print(f"{samples} samples a line; nominal: covered 0.95, above 0.025")
    for n in (60, 200, 1000):
        for columns in (2, 10, 30):
            found = gaps(clean(columns), least_squares, n, samples, n + columns)
            print(f"clean, n {n:5}, {columns:2} columns: {_told(found)}")
        if n < 1000:
            print(f"1-nearest neighbour on noise, n {n:5}: {_told(gaps(clean(3, 0.0), nearest, n, samples // 4, n))}")
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
