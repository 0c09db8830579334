"""The live objects that every stage measures: model, tables, predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.declarations.metric import Sample
from audit.records.observation import Scope
from audit.records.sections import ModelFacts, TableFacts
from audit.records.spec import Task


class Capability(StrEnum):
    """What a model can do; a method declares what it needs."""

    PREDICT = "predict"
    PROBABILITY = "probability"
    DECISION = "decision_function"
    TREE = "tree"
    LINEAR = "linear"
    REFIT = "refit"


class Tell(Protocol):
    """How a stage speaks to the parent."""

    def progress(self, done: int, total: int, text: str = "") -> None:
        """Report that `done` of `total` steps are done; total 0 when unknown."""

    def warning(self, text: str) -> None:
        """Report something that the reader of the report should know."""


@dataclass(frozen=True)
class Predictions:
    """What a model says of the rows of a table."""

    label: NDArray[np.int64] | None
    """(n,) predicted class codes; None in regression and ranking_score."""
    score: NDArray[np.float64] | None
    """(n,) score of the positive class (binary, ranking_score), (n, K) by class, or (n,) values (regression)."""
    probability: bool
    """Whether `score` holds probabilities."""
    low: NDArray[np.float64] | None = None
    """(n,) lower ends of prediction intervals, where the table holds them."""
    high: NDArray[np.float64] | None = None
    """(n,) upper ends."""
    interval_level: float | None = None
    """Share of rows that the intervals are meant to hold."""


@dataclass(frozen=True)
class Table:
    """A table with its columns sorted by role; all arrays share their rows."""

    role: str
    """test, train or reference."""
    features: pd.DataFrame
    """(n, d) the model's columns in the model's order; empty of columns when there is no model and none were named."""
    target: NDArray[np.int64] | NDArray[np.float64] | None
    """(n,) class codes into Subject.classes, or values."""
    target_raw: pd.Series | None
    """(n,) labels as the model's own fit expects them."""
    weight: NDArray[np.float64] | None
    """(n,) weights as given."""
    sensitive: pd.DataFrame
    """(n, s) sensitive columns as text, binned where the spec says so; a missing value is "unknown"."""
    time: NDArray[Any] | None
    """(n,) sortable values of data.time, or of the column that cross-validation by time names."""
    cv_group: NDArray[np.int64] | None
    """(n,) codes of the cross-validation's group column."""
    facts: TableFacts
    weight_kind: Literal["frequency", "sampling"] = "frequency"
    """What the weights mean."""
    identity: NDArray[np.int64] | None = None
    """(n,) hash of data.id, equal between tables exactly where the ids are; -1 where a row has none; never printed."""
    memberships: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    """Name of a feature of sensitive.probabilities to its (n, groups) probabilities; rows sum to 1."""
    strata: NDArray[np.int64] | None = None
    """(n,) stratum of each row, -1 where a value is missing; None where fairness.strata names no column."""
    grade: NDArray[Any] | None = None
    """(n,) text of performance.grades.column, None where it is missing; None where no column is named."""
    cluster: NDArray[np.int64] | None = None
    """(n,) code 0..G-1 of performance.interval.cluster, a row without a value being a cluster of its own; None where no
    column is named, or this table has none of that name."""

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.features)


@dataclass(frozen=True)
class LoadedModel:
    """A model behind one face, whatever made it."""

    facts: ModelFacts
    native: Any
    """The estimator or booster itself."""
    features: tuple[str, ...] | None
    """Columns it wants, in order; None when it does not say."""
    classes: tuple[Any, ...] | None
    """Its own labels in the order of its score columns; None in regression or when it does not say."""
    capabilities: frozenset[Capability]
    predict: Callable[[pd.DataFrame], NDArray[Any]]
    """(n, d) -> (n,) labels as the model gives them, or values."""
    predict_score: Callable[[pd.DataFrame], NDArray[np.float64]] | None
    """(n, d) -> (n, K) probabilities, or (n,) / (n, K) decision scores; None when it has neither."""
    probability: bool
    """Whether predict_score gives probabilities."""
    fit: Callable[[pd.DataFrame, pd.Series, NDArray[np.float64] | None], LoadedModel] | None
    """A fresh copy fitted on other rows (clone and fit, the whole pipeline); None when it cannot be refitted."""
    task: Task | None = None
    """What it predicts, when it says so."""
    width: int | None = None
    """Number of columns it wants, when it says so."""
    threshold: float | None = None
    """Threshold that it brings with it, such as a tuned one."""
    encode: Callable[[pd.DataFrame], Any] | None = None
    """(n, d) -> the rows as `native` reads them; None where it reads the table (its array, if it names no columns)."""


@dataclass(frozen=True)
class Subject:
    """What is audited."""

    task: Task
    classes: tuple[str, ...]
    """Canonical text of each class, in code order; empty in regression."""
    positive: int | None
    favourable: int | None
    threshold: float | None
    """None where labels were supplied, in multiclass and in regression."""
    model: LoadedModel | None
    """None in an audit of predictions."""
    facts: ModelFacts
    test: Table | None
    train: Table | None
    reference: Table | None
    predictions: Callable[[LoadedModel, Table], Predictions] | None
    """Predict a table in batches, in this subject's class codes; None in an audit of predictions."""
    supplied: Predictions | None = None
    """Predictions of the test table that came with it; a challenger's, of the table that is audited."""
    challenger: Subject | None = None
    """A second model over the same rows and the same question, its tables holding the columns that it reads."""


@dataclass(frozen=True)
class Evaluation:
    """Rows beside predictions made for them without having seen them (except scope train)."""

    scope: Scope
    table: Table
    predictions: Predictions
    fold: NDArray[np.int64] | None = None
    """(n,) fold of each row from 1, 0 where no fold predicted it; None outside cross-validation."""
    sample: Sample = field(kw_only=True)
    """The same rows as metrics see them."""


@dataclass(frozen=True)
class Repeat:
    """A cross-validation whose folds were dealt anew."""

    folds: tuple[tuple[NDArray[np.int64], NDArray[np.int64]], ...]
    evaluation: Evaluation


@dataclass(frozen=True)
class Lesson:
    """What a copy of the model that was fitted on part of a fold's training rows says of them, and of the test rows."""

    fold: int
    """From 1."""
    part: int
    """How often the fold's training rows were halved; 0 for all of them."""
    rows: int
    """Rows that it was fitted on."""
    seen: Sample
    """Those rows."""
    unseen: Sample
    """The test rows of the fold."""
    seconds: float = 0.0
    """What fitting it took; it differs between equal runs and stands outside the digest."""


@dataclass(frozen=True)
class Copies:
    """What the copies of the model that were fitted in folds say of rows that none of them has seen."""

    table: Table
    """Rows of the held-out table, drawn where there are many."""
    predictions: tuple[Predictions, ...]
    """Of all these rows, by each copy in the order of the folds."""


@dataclass(frozen=True)
class Evidence:
    """Everything a stage may read; predictions are made once."""

    subject: Subject
    headline: Evaluation
    """Held-out rows, or out-of-fold predictions where there is no test table."""
    held_out: Evaluation | None
    out_of_fold: Evaluation | None
    """Cross-fitted predictions of the train table, the whole pipeline refitted in each fold."""
    train: Evaluation | None
    """In-sample predictions, only for the gap."""
    folds: tuple[tuple[NDArray[np.int64], NDArray[np.int64]], ...] = ()
    """(train rows, test rows) of each fold, as positions in the train table."""
    no_cross_validation: str = ""
    """Why there is no out_of_fold."""
    challenger: Evaluation | None = None
    """The challenger's predictions of the headline rows, made without having seen them as far as that can be told."""
    no_challenger: str = ""
    """Why there is none although the spec names one."""
    repeats: tuple[Repeat, ...] = ()
    """The cross-validations after the first, where the spec repeats it."""
    lessons: tuple[Lesson, ...] = ()
    """The model fitted on growing parts of each fold's training rows."""
    no_lessons: str = ""
    """Why there are none."""
    copies: Copies | None = None
    """What the copies that made `out_of_fold` say of held-out rows."""
    no_copies: str = ""
    """Why they say nothing."""
