"""Turns a subject into evidence: every table predicted once, and rows that the model never saw."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.errors import AuditError, ModelError, Problem
from audit.estimation.seeds import child_seed
from audit.records.observation import Scope
from audit.records.spec import AuditSpec, CrossValidationSpec, RobustnessSpec
from audit.subject.columns import cross_validation_of
from audit.subject.evidence import (
    Copies,
    Evaluation,
    Evidence,
    Lesson,
    LoadedModel,
    Predictions,
    Repeat,
    Subject,
    Table,
    Tell,
)
from audit.subject.folds import Fold, dated, folds_of, together
from audit.subject.lessons import halvings, nested
from audit.subject.predict import sample_of


def gather_evidence(subject: Subject, spec: AuditSpec, tell: Tell) -> Evidence:
    """Predict every table once and cross-validate where that is possible.

    Parameters
    ----------
    subject : Subject
        What `load_subject` returned.
    spec : AuditSpec
        Says how to cross-validate, and the seed.
    tell : Tell
        Hears of progress and of folds that had to be left out.

    Raises
    ------
    AuditError
        The model cannot predict, or there are no rows that it never saw.
    """
    held_out = _held_out(subject, tell)
    crossed = _cross_validated(subject, spec, tell)
    headline = held_out or crossed.evaluation
    if headline is None:
        raise ModelError(
            Problem(
                "data.test",
                f"there are no rows that the model was not fitted on: {crossed.reason}",
                "Name held-out rows under data.test.",
            )
        )
    challenger = _challenged(subject, headline, crossed.folds, tell)
    return Evidence(
        subject=subject,
        headline=headline,
        held_out=held_out,
        out_of_fold=crossed.evaluation,
        train=_in_sample(subject, tell),
        folds=crossed.folds,
        no_cross_validation=crossed.reason,
        repeats=crossed.repeats,
        lessons=crossed.lessons,
        no_lessons=crossed.no_lessons,
        copies=crossed.copies,
        no_copies=crossed.no_copies or crossed.reason,
        challenger=challenger if isinstance(challenger, Evaluation) else None,
        no_challenger=challenger if isinstance(challenger, str) else "",
    )


def rows_of(table: Table, positions: NDArray[np.int64]) -> Table:
    """Return some rows of a table, by position, in the order given; its facts stay those of the whole table."""
    return replace(
        table,
        features=table.features.iloc[positions],
        target=_taken(table.target, positions),
        target_raw=None if table.target_raw is None else table.target_raw.iloc[positions],
        weight=_taken(table.weight, positions),
        sensitive=table.sensitive.iloc[positions],
        time=_taken(table.time, positions),
        cv_group=_taken(table.cv_group, positions),
        identity=_taken(table.identity, positions),
        memberships={name: p.iloc[positions] for name, p in table.memberships.items()},
        strata=_taken(table.strata, positions),
        grade=_taken(table.grade, positions),
        cluster=_taken(table.cluster, positions),
    )


def evaluated(subject: Subject, table: Table, predictions: Predictions, scope: Scope) -> Evaluation:
    """Return rows beside their predictions, with the sample that metrics see."""
    return Evaluation(scope=scope, table=table, predictions=predictions, sample=sample_of(subject, table, predictions))


def _taken(values: Any, positions: NDArray[np.int64]) -> Any:
    return None if values is None else values[positions]


def _held_out(subject: Subject, tell: Tell) -> Evaluation | None:
    if subject.test is None:
        return None
    tell.progress(0, 0, "predicting data.test")
    if subject.supplied is not None:
        return evaluated(subject, subject.test, subject.supplied, "held_out")
    return evaluated(subject, subject.test, _predicted(subject, subject.model, subject.test), "held_out")


def _in_sample(subject: Subject, tell: Tell) -> Evaluation | None:
    if subject.train is None or subject.model is None or subject.train.target is None:
        return None
    tell.progress(0, 0, "predicting data.train")
    return evaluated(subject, subject.train, _predicted(subject, subject.model, subject.train), "train")


def _challenged(subject: Subject, headline: Evaluation, folds: tuple[Fold, ...], tell: Tell) -> Evaluation | str | None:
    """Predictions of the headline rows by the challenger, why there are none, or None without a challenger."""
    rival = subject.challenger
    if rival is None:
        return None
    if rival.supplied is not None:
        return _supplied_for(rival, rival.supplied, headline, folds)
    if headline.scope == "held_out":
        return _held_out(rival, tell)
    assert rival.model is not None and rival.train is not None
    if rival.model.fit is None:
        return (
            "there is no held-out table, and the challenger cannot be fitted again in each fold, as the model is: "
            f"{rival.facts.refit_reason}"
        )
    found = _out_of_fold(rival, rival.train, folds, tell)
    if found.evaluation is None or len(found.folds) < len(folds):
        return f"the challenger could not be fitted in every fold: {found.reason}"
    return found.evaluation


def _supplied_for(rival: Subject, supplied: Predictions, headline: Evaluation, folds: tuple[Fold, ...]) -> Evaluation:
    if headline.scope != "out_of_fold":
        return evaluated(rival, headline.table, supplied, headline.scope)
    # Out-of-fold rows stand in the order of the training table, without those that no fold tested.
    tested = np.sort(np.concatenate([test for _, test in folds]))
    kept = replace(
        supplied,
        label=_taken(supplied.label, tested),
        score=_taken(supplied.score, tested),
        low=_taken(supplied.low, tested),
        high=_taken(supplied.high, tested),
    )
    return evaluated(rival, headline.table, kept, headline.scope)


def _predicted(subject: Subject, model: LoadedModel | None, table: Table) -> Predictions:
    assert model is not None and subject.predictions is not None  # only an audit of predictions has neither
    return subject.predictions(model, table)


@dataclass(frozen=True)
class _Crossed:
    """What refitting the model gave."""

    folds: tuple[Fold, ...] = ()
    evaluation: Evaluation | None = None
    reason: str = ""
    """Why there is none."""
    repeats: tuple[Repeat, ...] = ()
    lessons: tuple[Lesson, ...] = ()
    no_lessons: str = ""
    copies: Copies | None = None
    no_copies: str = ""


def _cross_validated(subject: Subject, spec: AuditSpec, tell: Tell) -> _Crossed:
    how, reason = cross_validation_of(spec), _not_to_be(subject)
    if not reason and how is None and subject.test is not None:
        reason = "the spec switches it off."
    if reason:
        return _Crossed(reason=reason, no_lessons=f"there are no folds to fit it in: {reason}")
    assert subject.train is not None
    # The headline needs rows that the model never saw, even where the spec switches cross-validation off.
    train, how = together(subject.train, how or CrossValidationSpec())
    subject = replace(subject, train=train)
    folds = folds_of(train, how, subject.task, child_seed(spec.seed, "cross_validation"))
    if isinstance(folds, str):
        return _Crossed(reason=folds, no_lessons=f"there are no folds to fit it in: {folds}")
    if how.by == "time" and (unknown := train.n - len(dated(train))):
        tell.warning(f"{unknown} rows of data.train have no time: folds by time leave them out.")
    halved = halvings(subject, spec, folds)
    school = None if isinstance(halved, str) else _School(how, halved, child_seed(spec.seed, "learning_curve"))
    first = _out_of_fold(subject, train, folds, tell, school, _for_copies(subject, spec, len(folds)))
    return replace(
        first,
        repeats=_repeated(subject, train, how, spec.seed, tell) if first.evaluation else (),
        no_lessons=halved if isinstance(halved, str) else first.no_lessons,
    )


def _for_copies(subject: Subject, spec: AuditSpec, folds: int) -> Table | None:
    """Held-out rows that the copy of each fold predicts, within the budget of the check that compares them."""
    if subject.test is None or subject.reference is not None:
        return None
    most = max((spec.robustness or RobustnessSpec()).budget // folds, 1)
    if subject.test.n <= most:
        return subject.test
    drawn = np.random.default_rng(child_seed(spec.seed, "copies")).choice(subject.test.n, most, replace=False)
    return rows_of(subject.test, np.sort(drawn).astype(np.int64))


def _repeated(subject: Subject, train: Table, how: CrossValidationSpec, seed: int, tell: Tell) -> tuple[Repeat, ...]:
    """Deal the rows anew, each time by a seed of its own."""
    found = []
    for number in range(2, how.repeats + 1):
        folds = folds_of(train, how, subject.task, child_seed(seed, f"cross_validation/{number}"))
        again = _Crossed() if isinstance(folds, str) else _out_of_fold(subject, train, folds, tell)
        if again.evaluation is not None:
            found.append(Repeat(again.folds, again.evaluation))
    return tuple(found)


def _not_to_be(subject: Subject) -> str:
    if subject.model is None:
        return subject.facts.refit_reason
    if subject.train is None:
        return "there is no data.train."
    if subject.train.target is None:
        return "there is no data.target."
    return subject.facts.refit_reason if subject.model.fit is None else ""


@dataclass(frozen=True)
class _School:
    """How lessons are given."""

    how: CrossValidationSpec
    halvings: int
    seed: int


def _out_of_fold(
    subject: Subject,
    train: Table,
    folds: tuple[Fold, ...],
    tell: Tell,
    school: _School | None = None,
    unseen: Table | None = None,
) -> _Crossed:
    used: list[Fold] = []
    parts: list[Predictions] = []
    lessons: list[Lesson] = []
    beside: list[Predictions] = []
    reason, untaught, unsaid = "", "", ""
    for number, (fitted_on, tested_on) in enumerate(folds, start=1):
        tell.progress(number - 1, len(folds), f"fold {number} of {len(folds)}")
        found = _fold(subject, train, fitted_on, tested_on)
        if isinstance(found, str):
            reason = f"Fold {number} of {len(folds)} was left out: {found}"
            tell.warning(reason)
            continue
        used.append((fitted_on, tested_on))
        parts.append(found.predictions)
        if unseen is not None:
            said = _or_reason(subject, found.model, unseen)
            if isinstance(said, str):
                unsaid = f"the copy of fold {number} does not predict held-out rows: {said}"
            else:
                beside.append(said)
        if school is not None:
            given, untaught = _lessons(subject, train, (fitted_on, tested_on), found, school, len(used))
            lessons += given
    tell.progress(len(folds), len(folds))
    if not used:
        return _Crossed(reason=f"no fold could be fitted. {reason}", no_lessons=f"no fold could be fitted. {reason}")
    return _Crossed(
        tuple(used),
        _merged(subject, train, used, parts),
        lessons=tuple(lessons),
        no_lessons="" if lessons else untaught,
        copies=None if unseen is None or unsaid else Copies(unseen, tuple(beside)),
        no_copies=unsaid,
    )


@dataclass(frozen=True)
class _Fitted:
    """A copy of the model."""

    model: LoadedModel
    predictions: Predictions
    """Of the test rows of its fold."""
    seconds: float
    """What fitting it took; it differs between equal runs."""


def _fold(subject: Subject, train: Table, fitted_on: NDArray[np.int64], tested_on: NDArray[np.int64]) -> _Fitted | str:
    """A model fitted on the other rows of a fold beside its predictions of the test rows, or why there are none."""
    rows = rows_of(train, fitted_on)
    if not len(fitted_on):
        return "there are no earlier rows."
    assert subject.model is not None and subject.model.fit is not None
    assert rows.target is not None and rows.target_raw is not None
    if subject.classes:
        counts = np.bincount(rows.target.astype(np.int64), minlength=len(subject.classes))
        if not counts.all():
            return f"its training rows lack class {subject.classes[int(np.argmin(counts))]}."
    try:
        start = time.perf_counter()
        model = subject.model.fit(rows.features, rows.target_raw, rows.weight)
        seconds = time.perf_counter() - start
        return _Fitted(model, _predicted(subject, model, rows_of(train, tested_on)), seconds)
    except AuditError as error:
        return str(error)


def _lessons(
    subject: Subject, train: Table, fold: Fold, whole: _Fitted, school: _School, number: int
) -> tuple[list[Lesson], str]:
    """Fit the model on growing parts of a fold, of which the whole was before; also say what went wrong last."""
    order = nested(train, fold[0], school.how, child_seed(school.seed, str(number)))
    test, found, reason = rows_of(train, fold[1]), [], ""
    for part in range(school.halvings, -1, -1):
        rows = np.sort(order[: -(-len(order) // 2**part)])
        copy = _fold(subject, train, rows, fold[1]) if part else whole
        seen = copy if isinstance(copy, str) else _or_reason(subject, copy.model, rows_of(train, rows))
        if isinstance(copy, str) or isinstance(seen, str):
            reason = f"a copy could not be fitted on {len(rows)} rows: {seen}"
            continue
        samples = sample_of(subject, rows_of(train, rows), seen), sample_of(subject, test, copy.predictions)
        found.append(Lesson(number, part, len(rows), *samples, copy.seconds))
    return found, reason


def _or_reason(subject: Subject, model: LoadedModel, table: Table) -> Predictions | str:
    try:
        return _predicted(subject, model, table)
    except AuditError as error:
        return str(error)


def _merged(subject: Subject, train: Table, folds: list[Fold], parts: list[Predictions]) -> Evaluation:
    """Predictions of all folds in the order of the training table."""
    tested = np.concatenate([test for _, test in folds])
    order = np.argsort(tested, kind="stable")
    number = np.concatenate([np.full(len(test), i) for i, (_, test) in enumerate(folds, start=1)])[order]
    label = None if parts[0].label is None else np.concatenate([p.label for p in parts if p.label is not None])[order]
    score = None if parts[0].score is None else np.concatenate([p.score for p in parts if p.score is not None])[order]
    predictions = Predictions(label, score, parts[0].probability)
    evaluation = evaluated(subject, rows_of(train, tested[order]), predictions, "out_of_fold")
    return replace(evaluation, fold=number.astype(np.int64))
