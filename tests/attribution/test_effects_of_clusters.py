"""Rows repeated within clusters tell no more than the rows themselves, of effects, directions and surrogates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeClassifier

LEAST = {"accumulated_local_effects": 1.6, "partial_dependence": 1.9, "monotonicity": 1.7, "surrogate_tree": 1.1}
"""By how much intervals of four rows a cluster are wider at least; a surrogate is tried on part of each cluster."""


@pytest.mark.parametrize("name", LEAST)
def test_repeated_rows_of_a_cluster_do_not_narrow(
    name: str, evidence: Callable[..., Any], measure_evidence: Callable[..., Any]
) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(160, 2)), columns=["a", "b"])
    label = (frame.a * frame.b + frame.a + rng.normal(size=160) > 0).astype(int).to_numpy()
    model = DecisionTreeClassifier(max_depth=4, random_state=0).fit(frame, label)
    more = pd.concat([frame] * 4, ignore_index=True)

    def widths(clustered: bool) -> dict[str, float]:
        found = evidence(model, more, np.tile(label, 4))
        if clustered:
            table = replace(found.held_out.table, cluster=np.tile(np.arange(160), 4))
            seen = replace(found.held_out, table=table)
            found = replace(found, held_out=seen, headline=seen, subject=replace(found.subject, test=table))
        spec = {"methods": [name], "rows": 10_000, "monotone": {"a": "increasing"}}
        observations = measure_evidence(found, **spec)[1]
        told = [o for o in observations if o.measured.kind == "estimate" and o.measured.high is not None]
        assert all(("clustered" in o.measured.method) == clustered for o in told)
        return {o.id: o.measured.high - o.measured.low for o in told}

    alone, together = widths(False), widths(True)
    assert alone and set(alone) == set(together)
    wider = [together[id] / alone[id] for id in alone if alone[id] > 1e-9]
    assert np.median(wider) > LEAST[name] and min(wider) > 0.99
