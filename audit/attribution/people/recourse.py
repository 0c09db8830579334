"""Searches for changes to how often, and with how few columns, an unfavourable decision can be turned."""

from __future__ import annotations

import numpy as np

from audit.attribution.people.counterfactuals import Search
from audit.attribution.people.crowd import Crowd
from audit.attribution.people.shares import mean, share
from audit.records.observation import Observation

_NOBODY = "The model gave nobody among these rows an unfavourable decision."
_NONE = "No change was found for anybody."


def recourse_observations(crowd: Crowd, changes: dict[int, Search]) -> tuple[Observation, ...]:
    """Observe `attribution/counterfactuals/found` and `.../columns` over the sampled rows that were searched for."""
    ground = crowd.ground
    rows = np.array([place - crowd.observed for place in changes], dtype=np.int64)
    kept = rows < ground.sampled
    searches = [s for s, keep in zip(changes.values(), kept.tolist(), strict=True) if keep]
    rows, found = rows[kept], np.array([s.found is not None for s in searches], dtype=bool)
    columns = np.array([len(s.changed) for s in searches], dtype=np.float64)[found]
    return (
        Observation(
            id="attribution/counterfactuals/found",
            label="Unfavourable decisions that a change within the constraints turns",
            measured=share(crowd, rows, found, _NOBODY),
            higher_is_better=True,
            scope=ground.scope,
        ),
        Observation(
            id="attribution/counterfactuals/columns",
            label="Columns changed together, mean over the changes found",
            measured=mean(crowd, rows[found], columns, _NONE if len(rows) else _NOBODY, (1.0, np.inf)),
            higher_is_better=False,
            scope=ground.scope,
        ),
    )
