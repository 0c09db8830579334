"""Counts predictions that are no numbers."""

from __future__ import annotations

import numpy as np

from audit.declarations.check import Check, Finding, Setting
from audit.records.measured import Exact
from audit.records.observation import Observation
from audit.subject.evidence import Evidence


def find(evidence: Evidence, setting: Setting) -> Finding:
    """Count headline rows whose score is NaN or infinite."""
    del setting  # a count has no interval
    score, n = evidence.headline.predictions.score, evidence.headline.table.n
    bad = 0 if score is None else int((~np.isfinite(score)).reshape(n, -1).any(axis=1).sum())
    observation = Observation(
        id="robustness/non_finite_predictions",
        label="Predictions that are not finite",
        measured=Exact(value=bad, n=n),
        higher_is_better=False,
        scope=evidence.headline.scope,
    )
    return Finding(summary=f"{bad} of {n} predictions are not finite.", observations=(observation,))


CHECK = Check(
    name="finite_predictions",
    label="Finite predictions",
    find=find,
    needs=("predictions",),
    clustered=True,
    promises=("robustness/non_finite_predictions",),
    description="A prediction that is NaN or infinite decides nothing.",
)
