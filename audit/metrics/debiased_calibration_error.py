"""Debiased calibration error: the root mean squared one, less what chance alone adds to it."""

from __future__ import annotations

from typing import Any

import numpy as np

from audit.declarations.argument import Argument
from audit.declarations.metric import Metric
from audit.estimation.forms import Array
from audit.estimation.probability_bins import Binned, chance, deviations, norm_ends, shares


def length(sums: Array) -> Array:
    """(..., B, 4) sums -> root of the mean square less its bias, no less than 0; a bin of one row adds nothing."""
    square = deviations(sums) ** 2 - chance(sums)
    root: Array = np.sqrt(np.maximum((shares(sums) * np.nan_to_num(square)).sum(axis=-1), 0.0))
    return root


def ends(sums: Array, error: Array, level: float) -> tuple[float, float]:
    """(B, 4) sums, (B,) standard errors -> interval of the true error, from the error that was seen."""
    weight = shares(sums)
    seen = float(np.sqrt((weight * deviations(sums) ** 2).sum()))
    return norm_ends(seen, weight * np.nan_to_num(error) ** 2, level)


def forms(bins: int, strategy: str) -> dict[str, Any]:
    """Return what depends on the bins."""
    return {"compute": Binned(bins, strategy, length, ends, "norm_bounded", corrected=True)}


METRIC = Metric(
    name="debiased_calibration_error",
    label="Debiased calibration error",
    response="probability",
    higher_is_better=False,
    tasks=("binary",),
    bounds=(0.0, 1.0),
    description="Root mean squared distance between the probability of the positive class and its observed frequency "
    "over bins, less what chance alone adds in each bin: 0 where no miscalibration can be told from chance.",
    formula="sqrt(max(0, sum over bins of n_b / n ((mean y - mean p)^2 - mean y (1 - mean y) / (n_b - 1))))",
    source="Kumar, Liang and Ma (2019), arXiv:1909.10155, section 4; Bröcker (2012), doi:10.1007/s00382-011-1191-1",
    arguments={
        "bins": Argument(15, least=1, most=1000),
        "strategy": Argument("quantile", words=("uniform", "quantile")),
    },
    vary=forms,
    **forms(15, "quantile"),
)
