"""Numbers by row and column to observations with their intervals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audit.declarations.attribution import Ground
from audit.estimation.clusters import as_independent
from audit.estimation.intervals import mean_and_error, student
from audit.records.measured import Estimate
from audit.records.observation import Observation, encoded


def mean_of_rows(values: NDArray[np.float64], ground: Ground, floor: float | None = None) -> Estimate:
    """Return the weighted mean of one (n,) number a sampled row, with Student's t interval over rows."""
    weight = ground.weight[: ground.sampled]
    sampling, method = ground.sampling_weights, "student_t"
    if ground.cluster is not None:
        own = ground.cluster[: ground.sampled]
        weight = as_independent(values, own, weight, ground.level, sampling=sampling)
        sampling, method = False, "student_t_clustered"
    mean, error, freedom = mean_and_error(values, weight, sampling)
    low, high = student(mean, error, freedom, ground.level) if freedom >= 1 else (None, None)
    if low is not None and floor is not None:
        low = max(low, floor)
    return Estimate(value=mean, low=low, high=high, level=ground.level, method=method, n=len(values))


def observed(method: str, feature: str, class_: str, label: str, measured: Estimate, ground: Ground) -> Observation:
    """Name a column's global value of a method: `attribution/<method>/global/<feature>[/class=<class>]`."""
    aggregate = f"/class={encoded(class_)}" if class_ else ""
    return Observation(
        id=f"attribution/{method}/global/{encoded(feature)}{aggregate}",
        label=f"{label}: {feature}" + (f", class {class_}" if class_ else ""),
        measured=measured,
        scope=ground.scope,
    )
