"""Times predictions; what comes out differs between equal runs and stands outside the record's digest."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd

from audit.guard import defined
from audit.records.measured import Undefined
from audit.subject.evidence import Evidence, LoadedModel

BATCHES = (1, 1000)
MOST_CALLS = 30
BUDGET = 2.0
"""Seconds after which no further call is made for a batch size."""


def latencies(evidence: Evidence) -> dict[str, float]:
    """Return the median and the 95th percentile of the seconds that one call takes, for a row and for a thousand.

    Parameters
    ----------
    evidence : Evidence
        A model beside rows to predict; a table of predictions gives an empty result.

    Returns
    -------
    dict of str to float
        `latency_p50/batch=1`, `latency_p95/batch=1`, and the same of 1000; a model that fails is left out.
    """
    model, rows = evidence.subject.model, evidence.headline.table.features
    if model is None or not len(rows):
        return {}
    found: dict[str, float] = {}
    for batch in BATCHES:
        taken = defined("No latency", _calls, model, rows.iloc[np.arange(batch) % len(rows)])
        if not isinstance(taken, Undefined):
            found |= {f"latency_p{p}/batch={batch}": float(np.percentile(taken, p)) for p in (50, 95)}
    return found


def _calls(model: LoadedModel, rows: pd.DataFrame) -> list[float]:
    predict = model.predict_score or model.predict
    predict(rows)  # the first call pays for imports and caches
    taken: list[float] = []
    while len(taken) < 3 or (len(taken) < MOST_CALLS and sum(taken) < BUDGET):
        start = time.perf_counter()
        predict(rows)
        taken.append(time.perf_counter() - start)
    return taken
