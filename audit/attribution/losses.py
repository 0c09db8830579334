"""Predictions before and after a change to how much more they lose, with intervals over rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from audit.attribution.observe import mean_of_rows
from audit.declarations.attribution import Ground, MethodNotRunError
from audit.estimation.clusters import by_cluster, few_clusters
from audit.estimation.intervals import auc_influence, normal_quantile
from audit.records.measured import Estimate

_SMALLEST = 1e-15

Predicted = tuple[NDArray[np.int64] | None, NDArray[np.float64] | None]
Losses = Callable[[Predicted], NDArray[np.float64]]


def increases(
    ground: Ground, changed: list[list[Predicted]], before: Predicted | None = None
) -> tuple[str, list[Estimate]]:
    """Return what is lost in words, and how much more of it each list of repeats loses, over the ground's sampled rows.

    Parameters
    ----------
    changed : list of lists of (labels, scores)
        Predictions of the sampled rows after something was changed, one or more repeats for each change.
    before : (labels, scores), optional
        Predictions without a change; by default those of the model.
    """
    n = ground.sampled
    if before is None:
        before = (
            None if ground.label is None else ground.label[:n],
            None if ground.score is None else ground.score[:n],
        )
    if _ranked(ground):
        return "decrease in area under the ROC curve", _by_area(ground, before, changed)
    scale, losses = _losses(ground)
    start = losses(before)
    return scale, [
        mean_of_rows(np.mean([losses(predicted) - start for predicted in repeats], axis=0), ground)
        for repeats in changed
    ]


def _ranked(ground: Ground) -> bool:
    # Scores that are no probabilities have no loss of their own, only an order.
    return (
        ground.score is not None
        and not ground.probability
        and len(ground.classes) == 1
        and bool(ground.subject.classes)
    )


def _losses(ground: Ground) -> tuple[str, Losses]:
    assert ground.target is not None
    target = ground.target[: ground.sampled]
    if not ground.subject.classes:
        return "increase in mean absolute error", lambda predicted: np.abs(_score(predicted)[:, 0] - target)
    if ground.score is None or not ground.probability:
        return "increase in error rate", lambda predicted: (_label(predicted) != target).astype(np.float64)
    if len(ground.classes) == 1:
        truth = target == ground.subject.positive
        return "increase in log loss", lambda predicted: _log_loss(np.where(truth, *_both(_score(predicted)[:, 0])))
    codes = target.astype(np.int64)
    return "increase in log loss", lambda predicted: _log_loss(_score(predicted)[np.arange(len(codes)), codes])


def _score(predicted: Predicted) -> NDArray[np.float64]:
    assert predicted[1] is not None
    return predicted[1]


def _label(predicted: Predicted) -> NDArray[np.int64]:
    if predicted[0] is not None:
        return predicted[0]
    return np.asarray(_score(predicted).argmax(axis=1), dtype=np.int64)


def _both(score: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return score, 1 - score


def _log_loss(given: NDArray[np.float64]) -> NDArray[np.float64]:
    return -np.log(np.clip(given, _SMALLEST, 1.0))


def _by_area(ground: Ground, before: Predicted, shuffled: list[list[Predicted]]) -> list[Estimate]:
    assert ground.target is not None
    truth = ground.target[: ground.sampled] == ground.subject.positive
    if truth.all() or not truth.any():
        raise MethodNotRunError("The area under the ROC curve needs rows of both classes.")
    weight = ground.weight[: ground.sampled]

    def area(predicted: Predicted) -> tuple[float, NDArray[np.float64]]:
        return auc_influence(truth, _score(predicted)[:, 0], weight, ground.sampling_weights)

    start, start_influence = area(before)
    return [_drop(start, start_influence, [area(predicted) for predicted in repeats], ground) for repeats in shuffled]


def _drop(
    start: float, start_influence: NDArray[np.float64], repeats: list[tuple[float, NDArray[np.float64]]], ground: Ground
) -> Estimate:
    value = float(np.mean([start - area for area, _ in repeats]))
    influence = np.mean([start_influence - part for _, part in repeats], axis=0)
    method, spread = "delong", influence
    if ground.cluster is not None:
        own, weight = ground.cluster[: ground.sampled], ground.weight[: ground.sampled]
        rows = influence if ground.sampling_weights else influence * np.sqrt(weight)
        spread, method = by_cluster(rows, own) * few_clusters(own, weight, ground.level), "delong_clustered"
    half = normal_quantile(ground.level) * float(np.sqrt(spread @ spread))
    known = bool(np.isfinite(half))
    return Estimate(
        value=value,
        low=value - half if known else None,
        high=value + half if known else None,
        level=ground.level,
        method=method,
        n=ground.sampled,
    )
