"""Tells the task and the classes from the model, the spec and the target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from audit.errors import DataError, ModelError, Problem, SpecError
from audit.records.spec import AuditSpec, Task
from audit.subject.labels import canonical, code_of, distinct_labels


@dataclass(frozen=True)
class Question:
    """What is predicted."""

    task: Task
    labels: tuple[Any, ...]
    """Class labels as typed, in code order; empty in regression."""
    positive: int | None
    favourable: int | None

    @property
    def classes(self) -> tuple[str, ...]:
        """Canonical text of each class."""
        return tuple(map(canonical, self.labels))


def asked(
    spec: AuditSpec,
    place: str,
    told: Task | None,
    known: Sequence[Any] | None,
    observed: Sequence[pd.Series],
    scores: pd.DataFrame,
) -> Question:
    """Settle task, classes, positive and favourable label.

    Parameters
    ----------
    spec, place
        The spec, and where the target stands, for errors.
    told, known
        Task and classes that the model tells, if it does.
    observed
        Columns of labels or values: targets and supplied labels.
    scores
        Supplied scores; no columns when there are none.

    Raises
    ------
    AuditError
        The spec contradicts the model or the target, or nothing tells a second class.
    """
    task = _agreed(spec.task, told) or _inferred(spec, observed, scores)
    if task == "regression":
        return Question(task, (), None, None)
    labels = tuple(known) if known is not None else _observed_labels(spec, observed)
    _refuse_wrong_number(task, labels, place)
    positive = _code("decision.positive", spec.decision.positive, labels)
    if task == "multiclass":
        return Question(task, labels, None, _code("decision.favourable", spec.decision.favourable, labels))
    positive = 1 if positive is None else positive
    favourable = _code("decision.favourable", spec.decision.favourable, labels)
    return Question(task, labels, positive, positive if favourable is None else favourable)


_MANY_CLASSES = 20


def _agreed(wanted: Task | None, told: Task | None) -> Task | None:
    if wanted is None or told is None or wanted == told:
        return wanted or told
    if wanted == "ranking_score" and told in ("binary", "regression"):
        return wanted
    raise ModelError(
        Problem("task", f"the spec says {wanted}, the model says {told}.", "Leave task out: the model tells it.")
    )


def _inferred(spec: AuditSpec, observed: Sequence[pd.Series], scores: pd.DataFrame) -> Task:
    if scores.shape[1] > 1:
        return "multiclass"
    if not observed:
        raise SpecError(
            Problem(
                "task",
                "cannot be inferred without data.target.",
                "Name it: binary, multiclass, regression or ranking_score.",
            )
        )
    labels = distinct_labels(pd.concat(observed).unique())
    if len(labels) <= 2:
        beyond = scores.shape[1] == 1 and spec.model.predictions is not None and spec.model.predictions.label is None
        numbers = pd.to_numeric(scores.iloc[:, 0], errors="coerce") if beyond else pd.Series(dtype=float)
        return "ranking_score" if bool(((numbers < 0) | (numbers > 1)).any()) else "binary"
    numeric = all(isinstance(label, int | float) for label in labels)
    whole = numeric and all(float(label).is_integer() for label in labels)
    return "regression" if numeric and not (whole and len(labels) <= _MANY_CLASSES) else "multiclass"


def _observed_labels(spec: AuditSpec, observed: Sequence[pd.Series]) -> tuple[Any, ...]:
    named = spec.model.predictions.score if spec.model.predictions is not None else None
    seen = list(pd.concat([s.astype(object) for s in observed]).unique()) if observed else []
    if isinstance(named, dict):
        # A class that has a score is a class, though no row is of it.
        return distinct_labels([*seen, *(name for name in named if not seen or code_of(name, seen) is None)])
    labels = distinct_labels(seen) if seen else (0, 1)
    # Rows that are all 0, or all 1, leave no doubt of the other class; rows that are all "yes" do.
    alone = len(labels) == 1 and canonical(labels[0]) in ("0", "1")
    return distinct_labels([*seen, 1 - int(float(labels[0]))]) if alone else labels


def _refuse_wrong_number(task: Task, labels: Sequence[Any], place: str) -> None:
    names = ", ".join(map(canonical, labels[:_MANY_CLASSES]))
    if len(labels) < 2:
        raise DataError(
            Problem(place, f"holds one class only ({names or 'none'}).", "Give rows of at least two classes.")
        )
    if task != "multiclass" and len(labels) != 2:
        raise DataError(
            Problem(
                place,
                f"task {task} needs two classes, found {len(labels)}: {names}.",
                "Set task: multiclass or regression.",
            )
        )


def _code(key: str, value: Any, labels: Sequence[Any]) -> int | None:
    if value is None:
        return None
    code = code_of(value, labels)
    if code is None:
        raise SpecError(
            Problem(
                key,
                f"{value!r} is none of the classes: {', '.join(map(canonical, labels))}.",
                "Write it as in the data.",
            )
        )
    return code


def finite_values(place: str, values: pd.Series, what: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return (n,) numbers of a column that must hold finite ones.

    Raises
    ------
    DataError
        With the first value that is none.
    """
    numbers = pd.to_numeric(values.astype(object), errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    bad = ~np.isfinite(numbers)
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        value = values.astype(object).iloc[first]
        found = "nothing" if pd.isna(value) else repr(value)
        row = int(values.index[first]) + 1
        raise DataError(
            Problem(
                f"{place}, column {str(values.name)!r}",
                f"expected {what}, found {found} in row {row} ({int(bad.sum())} such rows).",
                "Mend or leave out these rows.",
            )
        )
    return numbers
