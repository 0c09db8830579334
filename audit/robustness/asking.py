"""Asks the model about changed rows, and keeps apart what it answers and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.errors import AuditError
from audit.guard import attempt
from audit.subject.evidence import LoadedModel, Predictions, Subject, Table


@dataclass(frozen=True)
class Answers:
    """What a model says of some rows."""

    predictions: Predictions
    """With a stand-in where an answer is not finite."""
    finite: NDArray[np.bool_]
    """(n,) whether each answer is a finite number."""


def ask(subject: Subject, table: Table, rows: pd.DataFrame) -> Answers | AuditError:
    """Predict rows that have the columns of a table; answers that are not finite are marked, not refused.

    Parameters
    ----------
    subject : Subject
        With a model.
    table : Table
        The table that the rows come from, for the words of an error.
    rows : DataFrame (n, d)

    Returns
    -------
    Answers, or the error in which the model ended.
    """
    assert subject.model is not None and subject.predictions is not None  # the caller has looked
    seen: dict[str, list[NDArray[np.bool_]]] = {"predict": [], "predict_score": []}
    model = _marking(subject.model, seen)
    found = attempt(subject.predictions, model, replace(table, features=rows))
    if isinstance(found, AuditError):
        return found
    finite = np.ones(len(rows), dtype=bool)
    for parts in seen.values():
        if parts:
            finite &= np.concatenate(parts)
    return Answers(found, finite)


def reason_of(error: AuditError) -> str:
    """Return the first sentence of what a model said when it gave no answer."""
    said = error.problems[0].message if error.problems else str(error)
    first = said.split("\n")[0].partition(". ")[0].rstrip(".")
    return f"{first[:_LONGEST]}{' …' if len(first) > _LONGEST else '.'}"


_LONGEST = 200


def _marking(model: LoadedModel, seen: dict[str, list[NDArray[np.bool_]]]) -> LoadedModel:
    score = model.predict_score
    return replace(
        model,
        predict=_marked(model.predict, seen["predict"]),
        predict_score=None if score is None else _marked(score, seen["predict_score"]),
    )


def _marked(function: Callable[[pd.DataFrame], Any], seen: list[NDArray[np.bool_]]) -> Callable[[pd.DataFrame], Any]:
    def answered(rows: pd.DataFrame) -> NDArray[Any]:
        found = np.asarray(function(rows))
        if found.dtype.kind != "f":
            seen.append(np.ones(len(rows), dtype=bool))
            return found
        seen.append(np.isfinite(found).reshape(len(found), -1).all(axis=1))
        mended: NDArray[Any] = np.nan_to_num(found, nan=0.0, posinf=0.0, neginf=0.0)
        return mended

    return answered
