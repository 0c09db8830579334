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

    The error is the larger of the model's own, which holds with few rows of a class, and of the sandwich that allows
    for a model that does not fit (HC3: MacKinnon and White (1985), doi:10.1016/0304-4076(85)90158-7), which with few
    is too small. Under sampling weights Kish's design effect widens the first.

    Parameters
    ----------
    design : (n, q) columns
    outcome, offset, weight : (n,) arrays
    sampling : whether weights are inverse inclusion probabilities rather than counts of equal rows
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
    return float(beta[-1]), _error(design, outcome - mean, mean * (1 - mean), curvature, weight, sampling)


def _error(design: Array, rest: Array, spread: Array, curvature: Array, weight: Array, sampling: bool) -> float:
    inverse = np.linalg.inv(curvature)
    times = np.ones(len(weight)) if sampling else weight
    by_row = weight if sampling else np.ones(len(weight))
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design) * spread * by_row
    # A row that alone decides a coefficient leaves nothing to judge its error by.
    pull = design * (by_row * rest / (1 - np.minimum(leverage, 0.99)))[:, None]
    robust = inverse @ ((pull * times[:, None]).T @ pull) @ inverse
    effect = float(weight @ weight / weight.sum()) if sampling else 1.0
    return float(np.sqrt(max(robust[-1, -1], inverse[-1, -1] * effect)))
