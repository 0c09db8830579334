"""How often the interval of a proxy that tells nothing holds one half, and how often it flags one: by hand, 1 minute.

.venv/bin/python tests/simulations/proxies.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "fairness"))

import conftest as hand  # type: ignore[import-not-found]

from audit.fairness.disaggregate import Rows
from audit.fairness.groups import make_grouping
from audit.fairness.proxies import screen
from audit.records.spec import IntervalSpec, ProxySpec, SensitiveSpec

ROUNDS, ROWS = 150, 500


def told(seed: int) -> dict[str, tuple[float, float, float]]:
    """Return value and interval of the proxies of one table in which nothing tells the groups apart."""
    rng = np.random.default_rng(seed)
    sex = rng.integers(0, 2, ROWS)
    features = {
        "binary": rng.integers(0, 2, ROWS),
        "number": rng.normal(size=ROWS),
        "category": rng.choice(list("abcdef"), ROWS),
    }
    evidence = hand._evidence({"sex": ["fm"[s] for s in sex]}, label=sex, features=features)
    grouping = make_grouping(evidence.headline.table.sensitive, ("sex",), None, True, SensitiveSpec())
    rows = Rows(evidence.headline.sample, IntervalSpec(), seed, "held_out", 30)
    ((_, observations),) = screen(evidence, ("sex",), (grouping,), rows, ProxySpec())
    return {
        o.id.removeprefix("fairness/proxy_auc/"): (o.measured.value, o.measured.low, o.measured.high)
        for o in observations
        if o.id.startswith("fairness/proxy_auc")
    }


def main() -> None:
    """Print one line a proxy."""
    found = [told(seed) for seed in range(ROUNDS)]
    print(f"{ROUNDS} tables of {ROWS} rows in which nothing tells the groups apart, intervals at 95 %")
    for name in found[0]:
        value, low, high = np.array([one[name] for one in found]).T
        holds, flags = np.mean((low <= 0.5) & (high >= 0.5)), np.mean(low > 0.5)
        print(
            f"{name:<16} mean {value.mean():.3f}  holds 0.5: {holds:.3f}  flagged: {flags:.3f} (at most 0.025 stated)"
        )


if __name__ == "__main__":
    main()
