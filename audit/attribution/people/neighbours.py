"""The observed rows most like a person that the model decides otherwise."""

from __future__ import annotations

import numpy as np

from audit.attribution.people.crowd import Array, Crowd, Rows
from audit.declarations.attribution import MethodNotRunError
from audit.records.people import Difference, Neighbour


def neighbours(crowd: Crowd, persons: Rows, most: int, crowding: Array) -> list[tuple[Neighbour, ...]]:
    """Return for each person the `most` nearest observed rows with another decision, nearest first.

    Parameters
    ----------
    persons : ndarray (m,) int64
        Positions among the crowd's rows.
    crowding : ndarray (k,) float64
        Sorted distances of observed rows to the nearest other one, beside which a distance is read.
    """
    label = crowd.answers.label
    if label is None:
        raise MethodNotRunError("Nothing is decided, so no neighbour is decided otherwise.")
    observed = np.arange(crowd.observed)
    apart = crowd.distances(crowd.encoded[persons], observed)
    apart[label[observed][None, :] == label[persons][:, None]] = np.inf
    order = np.argsort(apart, axis=1, kind="stable")[:, :most]
    typical = float(np.median(crowding)) if len(crowding) else None
    return [
        tuple(
            _neighbour(crowd, person, int(row), float(apart[i, row]), typical)
            for row in order[i]
            if np.isfinite(apart[i, row])
        )
        for i, person in enumerate(persons.tolist())
    ]


def differences(crowd: Crowd, one: int, other: Rows) -> tuple[Difference, ...]:
    """Return where a row differs from values taken from rows, column by column, largest first."""
    columns = np.arange(len(crowd.names))
    gap = crowd.apart(crowd.encoded[one], crowd.encoded[other, columns])
    order = [int(j) for j in np.argsort(-gap, kind="stable") if gap[j] > 0]
    return tuple(
        Difference(feature=crowd.names[j], value=crowd.text(one, j), other=crowd.text(int(other[j]), j)) for j in order
    )


def score_of(score: Array | None, label: int | None) -> float | None:
    """Return the one score that is told of a row: that of the positive class, or of the class decided."""
    if score is None:
        return None
    return float(score[0] if len(score) == 1 or label is None else score[label])


def _neighbour(crowd: Crowd, person: int, row: int, distance: float, typical: float | None) -> Neighbour:
    answers = crowd.answers
    label = None if answers.label is None else int(answers.label[row])
    return Neighbour(
        decided="" if label is None else crowd.ground.subject.classes[label],
        score=score_of(None if answers.score is None else answers.score[row], label),
        distance=distance,
        typical=typical,
        differences=differences(crowd, person, np.full(len(crowd.names), row)),
    )
