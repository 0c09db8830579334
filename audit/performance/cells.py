"""Rows decided at one threshold or at many, as the four cells of true by predicted class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from audit.declarations.metric import Sample
from audit.estimation.clusters import effect_of
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
        cluster=None if sample.cluster is None else sample.cluster[rows],
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


def effective_rows(sample: Sample, level: float, worth: ArrayLike | None = None) -> float:
    """Rows that shares rest on: Kish's number under sampling weights, independent ones of clusters.

    Parameters
    ----------
    worth : (4,) what a row of each cell is worth, where the rows are decided; else clusters are judged by every cell
    """
    if sample.cluster is not None:
        moves = _cells_one_by_one(sample) if worth is None else [np.asarray(worth, dtype=np.float64)[cell_of(sample)]]
        effect, total = effect_of(moves, sample, level), float(weights_of(sample).sum())
        return total / effect if np.isfinite(effect) else 1.0
    weight = weights_of(sample)
    return float(weight.sum() ** 2 / (weight @ weight)) if is_inclusion_weighted(sample) else float(weight.sum())


def method_of(sample: Sample) -> str:
    """Name the method of an interval over shares of these rows."""
    return f"mover_wilson{suffix_of(sample)}"


def suffix_of(sample: Sample) -> str:
    """Return what the name of a method ends in that takes so many equal independent rows for these."""
    return "_clustered" if sample.cluster is not None else "_effective_n" if is_inclusion_weighted(sample) else ""


def _cells_one_by_one(sample: Sample) -> Iterator[Array]:
    """Yield for each cell which rows are in it: by scores that are not yet decided, those above places among them."""
    positive = is_positive(sample)
    if sample.label is not None:
        cell = cell_of(sample)
        yield from ((cell == one).astype(np.float64) for one in range(4))
    else:
        yield positive.astype(np.float64)
    score = sample.score
    for place in () if score is None else np.unique(np.quantile(score, (0.1, 0.5, 0.9), method="inverted_cdf")):
        yield from (((score >= place) & side).astype(np.float64) for side in (positive, ~positive))


def worth_of(costs: CostsSpec) -> list[float]:
    """Cost of each cell, true by predicted, the positive class last."""
    return [costs.true_negative, costs.false_positive, costs.false_negative, costs.true_positive]
