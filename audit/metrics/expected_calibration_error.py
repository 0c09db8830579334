"""Expected calibration error: how far probabilities are from observed frequencies, bin by bin."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.declarations.argument import Argument
from audit.declarations.metric import Metric, Sample
from audit.estimation.classes import BoundedOverClasses
from audit.estimation.forms import Array, Deviation, is_positive, scores, weights_of
from audit.estimation.probability_bins import bin_of


def calibration_error(bins: int, strategy: str = "uniform") -> Deviation:
    """Return the error over bins of equal width (a, b] or of equal weight."""

    def excess(sample: Sample) -> tuple[NDArray[np.int64], Array]:
        """(n,) bin of each row, and (n,) outcome less probability."""
        given = scores(sample)
        return bin_of(given, weights_of(sample), bins, strategy), is_positive(sample) - given

    return Deviation(excess)


def forms(bins: int, strategy: str) -> dict[str, Any]:
    """Return what depends on the bins: the error of two classes, and the mean of each class against the rest."""
    error = calibration_error(bins, strategy)
    return {"compute": error, "averages": {"macro": BoundedOverClasses(error)}}


METRIC = Metric(
    name="expected_calibration_error",
    label="Expected calibration error",
    response="probability",
    higher_is_better=False,
    tasks=("binary", "multiclass"),
    bounds=(0.0, 1.0),
    description="Mean distance between the probability of the positive class and its observed frequency "
    "over bins of equal width or of equal weight; small samples push it up. With several classes, the plain mean over "
    "each against the rest (class-wise).",
    formula="sum over bins of n_b / n |mean y - mean p|",
    source="Guo et al. (2017), arXiv:1706.04599; Naeini, Cooper and Hauskrecht (2015); class-wise: Kull et al. (2019), "
    "arXiv:1910.12656",
    per_class=True,
    arguments={
        "bins": Argument(15, least=1, most=1000),
        "strategy": Argument("uniform", words=("uniform", "quantile")),
    },
    vary=forms,
    **forms(15, "uniform"),
)
