"""Expected calibration error: how far probabilities are from observed frequencies, bin by bin."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Sums, is_positive, ratio, scores

BINS = 15
"""As in the source; equal widths."""


def calibration_error(bins: int) -> Sums:
    """Return the error over `bins` bins (a, b] of equal width."""

    def excess(sample: Sample) -> sparse.csr_array:
        """(n, bins + 1) outcome less probability in the column of its bin, and a column of ones."""
        given = scores(sample)
        home = np.clip(np.ceil(given * bins).astype(np.int64) - 1, 0, bins - 1)
        rows = np.arange(len(given))
        values = np.concatenate([is_positive(sample) - given, np.ones(len(given))])
        columns = np.concatenate([home, np.full(len(given), bins)])
        return sparse.csr_array((values, (np.tile(rows, 2), columns)), shape=(len(given), bins + 1))

    def total(sums: Array) -> Array:
        return ratio(np.abs(sums[..., :-1]).sum(axis=-1), sums[..., -1])

    return Sums(excess, total, undefined="there are no rows", reflected=True)


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
