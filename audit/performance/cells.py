"""Rows decided at one threshold or at many, as the four cells of true by predicted class."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from audit.declarations.metric import Sample
from audit.estimation.forms import Array, cell_of, is_inclusion_weighted, is_positive, scores, weights_of
from audit.estimation.thresholds import sums_above
from audit.records.spec import CostsSpec


def all_alike(sample: Sample, positive: bool) -> Sample:
    """Return the rows with every one predicted positive, or none."""
    code = sample.positive if positive else 1 - (sample.positive or 0)
    return replace(sample, label=np.full(len(weights_of(sample)), code, dtype=np.int64))


def decided_at(sample: Sample, threshold: float) -> Sample:
    """Return the rows with the label that a threshold gives them."""
    positive = sample.positive or 0
    label = np.where(scores(sample) >= threshold, positive, 1 - positive)
    return replace(sample, label=label, threshold=threshold)


def some_rows(sample: Sample, rows: NDArray[np.bool_]) -> Sample:
    """Return some rows with their scores, not yet decided."""
    return replace(
        sample,
        target=None if sample.target is None else sample.target[rows],
        label=None,
        score=None if sample.score is None else sample.score[rows],
        weight=None if sample.weight is None else sample.weight[rows],
    )


def cells_of(sample: Sample) -> Array:
    """(4,) sums of weights, true by predicted with the positive class last: TN, FP, FN, TP."""
    return np.bincount(cell_of(sample), weights=sample.weight, minlength=4).astype(np.float64)


def cells_at(sample: Sample, at: Array, *, squared: bool = False) -> Array:
    """(t, 4) cells, true by predicted with the positive class last, at each threshold."""
    weight = None if sample.weight is None else sample.weight**2 if squared else sample.weight
    side = is_positive(sample).astype(np.int64)
    above = sums_above(at, scores(sample), side, 2, weight)
    total = np.bincount(side, weights=weight, minlength=2).astype(np.float64)[:, None]
    below = np.maximum(total - above, 0.0)
    return np.stack([below[0], above[0], below[1], above[1]], axis=-1)


def effective_rows(sample: Sample) -> float:
    """Rows that shares rest on: Kish's number under sampling weights."""
    weight = weights_of(sample)
    return float(weight.sum() ** 2 / (weight @ weight)) if is_inclusion_weighted(sample) else float(weight.sum())


def method_of(sample: Sample) -> str:
    """Name the method of an interval over shares of these rows."""
    return "mover_wilson_effective_n" if is_inclusion_weighted(sample) else "mover_wilson"


def worth_of(costs: CostsSpec) -> list[float]:
    """Cost of each cell, true by predicted, the positive class last."""
    return [costs.true_negative, costs.false_positive, costs.false_negative, costs.true_positive]
