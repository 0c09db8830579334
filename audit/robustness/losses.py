"""Says what each prediction cost: one loss a row, so that parts of the table can be compared by its mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audit.declarations.metric import Sample

Array = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Loss:
    """A loss of single rows; lower is better."""

    name: str
    """Its name in ids."""
    label: str
    compute: Callable[[Sample, Rows], Array]
    """(m,) losses of some rows; a loss that compares rows compares those alone."""
    expected: Callable[[Sample, Rows], Array] | None = None
    """(m,) loss that the model itself expects of each row if its probabilities are right."""
    counts: bool = False
    """Whether a loss is 0 or 1."""


def loss_of(sample: Sample) -> Loss | None:
    """Return the loss that suits what the model gives; None where nothing can be compared with the truth.

    Probabilities: squared error (Brier), which is bounded, so that no single confident mistake decides a slice as it
    would by log loss. Labels: 0 or 1. Numbers: absolute error, in the unit of the target. Scores without a label or a
    scale: the share of rows of the other class that are ranked on the wrong side; 1 - AUC is its mean in each class.
    """
    if sample.target is None:
        return None
    if not sample.classes:
        return ABSOLUTE if sample.score is not None else None
    if sample.score is not None and sample.probability:
        return BRIER
    if sample.label is not None:
        return ZERO_ONE
    return MISRANKED if sample.score is not None and sample.score.ndim == 1 else None


def usable(sample: Sample) -> NDArray[np.bool_]:
    """(n,) rows with a positive weight whose prediction and truth are finite numbers."""
    assert sample.target is not None  # the caller has looked
    held = np.isfinite(sample.target.astype(np.float64))
    if sample.score is not None:
        held &= np.isfinite(sample.score).reshape(len(held), -1).all(axis=1)
    return held if sample.weight is None else held & (sample.weight > 0)


def brier(sample: Sample, rows: Rows) -> Array:
    """(m,) squared distance of the probabilities from the outcome; summed over classes where there are more than two.

    Source: Brier (1950), doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2.
    """
    assert sample.score is not None and sample.target is not None
    score, target = sample.score[rows], sample.target[rows]
    if score.ndim == 1:
        return np.asarray((score - (target == sample.positive)) ** 2, dtype=np.float64)
    return np.asarray(((score - (target[:, None] == np.arange(score.shape[1]))) ** 2).sum(axis=1), dtype=np.float64)


def expected_brier(sample: Sample, rows: Rows) -> Array:
    """(m,) mean of `brier` over outcomes drawn by the probabilities: p (1 - p), or 1 - sum of p^2."""
    assert sample.score is not None
    score = sample.score[rows]
    return score * (1 - score) if score.ndim == 1 else 1 - np.asarray(score**2).sum(axis=1)


def zero_one(sample: Sample, rows: Rows) -> Array:
    """(m,) 1 where the label is wrong."""
    assert sample.label is not None and sample.target is not None
    return np.asarray(sample.label[rows] != sample.target[rows], dtype=np.float64)


def absolute(sample: Sample, rows: Rows) -> Array:
    """(m,) distance of the predicted value from the true one."""
    assert sample.score is not None and sample.target is not None
    return np.abs(sample.score[rows] - sample.target[rows])


def misranked(sample: Sample, rows: Rows) -> Array:
    """(m,) weighted share of the other class that each row is on the wrong side of, ties half; 0 without another class.

    Source: placements of DeLong, DeLong and Clarke-Pearson (1988), doi:10.2307/2531595.

    Examples
    --------
    >>> sample = Sample(target=np.array([0, 1, 1, 0]), score=np.array([0.1, 0.4, 0.2, 0.3]), classes=2, positive=1)
    >>> misranked(sample, np.arange(4)).tolist()
    [0.0, 0.0, 0.5, 0.5]
    """
    assert sample.score is not None and sample.target is not None
    positive = sample.target[rows] == sample.positive
    weight = np.ones(len(rows)) if sample.weight is None else sample.weight[rows]
    _, place = np.unique(sample.score[rows], return_inverse=True)
    loss = np.zeros(len(rows))
    for side in (True, False):
        mine, others = positive == side, np.where(positive == side, 0.0, weight)
        if others.sum() > 0:
            at = np.bincount(place, weights=others)
            below = (np.cumsum(at) - at / 2)[place[mine]] / others.sum()
            loss[mine] = 1 - below if side else below
    return loss


BRIER = Loss("brier_score", "squared error of the probabilities", brier, expected_brier)
ZERO_ONE = Loss("zero_one_loss", "share of wrong labels", zero_one, counts=True)
ABSOLUTE = Loss("absolute_error", "absolute error", absolute)
MISRANKED = Loss("misranked_share", "share of the other class ranked on the wrong side", misranked)
