"""RMS calibration error: how far probabilities are from observed frequencies, large gaps counting more."""

from __future__ import annotations

from typing import Any

import numpy as np

from audit.declarations.argument import Argument
from audit.declarations.metric import Metric
from audit.estimation.forms import Array
from audit.estimation.probability_bins import Binned, deviations, norm_ends, shares


def length(sums: Array) -> Array:
    """(..., B, 4) sums -> root mean square over bins of mean outcome less mean probability."""
    square: Array = (shares(sums) * deviations(sums) ** 2).sum(axis=-1)
    return np.sqrt(square)


def ends(sums: Array, error: Array, level: float) -> tuple[float, float]:
    """(B, 4) sums, (B,) standard errors -> interval."""
    return norm_ends(float(length(sums)), shares(sums) * np.nan_to_num(error) ** 2, level)


def forms(bins: int, strategy: str) -> dict[str, Any]:
    """Return what depends on the bins."""
    return {"compute": Binned(bins, strategy, length, ends, "norm_bounded")}


METRIC = Metric(
    name="root_mean_squared_calibration_error",
    label="RMS calibration error",
    response="probability",
    higher_is_better=False,
    tasks=("binary",),
    bounds=(0.0, 1.0),
    description="Root mean squared distance between the probability of the positive class and its observed frequency "
    "over bins; small samples push it up.",
    formula="sqrt(sum over bins of n_b / n (mean y - mean p)^2)",
    source="Kumar, Liang and Ma (2019), arXiv:1909.10155; Hendrycks, Mazeika and Dietterich (2019), arXiv:1812.04606",
    arguments={
        "bins": Argument(15, least=1, most=1000),
        "strategy": Argument("uniform", words=("uniform", "quantile")),
    },
    vary=forms,
    **forms(15, "uniform"),
)
