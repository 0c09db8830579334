"""Rates of 200 groups with intervals, beside fairlearn's bootstrap; run as a script, outside the timed tests.

Fairlearn's time is that of `OF_PEER` replicates, multiplied up to `REPLICATES`: its whole run would take hours.
"""

from __future__ import annotations

import resource
import time

import numpy as np
from fairlearn.metrics import (
    MetricFrame,
    false_negative_rate,
    false_positive_rate,
    selection_rate,
    true_negative_rate,
    true_positive_rate,
)

from audit.catalogue import load
from audit.declarations.metric import Sample
from audit.estimation.estimate import estimate_by_group
from audit.records.measured import Estimate
from audit.records.spec import IntervalSpec

ROWS, GROUPS, REPLICATES, OF_PEER = 100_000, 200, 2000, 20
PEERS = {
    "selection_rate": selection_rate,
    "true_positive_rate": true_positive_rate,
    "false_positive_rate": false_positive_rate,
    "true_negative_rate": true_negative_rate,
    "false_negative_rate": false_negative_rate,
}


def main() -> None:
    """Check that both sides give the same rates, and intervals of about one width; then print the ratio of times."""
    rng = np.random.default_rng(0)
    target, label = rng.integers(0, 2, ROWS), rng.integers(0, 2, ROWS)
    group = rng.integers(0, GROUPS, ROWS)
    sample = Sample(target=target, label=label, classes=2, positive=1, favourable=1)
    interval = IntervalSpec(resamples=REPLICATES)

    start = time.perf_counter()
    ours = {name: estimate_by_group(load("metrics", name), sample, group, GROUPS, interval, 0) for name in PEERS}
    mine = time.perf_counter() - start

    plain = MetricFrame(metrics=PEERS, y_true=target, y_pred=label, sensitive_features=group).by_group
    start = time.perf_counter()
    peer = MetricFrame(
        metrics=PEERS,
        y_true=target,
        y_pred=label,
        sensitive_features=group,
        n_boot=OF_PEER,
        ci_quantiles=[0.025, 0.975],
        random_state=0,
    )
    theirs = (time.perf_counter() - start) / OF_PEER * REPLICATES

    low, high = peer.by_group_ci
    for name, measured in ours.items():
        known = [m for m in measured if isinstance(m, Estimate) and m.low is not None and m.high is not None]
        np.testing.assert_allclose([m.value for m in known], plain[name], rtol=0, atol=1e-12)
        widths = np.mean([m.high - m.low for m in known]), float((high[name] - low[name]).mean())
        print(f"{name}: mean width {widths[0]:.4f}, fairlearn with {OF_PEER} replicates {widths[1]:.4f}")
    print(f"ours {mine:.4f} s, fairlearn {theirs:.0f} s (extrapolated from {OF_PEER} replicates), {theirs / mine:.0f}x")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
