"""Numbers by row and column to observations with their intervals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audit.declarations.attribution import Ground
from audit.estimation.clusters import as_independent
from audit.estimation.intervals import mean_and_error, student
from audit.records.measured import Estimate, Measured
from audit.records.observation import Observation, encoded


def mean_of_rows(values: NDArray[np.float64], ground: Ground, floor: float | None = None) -> Estimate:
    """Return the weighted mean of one (n,) number a sampled row, with Student's t interval over rows."""
    n = ground.sampled
    own = None if ground.cluster is None else ground.cluster[:n]
    weight, sampling, added = independent(values, ground.weight[:n], ground.sampling_weights, own, ground.level)
    mean, error, freedom = mean_and_error(values, weight, sampling)
    low, high = student(mean, error, freedom, ground.level) if freedom >= 1 else (None, None)
    if low is not None and floor is not None:
        low = max(low, floor)
    return Estimate(value=mean, low=low, high=high, level=ground.level, method=f"student_t{added}", n=len(values))


def independent(
    values: NDArray[np.float64],
    weight: NDArray[np.float64],
    sampling: bool,
    cluster: NDArray[np.int64] | None,
    level: float,
) -> tuple[NDArray[np.float64], bool, str]:
    """Return the weights of as many independent rows as tell as much of the mean of (n,) values.

    Returns
    -------
    weight : ndarray (n,) float64
    sampling : bool
        Whether these are inverse inclusion probabilities rather than counts of equal rows.
    added : str
        What the name of an interval's method carries of it.
    """
    if cluster is None:
        return weight, sampling, ""
    return as_independent(values, cluster, weight, level, sampling=sampling), False, "_clustered"


def observed(method: str, feature: str, class_: str, label: str, measured: Measured, ground: Ground) -> Observation:
    """Name a column's global value of a method: `attribution/<method>/global/<feature>[/class=<class>]`."""
    aggregate = f"/class={encoded(class_)}" if class_ else ""
    return Observation(
        id=f"attribution/{method}/global/{encoded(feature)}{aggregate}",
        label=f"{label}: {feature}" + (f", class {class_}" if class_ else ""),
        measured=measured,
        scope=ground.scope,
    )
