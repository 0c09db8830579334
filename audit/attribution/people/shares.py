"""Flags and numbers by person to shares and means over the people that they stand for."""

from __future__ import annotations

import numpy as np

from audit.attribution.people.crowd import Array, Crowd, Flags, Rows
from audit.estimation.intervals import mean_and_error, student, wilson
from audit.records.measured import Estimate, Measured, Undefined


def share(crowd: Crowd, rows: Rows, flags: Flags, nobody: str) -> Measured:
    """Return the weighted share of rows of the ground that are flagged, with Wilson's interval.

    Parameters
    ----------
    rows : ndarray (m,) int64
        Rows of the ground.
    flags : ndarray (m,) bool
    nobody : str
        Reason told where the rows have no weight.
    """
    weight, ground = crowd.ground.weight[rows], crowd.ground
    if not len(rows) or weight.sum() <= 0:
        return Undefined(reason=nobody)
    value = float(weight @ flags / weight.sum())
    trials = weight.sum() ** 2 / (weight**2).sum() if ground.sampling_weights else weight.sum()
    low, high = wilson(np.array(value * trials), np.array(trials), ground.level)
    return Estimate(value=value, low=float(low), high=float(high), level=ground.level, method="wilson", n=len(rows))


def mean(crowd: Crowd, rows: Rows, values: Array, nobody: str, ends: tuple[float, float]) -> Measured:
    """Return the weighted mean over rows of the ground, with Student's t interval held to where it can lie.

    Parts between 0 and 1 that are all the one or all the other have no spread to go by: their mean is read as a share,
    which no such part can spread more than.
    """
    weight, ground = crowd.ground.weight[rows], crowd.ground
    if not len(rows) or weight.sum() <= 0:
        return Undefined(reason=nobody)
    if ends == (0.0, 1.0) and (np.all(values == 0) or np.all(values == 1)):
        return share(crowd, rows, values > 0, nobody)
    value, error, freedom = mean_and_error(values, weight, ground.sampling_weights)
    low, high = student(value, error, freedom, ground.level) if freedom >= 1 else ends
    return Estimate(
        value=value,
        low=_end(max(low, ends[0])),
        high=_end(min(high, ends[1])),
        level=ground.level,
        method="student_t",
        n=len(rows),
    )


def _end(end: float) -> float | None:
    return end if np.isfinite(end) else None
