"""Log loss: the mean surprise at the true class."""

from __future__ import annotations

import numpy as np

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Mean, is_positive, scores


def surprises(sample: Sample) -> Array:
    """(n,) minus the log of the probability given to the true class, which is cut away from 0."""
    given = scores(sample)
    if given.ndim == 1:
        true = np.where(is_positive(sample), given, 1 - given)
    else:
        assert sample.target is not None
        true = given[np.arange(len(given)), sample.target.astype(np.int64)]
    least = np.finfo(np.float64).eps
    surprise: Array = -np.log(np.clip(true, least, 1 - least))
    return surprise


METRIC = Metric(
    name="log_loss",
    label="Log loss",
    compute=Mean(surprises),
    response="probability",
    higher_is_better=False,
    tasks=("binary", "multiclass"),
    bounds=(0.0, None),
    description="Mean of minus the log of the probability given to the true class (nats); a proper score.",
    formula="- mean ln p(true class), p cut at 2.2e-16",
    source="Good (1952), doi:10.1111/j.2517-6161.1952.tb00104.x",
)
