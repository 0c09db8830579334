"""Maximum calibration error: the widest gap between probabilities and observed frequencies over bins."""

from __future__ import annotations

from typing import Any

import numpy as np

from audit.declarations.argument import Argument
from audit.declarations.metric import Metric
from audit.estimation.forms import Array
from audit.estimation.means import FEW_EVENTS
from audit.estimation.probability_bins import Binned, deviations, rarer, widest_ends


def widest(sums: Array) -> Array:
    """(..., B, 4) sums -> largest absolute mean outcome less mean probability."""
    gap: Array = np.abs(deviations(sums)).max(axis=-1)
    return gap


def ends(sums: Array, error: Array, level: float) -> tuple[float, float]:
    """(B, 4) sums, (B,) standard errors -> interval.

    With under five rows of one class the widest gap can lie in a bin that no such row fell into: nothing bounds it.
    """
    low, high = widest_ends(deviations(sums), error, level)
    return low, 1.0 if rarer(sums) < FEW_EVENTS else high


def forms(bins: int, strategy: str) -> dict[str, Any]:
    """Return what depends on the bins."""
    return {"compute": Binned(bins, strategy, widest, ends, "simultaneous_bins")}


METRIC = Metric(
    name="maximum_calibration_error",
    label="Maximum calibration error",
    response="probability",
    higher_is_better=False,
    tasks=("binary",),
    bounds=(0.0, 1.0),
    description="Widest distance between the probability of the positive class and its observed frequency over bins; "
    "a bin of few rows can set it by chance.",
    formula="max over bins of |mean y - mean p|",
    source="Naeini, Cooper and Hauskrecht (2015), doi:10.1609/aaai.v29i1.9602",
    arguments={
        "bins": Argument(15, least=1, most=1000),
        "strategy": Argument("uniform", words=("uniform", "quantile")),
    },
    vary=forms,
    **forms(15, "uniform"),
)
