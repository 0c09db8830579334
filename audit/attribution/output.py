"""The output that is attributed: what the model gives for rows, on the scale that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logit

from audit.attribution.boosters import booster_of
from audit.attribution.split import explained_columns, split_of
from audit.declarations.attribution import Ground, MethodNotRunError

LEAST = 1e-6
"""Probabilities are held to between this and one less this before their log-odds are taken."""

Compute = Callable[[pd.DataFrame], NDArray[np.float64]]
_ODDS = ("log-odds", "log-odds of each class against the rest")


@dataclass(frozen=True)
class Output:
    """What a method attributes."""

    compute: Compute
    """(m, d) rows -> (m, K) output."""
    scale: str
    """Name of its scale, as charts print it."""
    notes: tuple[str, ...] = ()


def output(ground: Ground) -> Output:
    """Return the output on the scale that was asked for.

    Raises
    ------
    MethodNotRunError
        The model gives nothing on that scale.
    """
    match ground.scale:
        case "probability":
            return Output(_probability(ground), "probability")
        case "log_odds":
            return _log_odds(ground)
        case "raw":
            return _raw(ground)
    return _given(ground)


def output_of(ground: Ground, rows: pd.DataFrame) -> NDArray[np.float64]:
    """Return the (n, K) output of rows; a method that asks more than once keeps `output(ground).compute`."""
    return output(ground).compute(rows)


def scale_of(ground: Ground) -> str:
    """Return the scale of `output_of` in words."""
    return output(ground).scale


def fits(asked: str | None, scale: str) -> bool:
    """Tell whether a scale in words is the one that was asked for.

    >>> fits("log_odds", "log-odds"), fits("log_odds", "raw score (before softmax)"), fits(None, "score")
    (True, False, True)
    """
    if asked == "probability":
        return scale == "probability"
    if asked == "log_odds":
        return scale in _ODDS
    # The log-odds that a model adds up are its raw score.
    return asked is None or scale != "probability"


def in_words(asked: str | None) -> str:
    """Return an asked scale as a sentence names it."""
    return {"log_odds": "log-odds", "raw": "a raw score"}.get(asked or "", asked or "the natural scale")


def _given(ground: Ground) -> Output:
    if ground.score is None:
        return Output(_labels(ground), "predicted label (1 for the class, 0 for another)")
    if ground.subject.task == "regression":
        return Output(_scores(ground), "unit of the target")
    return Output(_scores(ground), "probability" if ground.probability else "score")


def _scores(ground: Ground) -> Compute:
    def compute(rows: pd.DataFrame) -> NDArray[np.float64]:
        score = ground.predict(rows)[1]
        assert score is not None
        return score

    return compute


def _labels(ground: Ground) -> Compute:
    classes = range(len(ground.classes)) if len(ground.classes) > 1 else [ground.subject.positive]

    def compute(rows: pd.DataFrame) -> NDArray[np.float64]:
        label = ground.predict(rows)[0]
        assert label is not None
        return np.stack([(label == k).astype(np.float64) for k in classes], axis=1)

    return compute


def _probability(ground: Ground) -> Compute:
    if ground.subject.task == "regression":
        raise MethodNotRunError(f"A regression has no {in_words(ground.scale)} to attribute, which was asked for.")
    if ground.score is None or not ground.probability:
        raise MethodNotRunError(
            f"{_name(ground)} gives no probabilities, and {in_words(ground.scale)} was asked for: "
            "leave attribution.scale out, or ask for raw."
        )
    return _scores(ground)


def _log_odds(ground: Ground) -> Output:
    probability = _probability(ground)
    note = f"Log-odds are those of probabilities held to between {LEAST:g} and 1 - {LEAST:g}."

    def compute(rows: pd.DataFrame) -> NDArray[np.float64]:
        return np.asarray(logit(np.clip(probability(rows), LEAST, 1 - LEAST)), dtype=np.float64)

    return Output(compute, _ODDS[len(ground.classes) > 1], (note,))


def _raw(ground: Ground) -> Output:
    if ground.subject.task in ("regression", "ranking_score"):
        return _given(ground)
    if ground.score is not None and not ground.probability:
        return _given(ground)
    split, columns = split_of(ground.model), explained_columns(ground)
    booster = booster_of(split.predictor, columns)
    if booster is not None:
        return Output(lambda rows: booster.output(split.encode(rows)), booster.scale)
    if columns and hasattr(split.predictor, "decision_function"):
        return Output(lambda rows: _margin(split.predictor, split.encode(rows), columns), "decision score")
    raise MethodNotRunError(
        f"{_name(ground)} has no raw score beside its predictions, and one was asked for: "
        "leave attribution.scale out, or ask for probability or log_odds."
    )


def _margin(model: Any, encoded: Any, columns: tuple[int, ...]) -> NDArray[np.float64]:
    found = np.asarray(model.decision_function(encoded), dtype=np.float64)
    if found.ndim == 1:
        # One margin speaks of the second class.
        return np.stack([found if k == 1 else -found for k in columns], axis=1)
    if found.shape[1] != len(model.classes_):
        raise MethodNotRunError(f"{type(model).__name__} has a raw score for each pair of classes, not for each class.")
    return found[:, list(columns)]


def _name(ground: Ground) -> str:
    return type(split_of(ground.model).predictor).__name__
