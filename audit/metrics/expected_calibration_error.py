"""Expected calibration error: how far probabilities are from observed frequencies, bin by bin."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Deviation, is_positive, scores

BINS = 15
"""As in the source; equal widths."""


def calibration_error(bins: int) -> Deviation:
    """Return the error over `bins` bins (a, b] of equal width."""

    def excess(sample: Sample) -> tuple[NDArray[np.int64], Array]:
        """(n,) bin of each row, and (n,) outcome less probability."""
        given = scores(sample)
        return np.clip(np.ceil(given * bins).astype(np.int64) - 1, 0, bins - 1), is_positive(sample) - given

    return Deviation(excess)


METRIC = Metric(
    name="expected_calibration_error",
    label="Expected calibration error",
    compute=calibration_error(BINS),
    response="probability",
    higher_is_better=False,
    tasks=("binary",),
    bounds=(0.0, 1.0),
    description="Mean distance between the probability of the positive class and its observed frequency "
    "over 15 bins of equal width; small samples push it up.",
    formula="sum over bins of n_b / n |mean y - mean p|",
    source="Guo et al. (2017), arXiv:1706.04599; Naeini, Cooper and Hauskrecht (2015)",
)
