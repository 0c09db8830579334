"""Reliability of probabilities: the part of the Brier score that calibration would take away."""

from __future__ import annotations

from typing import Any

import numpy as np

from audit.declarations.argument import Argument
from audit.declarations.metric import Metric
from audit.estimation.forms import Array
from audit.estimation.probability_bins import Binned, deviations, norm_ends, shares


def reliability(sums: Array) -> Array:
    """(..., B, 4) sums -> mean square over bins of mean outcome less mean probability."""
    square: Array = (shares(sums) * deviations(sums) ** 2).sum(axis=-1)
    return square


def ends(sums: Array, error: Array, level: float) -> tuple[float, float]:
    """(B, 4) sums, (B,) standard errors -> interval, squared from that of the root."""
    low, high = norm_ends(float(np.sqrt(reliability(sums))), shares(sums) * np.nan_to_num(error) ** 2, level)
    return low**2, high**2


def forms(bins: int, strategy: str) -> dict[str, Any]:
    """Return what depends on the bins."""
    return {"compute": Binned(bins, strategy, reliability, ends, "norm_bounded")}


METRIC = Metric(
    name="brier_reliability",
    label="Brier reliability",
    response="probability",
    higher_is_better=False,
    tasks=("binary",),
    bounds=(0.0, 1.0),
    description="Part of the Brier score that comes of miscalibration. Reliability less resolution plus uncertainty is "
    "the Brier score of each row's mean probability in its bin; small samples push it up.",
    formula="sum over bins of n_b / n (mean y - mean p)^2",
    source="Murphy (1973), doi:10.1175/1520-0450(1973)012<0595:ANVPOT>2.0.CO;2",
    arguments={
        "bins": Argument(10, least=1, most=1000),
        "strategy": Argument("uniform", words=("uniform", "quantile")),
    },
    vary=forms,
    **forms(10, "uniform"),
)
