"""Top-label calibration error: how far the probability of the predicted class is from how often it is the true one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.declarations.argument import Argument
from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Deviation, scores, weights_of
from audit.estimation.probability_bins import bin_of


def forms(bins: int, strategy: str) -> dict[str, Any]:
    """Return what depends on the bins."""

    def excess(sample: Sample) -> tuple[NDArray[np.int64], Array]:
        """(n,) bin of each row by its highest probability, and (n,) whether that class is true, less it."""
        given = scores(sample)
        assert sample.target is not None
        top = given.max(axis=1)
        return bin_of(top, weights_of(sample), bins, strategy), (given.argmax(axis=1) == sample.target) - top

    return {"compute": Deviation(excess)}


METRIC = Metric(
    name="top_label_calibration_error",
    label="Top-label calibration error",
    response="probability",
    higher_is_better=False,
    tasks=("multiclass",),
    bounds=(0.0, 1.0),
    description="Mean distance between the highest probability of a row and how often its class is the true one, over "
    "bins of equal width or of equal weight; also called confidence calibration. Small samples push it up.",
    formula="sum over bins of n_b / n |mean 1(y = top class) - mean top p|",
    source="Guo et al. (2017), arXiv:1706.04599; Gupta and Ramdas (2022), arXiv:2107.08353",
    arguments={
        "bins": Argument(15, least=1, most=1000),
        "strategy": Argument("uniform", words=("uniform", "quantile")),
    },
    vary=forms,
    **forms(15, "uniform"),
)
