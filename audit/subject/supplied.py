"""Turns columns of a table into the predictions of a model that is not there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.errors import DataError, Problem
from audit.records.sections import ModelFacts
from audit.records.spec import ModelSpec, PredictionIntervalSpec, PredictionsSpec
from audit.subject.evidence import Predictions
from audit.subject.labels import codes_of
from audit.subject.model import Part
from audit.subject.predict import decided
from audit.subject.task import Question, finite_values


def supplied_predictions(
    supplied: PredictionsSpec,
    part: Part,
    place: str,
    frame: pd.DataFrame,
    question: Question,
    threshold: Callable[[bool], float | None],
) -> Predictions:
    """Read the predictions of the rows of a table.

    Parameters
    ----------
    supplied : PredictionsSpec
        Names of the columns.
    part, place : str
        Whose predictions they are and where the table stands, for errors.
    frame : DataFrame
        The rows.
    question : Question
        Task and classes.
    threshold : callable
        Whether the scores are probabilities -> score from which the positive label is given where no label is supplied;
        None where scores cannot be decided on.

    Raises
    ------
    DataError
        A column holds no predictions for this task.
    """
    if question.task == "regression":
        column = supplied.label or str(supplied.score)
        values = finite_values(place, frame[column], "a predicted value")
        return Predictions(None, values, False, *_interval(supplied.interval, place, frame))
    if supplied.interval is not None:
        raise DataError(
            Problem(f"{part}.predictions.interval", f"the task {question.task} has no intervals.", "Delete the key.")
        )
    score = _scores(supplied, part, place, frame, question)
    probability = score is not None and _are_probabilities(score)
    if question.task == "ranking_score":
        return Predictions(None, score, probability)
    if supplied.label is not None:
        return Predictions(_labels(supplied.label, place, frame, question), score, probability)
    if score is None:
        problem = Problem(f"{part}.predictions", "names neither a label nor a score.", "Name at least one column.")
        raise DataError(problem)
    if score.ndim == 2:
        return Predictions(score.argmax(axis=1).astype(np.int64), score, probability)
    line = threshold(probability)
    return Predictions(None if line is None else decided(score, question.positive, line), score, probability)


def facts_of_predictions(spec: ModelSpec, part: Part) -> ModelFacts:
    """Say what is known of a model of which there are only predictions."""
    return ModelFacts(
        name=spec.name or ("predictions" if part == "model" else part),
        format="predictions",
        type="predictions in the table",
        refittable=False,
        refit_reason="there is no model, only its predictions.",
    )


def few(names: tuple[str, ...]) -> str:
    """Write the first of some values."""
    shown = ", ".join(repr(n) for n in names[:5])
    return shown + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _interval(
    spec: PredictionIntervalSpec | None, place: str, frame: pd.DataFrame
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None, float | None]:
    if spec is None:
        return None, None, None
    low, high = (finite_values(place, frame[c], "an end of an interval") for c in (spec.low, spec.high))
    wrong = np.flatnonzero(low > high)
    if len(wrong):
        first = int(frame.index[wrong[0]]) + 1
        message = f"lies above column {spec.high!r} in {len(wrong)} rows, first in row {first}."
        raise DataError(Problem(f"{place}, column {spec.low!r}", message, "Name the lower ends under low."))
    return low, high, spec.level


def _labels(column: str, place: str, frame: pd.DataFrame, question: Question) -> NDArray[np.int64]:
    codes, unknown = codes_of(frame[column], question.labels)
    missing = int(frame[column].isna().sum())
    problems = [
        Problem(
            f"{place}, column {column!r}", f"holds {few(unknown)}.", f"The classes are {', '.join(question.classes)}."
        )
    ] * bool(unknown)
    problems += [
        Problem(f"{place}, column {column!r}", f"{missing} rows have no prediction.", "Every row needs one.")
    ] * bool(missing)
    if problems:
        raise DataError(*problems)
    return codes


def _scores(
    supplied: PredictionsSpec, part: Part, place: str, frame: pd.DataFrame, question: Question
) -> NDArray[np.float64] | None:
    if supplied.score is None:
        return None
    if isinstance(supplied.score, str):
        if question.task == "multiclass":
            problem = Problem(
                f"{part}.predictions.score", "several classes need a column of scores each.", "Write {class: column}."
            )
            raise DataError(problem)
        return finite_values(place, frame[supplied.score], "a score")
    codes, _ = codes_of(pd.Series(list(supplied.score), dtype=object), question.labels)
    if sorted(codes) != list(range(len(question.labels))):
        known = ", ".join(question.classes)
        raise DataError(
            Problem(
                f"{part}.predictions.score",
                f"names scores of {', '.join(supplied.score)}; the classes are {known}.",
                "Name each class once.",
            )
        )
    columns = list(supplied.score.values())
    found = np.column_stack([finite_values(place, frame[columns[i]], "a score") for i in np.argsort(codes)])
    return (
        found[:, question.positive if question.positive is not None else 1] if question.task != "multiclass" else found
    )


def _are_probabilities(score: NDArray[np.float64]) -> bool:
    inside = bool((score >= 0).all() and (score <= 1).all())
    return inside and (score.ndim == 1 or bool(np.allclose(score.sum(axis=1), 1, atol=1e-3)))
