"""Evaluated rows to the few single cases worth a look: named, worst errors, nearest calls, typical and extreme."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from audit.records.spec import LocalSpec
from audit.subject.evidence import Evaluation, Subject
from audit.subject.named import named_rows

Choice = tuple[int, str]
"""(row of the table, why it was chosen)."""


def chosen_cases(subject: Subject, seen: Evaluation, asked: LocalSpec | bool) -> tuple[Choice, ...]:
    """Choose the rows that are named, then by turns from each kind that was asked for, no row twice.

    Parameters
    ----------
    seen : Evaluation
        Rows beside the predictions that the choice rests on.
    asked : LocalSpec or False
        How many and which; False for none.
    """
    if not isinstance(asked, LocalSpec):
        return ()
    kinds = {"worst": _worst, "near_threshold": _nearest, "per_group": _per_group, "extreme": _extremes}
    queues = [kinds[kind](subject, seen) for kind in asked.choose]
    chosen: dict[int, str] = dict.fromkeys(named_rows(seen.table, asked), "named in the spec")
    for turn in zip_longest(*queues):
        for choice in turn:
            if choice is not None and len(chosen) < asked.rows:
                chosen.setdefault(*choice)
    return tuple(chosen.items())


def _worst(subject: Subject, seen: Evaluation) -> list[Choice]:
    target, score, label = seen.table.target, seen.predictions.score, seen.predictions.label
    if target is None:
        return []
    if not subject.classes:
        assert score is not None
        return _ordered(-np.abs(target - score), "one of the largest errors")
    codes = target.astype(np.int64)
    if score is not None:
        wrong = np.ones(len(codes), dtype=bool) if label is None else label != codes
        found = _ordered(_support(subject, score, codes), "one of the most confident errors", wrong)
        return _by_turns(subject, label, found)
    return (
        [] if label is None else _by_turns(subject, label, _ordered(np.zeros(len(codes)), "an error", label != codes))
    )


def _support(subject: Subject, score: NDArray[np.float64], codes: NDArray[np.int64]) -> NDArray[np.float64]:
    # (n,) how far the score speaks for the class given by the codes.
    if score.ndim == 2:
        return score[np.arange(len(codes)), codes]
    return np.where(codes == subject.positive, score, -score + (score.max() + score.min()))


def _nearest(subject: Subject, seen: Evaluation) -> list[Choice]:
    score = seen.predictions.score
    if score is None:
        return []
    if not subject.classes:
        return _ordered(np.abs(score - np.median(score)), "a typical prediction, near the median")
    if score.ndim == 2:
        first, second = np.sort(score, axis=1)[:, [-1, -2]].T
        return _ordered(first - second, "one of the closest calls between two classes")
    if subject.threshold is None:
        return []
    found = _ordered(np.abs(score - subject.threshold), "one of the nearest to the threshold")
    return _by_turns(subject, seen.predictions.label, found)


def _per_group(_: Subject, seen: Evaluation) -> list[Choice]:
    return [(_typical(seen, rows), f"typical of {name}") for name, rows in _groups(seen)]


def _extremes(subject: Subject, seen: Evaluation) -> list[Choice]:
    score = seen.predictions.score
    if score is None:
        return []
    choices = []
    for name, rows in _groups(seen):
        part = score[rows] if score.ndim == 1 else score[rows].max(axis=1)
        what = "score" if score.ndim == 1 and subject.classes else "prediction" if score.ndim == 1 else "top score"
        choices += [
            (int(rows[np.argmin(part)]), f"the lowest {what} of {name}"),
            (int(rows[np.argmax(part)]), f"the highest {what} of {name}"),
        ]
    return choices


def _groups(seen: Evaluation) -> Iterator[tuple[str, NDArray[np.int64]]]:
    # Each group in words, and its rows.
    for column in seen.table.sensitive.columns:
        values = seen.table.sensitive[column].astype(str).to_numpy()
        for value in sorted(set(values.tolist())):
            yield f"{column} = {value}", np.flatnonzero(values == value)


def _typical(seen: Evaluation, rows: NDArray[np.int64]) -> int:
    score = seen.predictions.score
    if score is None:
        return int(rows[0])
    part = score[rows] if score.ndim == 1 else score[rows].max(axis=1)
    return int(rows[np.argmin(np.abs(part - np.median(part)))])


def _by_turns(subject: Subject, label: NDArray[np.int64] | None, found: list[Choice]) -> list[Choice]:
    # Unfavourable and favourable decisions take turns, so that neither crowds the other out.
    if label is None or subject.favourable is None:
        return found
    against = [choice for choice in found if label[choice[0]] != subject.favourable]
    rest = [choice for choice in found if label[choice[0]] == subject.favourable]
    return [choice for pair in zip_longest(against, rest) for choice in pair if choice is not None]


def _ordered(loss: NDArray[np.float64], why: str, among: NDArray[np.bool_] | None = None) -> list[Choice]:
    order = np.argsort(loss, kind="stable")
    kept = order if among is None else order[among[order]]
    return [(int(row), why) for row in kept[:200]]
