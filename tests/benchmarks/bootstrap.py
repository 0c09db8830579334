"""Time of our bootstrap beside a plain loop over scikit-learn; run as a script, outside the timed tests."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from sklearn.metrics import average_precision_score, matthews_corrcoef

from audit.catalogue import load
from audit.declarations.metric import Sample
from audit.estimation.estimate import form_of, replicates_by_group
from audit.records.spec import IntervalSpec

ROWS, REPLICATES, OF_PEER = 100_000, 2000, 10


def main() -> None:
    """Check that both sides give the same numbers on the same draws, then print the time of a replicate of each."""
    rng = np.random.default_rng(0)
    target = rng.integers(0, 2, ROWS)
    score = rng.random(ROWS) * 0.7 + 0.3 * target * rng.random(ROWS)
    label = np.where(score > 0.45, 1, 0)
    sample = Sample(target=target, label=label, score=score, classes=2, positive=1, probability=True)
    weights = np.stack([_draw(rng) for _ in range(3)])
    peers: dict[str, Callable[[np.ndarray], float]] = {
        "average_precision": lambda w: average_precision_score(target, score, sample_weight=w),
        "matthews_corrcoef": lambda w: matthews_corrcoef(target, label, sample_weight=w),
    }
    for name, peer in peers.items():
        metric = load("metrics", name)
        ours = form_of(metric, sample).statistic(sample)(weights)
        np.testing.assert_allclose(ours, [peer(w) for w in weights], rtol=1e-9)
        mine = (
            _seconds(lambda m=metric: replicates_by_group(m, sample, np.zeros(ROWS, int), 1, INTERVAL, 0)) / REPLICATES
        )
        theirs = _seconds(lambda p=peer: [p(_draw(rng)) for _ in range(OF_PEER)]) / OF_PEER
        print(f"{name}: {1e3 * mine:.3f} ms, scikit-learn {1e3 * theirs:.1f} ms, ratio {theirs / mine:.0f}")


INTERVAL = IntervalSpec(resamples=REPLICATES)


def _draw(rng: np.random.Generator) -> np.ndarray:
    return np.bincount(rng.integers(0, ROWS, ROWS), minlength=ROWS)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
