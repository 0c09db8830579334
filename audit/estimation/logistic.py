"""Fits a small logistic regression: the first step of every calibration measure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_CUT = 1e-6


def log_odds(probability: Array) -> Array:
    """Log-odds of probabilities, cut at 1e-6 so that 0 and 1 stay finite."""
    cut = np.clip(probability, _CUT, 1 - _CUT)
    return np.log(cut) - np.log1p(-cut)


def logistic_fit(
    design: Array, outcome: NDArray[np.bool_], offset: Array, weight: Array, sampling: bool
) -> tuple[float, float]:
    """Fit by Newton's steps; return the last coefficient and its standard error, both NaN where there is no fit.

    Parameters
    ----------
    design : (n, q) columns
    outcome, offset, weight : (n,) arrays
    sampling : whether the error is to be robust (sandwich) because weights are inverse inclusion probabilities
    """
    beta = np.zeros(design.shape[1])
    for _ in range(50):
        mean = 1 / (1 + np.exp(-np.clip(design @ beta + offset, -700, 700)))
        gradient = design.T @ (weight * (outcome - mean))
        curvature = (design * (weight * mean * (1 - mean))[:, None]).T @ design
        if not np.isfinite(curvature).all() or np.linalg.cond(curvature) > 1e12:
            return np.nan, np.nan
        step = np.linalg.solve(curvature, gradient)
        beta = beta + step
        if np.abs(step).max() < 1e-9:
            break
    else:
        return np.nan, np.nan
    inverse = np.linalg.inv(curvature)
    if sampling:
        pull = design * (weight * (outcome - mean))[:, None]
        inverse = inverse @ (pull.T @ pull) @ inverse
    return float(beta[-1]), float(np.sqrt(inverse[-1, -1]))
