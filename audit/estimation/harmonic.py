"""Turns a confusion matrix into F1, with the interval of the Jaccard index that it is a curve of."""

from __future__ import annotations

from typing import Any

import numpy as np

from audit.declarations.metric import Sample
from audit.estimation.classes import correct
from audit.estimation.forms import Array, Count, Rate, diagonal, ratio


def f1_forms() -> dict[str, Any]:
    """Return F1 of two classes, and its averages over more; F-beta at beta 1 is the same number."""
    return {
        "compute": Rate(shared, undefined="no row is positive in truth or prediction", curve=from_jaccard),
        "averages": {
            "macro": Count(macro, undefined="there are no rows", each=rests_on),
            "micro": Rate(correct, undefined="there are no rows"),
            "weighted": Count(weighted, undefined="there are no rows"),
        },
    }


def shared(cells: Array, _: Sample) -> tuple[Array, Array]:
    """(..., 2, 2) cells -> true positives, and rows that are positive in truth or prediction (the Jaccard index)."""
    return cells[..., 1, 1], cells[..., 1, 1] + cells[..., 0, 1] + cells[..., 1, 0]


def from_jaccard(jaccard: Array) -> Array:
    """F1 of a Jaccard index, an increasing map, so that the ends of its interval can be mapped too."""
    return 2 * jaccard / (1 + jaccard)


def by_class(cells: Array) -> Array:
    """(..., K, K) cells -> (..., K) F1 of each class, NaN for one that neither occurs nor is predicted."""
    return ratio(2 * diagonal(cells), cells.sum(axis=-1) + cells.sum(axis=-2))


def rests_on(cells: Array, _: Sample) -> tuple[Array, Array]:
    """(..., K, K) cells -> (..., K) F1 of each class, and the rows that are of it in truth or prediction."""
    return by_class(cells), cells.sum(axis=-1) + cells.sum(axis=-2) - diagonal(cells)


def macro(cells: Array, _: Sample) -> Array:
    """(..., K, K) cells -> plain mean over the classes that occur or are predicted."""
    each = by_class(cells)
    there = np.isfinite(each)
    return ratio(np.where(there, each, 0.0).sum(axis=-1), there.sum(axis=-1))


def weighted(cells: Array, _: Sample) -> Array:
    """(..., K, K) cells -> mean over classes, each counting as often as it occurs."""
    each, true = by_class(cells), cells.sum(axis=-1)
    return ratio(np.where(true > 0, each * true, 0.0).sum(axis=-1), true.sum(axis=-1))
