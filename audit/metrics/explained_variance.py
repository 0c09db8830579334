"""Explained variance: R squared that forgives a constant bias."""

from __future__ import annotations

import numpy as np

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Sums, ratio, scores, truth


def moments(sample: Sample) -> Array:
    """(n, 5) ones, centred truth and its square, error and its square."""
    true = truth(sample)
    # Sums of squares about the median keep their digits where the target lies far from zero.
    centred, error = true - np.median(true), true - scores(sample)
    return np.column_stack([np.ones(len(true)), centred, centred**2, error, error**2])


def share(sums: Array) -> Array:
    """(..., 5) sums -> share of the target's variance that is left unexplained, taken from 1."""
    n, first, second, error, squared = np.moveaxis(sums, -1, 0)
    total = second - ratio(first**2, n)
    # Below this the variance is rounding.
    return 1 - ratio(squared - ratio(error**2, n), np.where(total > 1e-12 * second, total, 0.0))


METRIC = Metric(
    name="explained_variance",
    label="Explained variance",
    compute=Sums(moments, share, undefined="the target is constant"),
    response="value",
    higher_is_better=True,
    tasks=("regression",),
    bounds=(None, 1.0),
    description="Share of the target's variance that the model explains, a constant bias aside.",
    formula="1 - var(truth - prediction) / var(truth)",
    source="sklearn.metrics.explained_variance_score",
)
