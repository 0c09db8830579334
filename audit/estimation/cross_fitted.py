"""Measures how well scores of several cross-fitted models tell sides apart: within folds, then averaged over them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audit.estimation.clusters import by_cluster, few_clusters
from audit.estimation.intervals import auc_influence, newcombe_auc, normal_quantile
from audit.records.measured import Estimate, Measured, Undefined

Array = NDArray[np.float64]


def cross_fitted_area(
    sides: NDArray[np.bool_],
    score: Array,
    fold: NDArray[np.int64],
    weight: Array,
    *,
    sampling: bool,
    level: float,
    cluster: NDArray[np.int64] | None = None,
) -> Measured:
    """Return the area under the ROC curve of cross-fitted scores, the mean over sides and folds.

    Rows are compared within their fold only: scores of different folds come from different models, and across folds a
    row that is one of many in its own fold is one of few in those that its score is from, so that pooled scores of a
    feature that tells nothing come out below 1/2. The error over folds is widened because their models share rows
    (Nadeau and Bengio 2003, doi:10.1023/A:1024068626366).

    Parameters
    ----------
    sides : ndarray (m, s), bool
        For each side whether a row is on it; one column for two groups, one a group for more.
    score : ndarray (m, s), float64
        Scores that should be high on that side.
    fold : ndarray (m,), int64
        Fold of each row from 0, whose score was made without the rows of that fold.
    weight : ndarray (m,), float64
        Row weights.
    sampling : bool
        Whether they are inverse inclusion probabilities.
    level : float
        Confidence level in (0, 1).
    cluster : ndarray (m,), int64, optional
        Cluster of each row, none of which stands in two folds; what its rows add to the error is added up.

    Examples
    --------
    >>> side = np.tile([True, True, False, False], 10)
    >>> told = cross_fitted_area(
    ...     side[:, None], side[:, None] * 1.0, np.arange(40) // 8, np.ones(40), sampling=False, level=0.95
    ... )
    >>> told.value, told.method
    (1.0, 'newcombe')
    """
    folds = int(fold.max(initial=0)) + 1
    areas, pull = np.full(folds, np.nan), np.zeros(len(fold))
    for held in range(folds):
        inside = fold == held
        found = [
            auc_influence(sides[inside, s], score[inside, s], weight[inside], sampling) for s in range(sides.shape[1])
        ]
        told = [(value, part) for value, part in found if np.isfinite(value)]
        if told:
            areas[held] = np.mean([value for value, _ in told])
            pull[inside] = np.mean([part for _, part in told], axis=0)
    known = np.isfinite(areas)
    if not known.any():
        return Undefined(reason="No fold holds rows of every side.")
    value = float(areas[known].mean())
    inside = known[fold]
    pull = pull[inside] / known.sum()
    overlap = (1 + folds / (folds - 1)) ** 0.5
    if cluster is not None:
        rows = pull if sampling else pull * np.sqrt(weight[inside])
        pull = by_cluster(rows, cluster[inside]) * few_clusters(cluster[inside], weight[inside], level)
    method, low, high = _ends(value, overlap * float(np.sqrt(pull @ pull)), sides, weight, sampling, level, cluster)
    n = int(np.count_nonzero(weight)) if sampling else round(float(weight.sum()))
    return Estimate(value=value, low=low, high=high, level=level, method=method, n=n)


def folds_of_clusters(cluster: NDArray[np.int64], folds: int, seed: int) -> NDArray[np.int64]:
    """(m,) fold of each row, clusters dealt evenly, so that none stands in two folds.

    >>> folds_of_clusters(np.array([7, 7, 3, 3]), 2, 0).tolist() in ([0, 0, 1, 1], [1, 1, 0, 0])
    True
    """
    held, place = np.unique(cluster, return_inverse=True)
    dealt: NDArray[np.int64] = (np.random.default_rng(seed).permutation(len(held)) % folds)[place]
    return dealt


def _ends(
    value: float,
    error: float,
    sides: NDArray[np.bool_],
    weight: Array,
    sampling: bool,
    level: float,
    cluster: NDArray[np.int64] | None,
) -> tuple[str, float | None, float | None]:
    added = "" if cluster is None else "_clustered"
    if value in (0.0, 1.0):
        # Perfect on every side: no more certain than on the side with the fewest rows.
        counts = [
            tuple(_rows(weight[part], sampling, None if cluster is None else cluster[part]) for part in (side, ~side))
            for side in sides.T
        ]
        one, other = min(counts, key=min)
        return (f"newcombe{added}", *newcombe_auc(value, one, other, level))
    if not np.isfinite(error):
        return f"delong_cross_fitted{added}", None, None
    half = normal_quantile(level) * error
    return f"delong_cross_fitted{added}", max(value - half, 0.0), min(value + half, 1.0)


def _rows(weight: Array, sampling: bool, cluster: NDArray[np.int64] | None) -> float:
    """Return the number of rows; under sampling weights Kish's effective number, and of clusters theirs."""
    if cluster is not None:
        weight = by_cluster(weight, cluster)
    elif not sampling:
        return float(weight.sum())
    squares = float(weight @ weight)
    return float(weight.sum()) ** 2 / squares if squares else 0.0
