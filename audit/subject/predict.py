"""Predicts tables in batches and says the result in the subject's own classes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.declarations.metric import Sample
from audit.errors import ModelError, Problem
from audit.records.spec import Task
from audit.subject.evidence import LoadedModel, Predictions, Subject, Table
from audit.subject.labels import canonical, codes_of


def predictor(
    task: Task, classes: tuple[str, ...], positive: int | None, threshold: float | None
) -> Callable[[LoadedModel, Table], Predictions]:
    """Return the function that predicts a table of this subject."""

    def predictions(model: LoadedModel, table: Table) -> Predictions:
        if task == "regression":
            return Predictions(None, _values(model, table), probability=False)
        score = _scores(model, table, classes, positive)
        if task == "multiclass":
            return Predictions(_labels(model, table, classes, score), score, model.probability)
        own = _of_positive(score, positive)
        if task == "ranking_score":
            return Predictions(None, _values(model, table) if own is None else own, model.probability)
        label = (
            _labels(model, table, classes, None)
            if own is None or threshold is None
            else decided(own, positive, threshold)
        )
        return Predictions(label, own, model.probability)

    return predictions


def decided(score: NDArray[np.float64], positive: int | None, threshold: float) -> NDArray[np.int64]:
    """Return (n,) class codes: the positive class from the threshold on, the other one below it."""
    positive = 1 if positive is None else positive
    return np.where(score >= threshold, positive, 1 - positive).astype(np.int64)


def scored_class(model: LoadedModel, classes: tuple[str, ...], positive: int | None) -> int:
    """Return the code of the class that a single column of scores speaks of.

    A model that does not name its classes was fitted on 0 and 1; where the target names them otherwise, its score is
    that of the positive class.
    """
    return positive if model.classes is None and classes != ("0", "1") and positive is not None else 1


def sample_of(subject: Subject, table: Table, predictions: Predictions) -> Sample:
    """Return the rows of a table as metrics see them."""
    return Sample(
        target=table.target,
        label=predictions.label,
        score=predictions.score,
        weight=table.weight,
        weight_kind=table.weight_kind,
        classes=len(subject.classes),
        positive=subject.positive,
        favourable=subject.favourable,
        probability=predictions.probability,
        threshold=subject.threshold,
        low=predictions.low,
        high=predictions.high,
        interval_level=predictions.interval_level,
        cluster=table.cluster,
    )


def refuse_infinite(place: str, values: NDArray[np.float64], rows: pd.Index) -> None:
    """Refuse predictions that are not finite.

    Raises
    ------
    ModelError
        With the number of such rows and the first of them.
    """
    bad = ~np.isfinite(values if values.ndim == 1 else values.sum(axis=1))
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        row = int(rows[first]) + 1
        found = "infinite" if np.isinf(values[first]).any() else "not a number"
        raise ModelError(
            Problem(
                place,
                f"{int(bad.sum())} of {len(values)} predictions are not finite; the first, in row {row}, is {found}.",
                "Look at the model's inputs in that row.",
            )
        )


_BATCH = 10_000


def _batched(
    function: Callable[[pd.DataFrame], NDArray[np.generic]], place: str, rows: pd.DataFrame
) -> NDArray[np.generic]:
    parts = []
    for start in range(0, len(rows), _BATCH):
        batch = rows.iloc[start : start + _BATCH]
        part = np.asarray(function(batch))
        if len(part) != len(batch):
            raise ModelError(
                Problem(place, f"gave {len(part)} predictions for {len(batch)} rows.", "Each row needs one.")
            )
        parts.append(part)
    return np.concatenate(parts)


def _values(model: LoadedModel, table: Table) -> NDArray[np.float64]:
    place = _place(model, table)
    found = _batched(model.predict, place, table.features)
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    if found.ndim != 1 or found.dtype.kind not in "fiub":
        raise ModelError(
            Problem(place, f"expected one number a row, found {found.dtype} of shape {found.shape}.", "Check the task.")
        )
    values = found.astype(np.float64)
    refuse_infinite(place, values, table.features.index)
    return values


def _scores(
    model: LoadedModel, table: Table, classes: tuple[str, ...], positive: int | None
) -> NDArray[np.float64] | None:
    """(n, K) in the subject's class order."""
    if model.predict_score is None:
        return None
    place = _place(model, table)
    found = _batched(model.predict_score, place, table.features).astype(np.float64)
    refuse_infinite(place, found, table.features.index)
    if found.ndim == 1:
        found = np.column_stack([1 - found if model.probability else -found, found])
        if scored_class(model, classes, positive) == 0:
            found = found[:, ::-1]
    own = tuple(map(canonical, model.classes)) if model.classes is not None else classes
    if found.shape[1] != len(own) or set(own) != set(classes):
        message = (
            f"gave {found.shape[1]} scores a row for the classes {', '.join(own)}; the target has {', '.join(classes)}."
        )
        raise ModelError(Problem(place, message, "Check data.target."))
    return found[:, [own.index(c) for c in classes]]


def _of_positive(score: NDArray[np.float64] | None, positive: int | None) -> NDArray[np.float64] | None:
    return None if score is None else np.ascontiguousarray(score[:, 1 if positive is None else positive])


def _labels(
    model: LoadedModel, table: Table, classes: tuple[str, ...], score: NDArray[np.float64] | None
) -> NDArray[np.int64]:
    if model.classes is None and score is not None:
        return np.asarray(score.argmax(axis=1), dtype=np.int64)
    place = _place(model, table)
    codes, unknown = codes_of(pd.Series(_batched(model.predict, place, table.features)), classes)
    if unknown or (codes < 0).any():
        named = ", ".join(unknown) or "nothing"
        raise ModelError(
            Problem(place, f"predicted {named}; the classes are {', '.join(classes)}.", "Check data.target.")
        )
    return codes


def _place(model: LoadedModel, table: Table) -> str:
    return f"model {model.facts.name} on data.{table.role}"
