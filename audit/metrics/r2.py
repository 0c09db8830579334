"""R squared: the share of the target's variance that a regression explains."""

from __future__ import annotations

import numpy as np

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Sums, ratio, scores, truth


def moments(sample: Sample) -> Array:
    """(n, 4) ones, centred truth and its square, squared error."""
    true = truth(sample)
    # Sums of squares about the median keep their digits where the target lies far from zero.
    centred, error = true - np.median(true), true - scores(sample)
    return np.column_stack([np.ones(len(true)), centred, centred**2, error**2])


def share(sums: Array) -> Array:
    """(..., 4) sums -> share of the target's variance that is left unexplained, taken from 1."""
    n, first, second, error = np.moveaxis(sums, -1, 0)
    total = second - ratio(first**2, n)
    # Below this the variance is rounding.
    return 1 - ratio(error, np.where(total > 1e-12 * second, total, 0.0))


METRIC = Metric(
    name="r2",
    label="R squared",
    compute=Sums(moments, share, undefined="the target is constant"),
    response="value",
    higher_is_better=True,
    tasks=("regression",),
    bounds=(None, 1.0),
    description="Share of the target's variance that the model explains: 0 for predicting the mean of these rows, "
    "below 0 for worse.",
    formula="1 - sum (truth - prediction)^2 / sum (truth - mean truth)^2",
    source="Kvålseth (1985), doi:10.1080/00031305.1985.10479448",
)
