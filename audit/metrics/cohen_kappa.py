"""Cohen's kappa: agreement of true and predicted classes beyond chance."""

from __future__ import annotations

from typing import Any

import numpy as np

from audit.declarations.argument import Argument
from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Count, ratio

_POWER = {"linear": 1, "quadratic": 2}


def disagreement(size: int, weights: str) -> Array:
    """(K, K) cost of predicting one class for another; classes in their order, one step apart from the next."""
    place = np.arange(size, dtype=np.float64)
    away: Array = np.abs(place[:, None] - place)
    return (away > 0).astype(np.float64) if weights == "none" else away ** _POWER[weights]


def forms(weights: str) -> dict[str, Any]:
    """Return what depends on how errors are weighted."""

    def agreement(cells: Array, _: Sample) -> Array:
        """(..., K, K) cells -> kappa, NaN where chance alone would agree always."""
        true, predicted, n = cells.sum(axis=-1), cells.sum(axis=-2), cells.sum(axis=(-2, -1))
        cost = disagreement(cells.shape[-1], weights)
        chance = true[..., :, None] * predicted[..., None, :]
        return 1 - ratio((cells * cost).sum(axis=(-2, -1)) * n, (chance * cost).sum(axis=(-2, -1)))

    return {"compute": Count(agreement, undefined="truth and prediction are the same single class")}


METRIC = Metric(
    name="cohen_kappa",
    label="Cohen's kappa",
    response="label",
    higher_is_better=True,
    tasks=("binary", "multiclass"),
    bounds=(-1.0, 1.0),
    description="Agreement of true and predicted classes beyond what their frequencies alone would give; errors may "
    "count by how far apart the classes are in their order (linear or quadratic weights).",
    formula="1 - sum w_ij n_ij / sum w_ij e_ij; w_ij = 1 off the diagonal, |i - j|, or (i - j)^2",
    source="Cohen (1960), doi:10.1177/001316446002000104; weighted: Cohen (1968), doi:10.1037/h0026256",
    arguments={"weights": Argument("none", words=("none", "linear", "quadratic"))},
    vary=forms,
    **forms("none"),
)
