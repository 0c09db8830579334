"""Our bootstrap beside a loop over scikit-learn and pandas; run as a script, outside the timed tests.

Replicates redraw rows: of five metrics on the same draws, and of the selection rates of 200 groups. Counts by group are
drawn from their cells, which is the same law as redrawing the rows behind them.
"""

from __future__ import annotations

import os

# One thread on both sides, as in an audit.
os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

import resource
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    log_loss,
    matthews_corrcoef,
    roc_auc_score,
)

from audit.catalogue import load
from audit.declarations.metric import Metric, Sample
from audit.estimation.estimate import form_of, replicates_by_group, replicates_together
from audit.records.spec import IntervalSpec

ROWS, GROUPS, REPLICATES, OF_PEER = 100_000, 200, 2000, 20
PEERS: dict[str, tuple[Callable[..., float], str]] = {
    "roc_auc": (roc_auc_score, "score"),
    "average_precision": (average_precision_score, "score"),
    "log_loss": (log_loss, "score"),
    "brier_score": (brier_score_loss, "score"),
    "matthews_corrcoef": (matthews_corrcoef, "label"),
}


def main() -> None:
    """Check that both sides give the same numbers on the same draws, then print the processor time of a replicate."""
    rng = np.random.default_rng(0)
    frame = _rows(rng)
    sample = _sample(frame)
    metrics = [load("metrics", name) for name in PEERS]
    _check(frame, sample, metrics)

    interval, group = IntervalSpec(resamples=REPLICATES), frame["group"].to_numpy()
    start = time.process_time()
    replicates_together(metrics, sample, interval, 0)
    replicates_by_group(load("metrics", "selection_rate"), sample, group, GROUPS, interval, 0)
    mine = (time.process_time() - start) / REPLICATES
    ours_at_most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    start = time.process_time()
    for _ in range(OF_PEER):
        _of_peer(frame.iloc[rng.integers(0, ROWS, ROWS)])
    theirs = (time.process_time() - start) / OF_PEER
    print(f"ours {1e3 * mine:.2f} ms a replicate, at most {ours_at_most:.0f} MB")
    print(f"scikit-learn and pandas {1e3 * theirs:.1f} ms, ratio {theirs / mine:.0f}")


def _rows(rng: np.random.Generator) -> pd.DataFrame:
    target = rng.integers(0, 2, ROWS)
    score = np.clip(rng.random(ROWS) * 0.7 + 0.3 * target * rng.random(ROWS), 0.001, 0.999)
    label = np.where(score > 0.45, 1, 0)
    return pd.DataFrame({"target": target, "score": score, "label": label, "group": rng.integers(0, GROUPS, ROWS)})


def _sample(frame: pd.DataFrame) -> Sample:
    return Sample(
        target=frame["target"].to_numpy(),
        label=frame["label"].to_numpy(),
        score=frame["score"].to_numpy(),
        classes=2,
        positive=1,
        favourable=1,
        probability=True,
    )


def _check(frame: pd.DataFrame, sample: Sample, metrics: list[Metric]) -> None:
    drawn = np.random.default_rng(1).integers(0, ROWS, (3, ROWS))
    weights = np.stack([np.bincount(rows, minlength=ROWS) for rows in drawn])
    ours = np.array([form_of(metric, sample).statistic(sample)(weights) for metric in metrics])
    theirs = np.array([list(_of_peer(frame.iloc[rows])[:-1]) for rows in drawn], dtype=float).T
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)
    rates = np.array([_of_peer(frame)[-1]], dtype=float)
    interval = IntervalSpec(resamples=REPLICATES)
    of_groups = replicates_by_group(
        load("metrics", "selection_rate"), sample, frame["group"].to_numpy(), GROUPS, interval, 0
    )
    spread = np.sqrt(rates * (1 - rates) / np.bincount(frame["group"]))
    np.testing.assert_allclose(of_groups.mean(axis=0)[None], rates, atol=0.005)
    np.testing.assert_allclose(of_groups.std(axis=0)[None], spread, rtol=0.15)


def _of_peer(rows: pd.DataFrame) -> tuple[object, ...]:
    target = rows["target"].to_numpy()
    values = (metric(target, rows[column].to_numpy()) for metric, column in PEERS.values())
    return (*values, rows.groupby("group")["label"].mean().to_numpy())


if __name__ == "__main__":
    main()
