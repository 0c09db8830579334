"""Turns a plan into its subject: a live model beside tables whose columns are sorted by role."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import is_classifier, is_regressor

from audit.errors import DataError, ModelError, Problem
from audit.records.plan import InputFile, Plan
from audit.records.sections import ColumnFacts, TableFacts
from audit.records.spec import AuditSpec, PredictionsSpec, Task
from audit.subject.columns import Layout, cluster_column, cross_validation_of, grade_column, laid_out, strata_of
from audit.subject.estimator import fitter, made
from audit.subject.evidence import LoadedModel, Predictions, Subject, Table, Tell
from audit.subject.facts import column_facts
from audit.subject.labels import canonical, canonical_texts, codes_of, distinct_labels
from audit.subject.membership import membership_of
from audit.subject.model import Part, identity_of, load_model, run_code, section_of, withdraw_code
from audit.subject.named import identities, refuse_unknown
from audit.subject.predict import predictor
from audit.subject.sensitive import as_groups, joined
from audit.subject.source import file_name
from audit.subject.strata import joined_strata
from audit.subject.supplied import facts_of_predictions, few, supplied_predictions
from audit.subject.tables import Source, frames, opened
from audit.subject.task import Question, asked, finite_values

TableRole = Literal["test", "train", "reference"]


def load_subject(plan: Plan, tell: Tell) -> Subject:
    """Load the model, read the tables and match them with one another.

    Parameters
    ----------
    plan : Plan
        The spec, and the files that the parent opened and hashed.
    tell : Tell
        Hears what the reader of the report should know.

    Raises
    ------
    AuditError
        The model or a table is at fault; every problem of one step at once.
    """
    spec = plan.spec
    fixed, native = _fixed_model(plan, tell), _unfitted(plan, tell)
    rival, unfitted_rival = _challenger(plan, tell)
    sources = _sources(plan)
    people = _people(plan)
    headline = "test" if "test" in sources else "train"
    layout = laid_out(spec, sources, people, fixed, headline, tell, rival)
    read = _read(sources, layout)
    _refuse_empty(sources, read)
    settled = _Settled(spec, layout, sources, read, people, headline, tell)
    question = _question(settled, fixed, native)
    tables = {role: _table(settled, role, question) for role in sources}
    if fixed is not None or native is not None:
        _refuse_unknown_cases(settled, tables[headline])
    fitted = any(m is not None for m in (native, unfitted_rival))
    _refuse_lone_rows(settled, tables, {headline, *(("train",) if fitted else ())}, question)
    model = fixed if native is None else _fitted(native, plan, tables["train"], tell)
    subject = _subject(settled, question, tables, model)
    if spec.challenger is None:
        return subject
    own = _own_columns(settled, tables)
    if unfitted_rival is not None:
        rival = _fitted(unfitted_rival, plan, own["train"], tell, "challenger")
    return replace(subject, challenger=_challenging(settled, subject, question, own, rival))


@dataclass(frozen=True)
class _Settled:
    """What the steps after reading share."""

    spec: AuditSpec
    layout: Layout
    sources: Mapping[str, Source]
    frames: Mapping[str, pd.DataFrame]
    people: Source | None
    headline: str
    tell: Tell

    def target_place(self, role: str) -> str:
        return f"{self.sources[role].place}, column {self.spec.data.target!r}"

    def has_target(self, role: str) -> bool:
        return self.spec.data.target is not None and self.spec.data.target in self.frames[role].columns


# --- what is read -------------------------------------------------------------------------------


def _fixed_model(plan: Plan, tell: Tell, part: Part = "model") -> LoadedModel | None:
    """The model that is there before any table is; None for a factory and for predictions."""
    files = plan.inputs_of(part)
    return load_model(plan.spec, files[0], _code(plan, part), tell, part) if files else None


def _unfitted(plan: Plan, tell: Tell, part: Part = "model") -> Any:
    """What a factory makes; None when there is none."""
    spec = section_of(plan.spec, part)
    if spec.estimator is None:
        return None
    run_code(_code(plan, part), spec.code, part)
    return made(spec.estimator, spec.params, plan.folder, identity_of(plan.spec, tell, part))


def _challenger(plan: Plan, tell: Tell) -> tuple[LoadedModel | None, Any]:
    """The challenger that is there before any table is, and what its factory makes."""
    if plan.spec.challenger is None:
        return None, None
    if _code(plan, "challenger"):
        withdraw_code(_code(plan, "model"))
    return _fixed_model(plan, tell, "challenger"), _unfitted(plan, tell, "challenger")


def _code(plan: Plan, part: Part) -> tuple[InputFile, ...]:
    return plan.inputs_of("code" if part == "model" else f"{part}_code")


def _sources(plan: Plan) -> dict[str, Source]:
    spec = plan.spec
    found = {
        role: opened(files[0], f"data.{role}", spec.data.missing)
        for role in ("test", "train", "reference")
        if (files := plan.inputs_of(role))
    }
    if spec.model.predictions is not None and "test" not in found:
        raise DataError(Problem("data.test", "is needed: it holds the predictions.", "Name the table under data.test."))
    if spec.model.estimator is not None and ("train" not in found or spec.data.target is None):
        problem = Problem(
            "data.train",
            "a factory's model is fitted on data.train with data.target; one of them is not named.",
            "Name both.",
        )
        raise DataError(problem)
    if "test" not in found and "train" not in found:
        raise DataError(
            Problem(
                "data.test",
                "there is no table to measure on.",
                "Name one under data.test, or data.train to cross-validate.",
            )
        )
    return found


def _people(plan: Plan) -> Source | None:
    files: tuple[InputFile, ...] = plan.inputs_of("sensitive")
    return opened(files[0], "sensitive.table", plan.spec.data.missing) if files else None


def _read(sources: Mapping[str, Source], layout: Layout) -> dict[str, pd.DataFrame]:
    raw = {role: source.read(layout.read[role]) for role, source in sources.items()}
    return frames(raw, {role: source.place for role, source in sources.items()}, layout.features)


def _refuse_empty(sources: Mapping[str, Source], read: Mapping[str, pd.DataFrame]) -> None:
    empty = [role for role, frame in read.items() if not len(frame)]
    if empty:
        raise DataError(
            *(Problem(sources[r].place, "has a header but no rows.", "Give at least one row.") for r in empty)
        )


# --- what is asked ------------------------------------------------------------------------------


def _question(settled: _Settled, model: LoadedModel | None, native: Any) -> Question:
    spec = settled.spec
    roles = [role for role in ("test", "train") if role in settled.frames and settled.has_target(role)]
    observed = [settled.frames[role][spec.data.target].dropna() for role in roles]
    lead = settled.headline
    if observed and observed[0].empty:
        raise DataError(
            Problem(
                settled.target_place(roles[0]),
                "holds no value at all.",
                "Leave data.target out if there are no labels.",
            )
        )
    supplied = spec.model.predictions
    told, known = (None, None) if model is None else (model.task, model.classes)
    scores = pd.DataFrame()
    if supplied is not None:
        scores = settled.frames["test"][_score_columns(supplied)]
        observed += [settled.frames["test"][supplied.label].dropna()] if supplied.label else []
    if native is not None:
        told = _promised(native, observed)
    place = settled.target_place(lead) if spec.data.target else settled.sources[lead].place
    return asked(spec, place, told, known, observed, scores)


def _promised(native: Any, observed: Sequence[pd.Series]) -> Task | None:
    """The task of an estimator that is not yet fitted."""
    if is_regressor(native):
        return "regression"
    few = is_classifier(native) and len(distinct_labels(pd.concat(observed).unique())) <= 2
    return "binary" if few else "multiclass" if is_classifier(native) else None


def _score_columns(supplied: PredictionsSpec) -> list[str]:
    if supplied.score is None:
        return []
    return [supplied.score] if isinstance(supplied.score, str) else list(supplied.score.values())


# --- one table ----------------------------------------------------------------------------------


def _table(settled: _Settled, role: str, question: Question) -> Table:
    spec, whole = settled.spec, settled.frames[role]
    kept = whole[spec.data.target].notna().to_numpy() if settled.has_target(role) else np.ones(len(whole), dtype=bool)
    frame = whole[kept]
    if frame.empty:
        raise DataError(Problem(settled.target_place(role), "holds no value at all.", "Give rows with labels."))
    target, raw = _target(settled, role, frame, question)
    weight = _weight(settled, role, frame)
    people = _of_people(settled, role, whole)
    groups = _groups(settled, role, people)
    return Table(
        role=role,
        features=frame[list(settled.layout.features)],
        target=target,
        target_raw=raw,
        weight=weight,
        sensitive=groups[kept],
        time=_time(settled, role, frame),
        cv_group=_cv_group(settled, frame),
        facts=_facts(settled, role, whole, kept, target, weight, groups, question),
        weight_kind=spec.data.weight.kind if spec.data.weight else "frequency",
        memberships=_memberships(settled, role, people[kept]),
        identity=_identity(spec.data.id, frame),
        strata=joined_strata(frame, strata_of(spec)),
        grade=_grade(grade_column(spec), frame),
        cluster=_groups_of(cluster_column(spec), frame),
    )


def _target(
    settled: _Settled, role: str, frame: pd.DataFrame, question: Question
) -> tuple[NDArray[np.int64] | NDArray[np.float64] | None, pd.Series | None]:
    if not settled.has_target(role):
        return None, None
    values = frame[settled.spec.data.target]
    if question.task == "regression":
        numbers = finite_values(settled.sources[role].place, values, "a number")
        return numbers, pd.Series(numbers, index=values.index)
    codes, unknown = codes_of(values, question.labels)
    if unknown:
        known = ", ".join(question.classes)
        raise DataError(
            Problem(settled.target_place(role), f"holds {few(unknown)}; the classes are {known}.", "Mend the labels.")
        )
    if role == settled.headline and len(np.unique(codes)) < 2:
        _lone_class(settled, role, question.classes[int(codes[0])])
    return codes, pd.Series(np.asarray(question.labels)[codes], index=values.index)


def _lone_class(settled: _Settled, role: str, only: str) -> None:
    """Say that held-out rows are of one class, which are measured as far as that goes; nothing is fitted on them."""
    what = f"holds one class only ({only})"
    if role != "test":
        raise DataError(Problem(settled.target_place(role), f"{what}.", "Give rows of at least two classes."))
    settled.tell.warning(f"{settled.target_place(role)} {what}: what tells classes apart has no value there.")


def _weight(settled: _Settled, role: str, frame: pd.DataFrame) -> NDArray[np.float64] | None:
    spec = settled.spec.data.weight
    if spec is None or spec.column not in frame.columns:
        return None
    place = settled.sources[role].place
    weight = finite_values(place, frame[spec.column], "a weight")
    if (weight < 0).any() or not weight.any():
        found = f"the weight {weight.min():g}" if (weight < 0).any() else "only zeros"
        raise DataError(
            Problem(
                f"{place}, column {spec.column!r}",
                f"expected weights of at least 0, found {found}.",
                "Mend the weights.",
            )
        )
    return weight


def _of_people(settled: _Settled, role: str, whole: pd.DataFrame) -> pd.DataFrame:
    """(n, ...) what this table and the second one tell of people's groups, as it stands there."""
    inner = whole[[c for c in settled.layout.sensitive if c in whole.columns]]
    outer = _joined_people(settled, role, whole)
    return inner if outer is None else pd.concat([inner, outer], axis=1)


def _memberships(settled: _Settled, role: str, people: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Feature to (n, groups) probabilities; of the headline rows alone, which are all that is measured by group."""
    named = settled.spec.sensitive.probabilities if role == settled.headline else {}
    place = settled.sources[role].place
    return {
        name: membership_of(place, f"sensitive.probabilities.{name}", people, groups) for name, groups in named.items()
    }


def _groups(settled: _Settled, role: str, raw: pd.DataFrame) -> pd.DataFrame:
    """(n, s) text of the sensitive columns that this table has, binned, in the order of the spec."""
    spec, place = settled.spec.sensitive, settled.sources[role].place
    groups = {c: as_groups(place, raw[c], spec.bins.get(c), settled.tell) for c in spec.features if c in raw.columns}
    frame = pd.DataFrame(groups, index=raw.index)
    if role == settled.headline:
        _refuse_unknown_references(spec.reference, frame)
    return frame


def _refuse_unknown_references(references: dict[str, str], groups: pd.DataFrame) -> None:
    """Refuse a reference group that no row belongs to, before anything is measured."""
    problems = []
    for column, named in references.items():
        found = sorted(set(groups[column])) if column in groups else []
        if column in groups and named not in found:
            message = f"there is no group {named!r}; found {', '.join(map(repr, found[:12]))}."
            problems.append(Problem(f"sensitive.reference.{column}", message, "Name one of them."))
    if problems:
        raise DataError(*problems)


def _joined_people(settled: _Settled, role: str, whole: pd.DataFrame) -> pd.DataFrame | None:
    spec, people = settled.spec.sensitive, settled.people
    if people is None or spec.table is None or spec.table.on not in whole.columns or role == "reference":
        return None
    sought = {*spec.features, *spec.probability_columns, spec.table.on}
    wanted = [c for c in people.columns if c in sought]
    frame = frames({"people": people.read(wanted)}, {"people": people.place}, ())["people"]
    places = (settled.sources[role].place, people.place)
    twice = [c for c in wanted if c != spec.table.on and c in settled.sources[role].columns]
    if twice:
        message = f"the columns {', '.join(map(repr, twice))} stand in {places[0]} too: which is meant cannot be told."
        raise DataError(Problem(places[1], message, "Drop or rename them in one of the two tables."))
    needed = role == settled.headline
    return joined(whole[spec.table.on], frame, spec.table.on, places, settled.tell, needed=needed)


def _time(settled: _Settled, role: str, frame: pd.DataFrame) -> NDArray[Any] | None:
    validation = cross_validation_of(settled.spec)
    own = validation.column if validation is not None and validation.by == "time" else None
    name = own or settled.spec.data.time
    if name is None or name not in frame.columns:
        return None
    values = frame[name]
    if pd.api.types.is_numeric_dtype(values):
        return values.to_numpy(dtype=np.float64)
    moments = pd.to_datetime(values, errors="coerce", format="ISO8601")
    bad = moments.isna() & values.notna()
    if bad.any():
        first = values[bad].iloc[0]
        place = f"{settled.sources[role].place}, column {name!r}"
        raise DataError(
            Problem(place, f"expected times, found {first!r}.", "Write them as 2026-03-31 or 2026-03-31T12:30:00.")
        )
    return moments.to_numpy()


def _cv_group(settled: _Settled, frame: pd.DataFrame) -> NDArray[np.int64] | None:
    validation = cross_validation_of(settled.spec)
    return _groups_of(validation.column if validation is not None and validation.by == "group" else None, frame)


def _groups_of(name: str | None, frame: pd.DataFrame) -> NDArray[np.int64] | None:
    """(n,) codes of the values of a column; None where it is not named, or not there."""
    if name is None or name not in frame.columns:
        return None
    codes, distinct = pd.factorize(frame[name])
    codes = codes.astype(np.int64)
    # A row without a group is a group of its own: nothing ties it to another row.
    codes[codes < 0] = len(distinct) + np.arange(int((codes < 0).sum()))
    return codes


def _identity(name: str | None, frame: pd.DataFrame) -> NDArray[np.int64] | None:
    if name is None or name not in frame.columns:
        return None
    return identities(canonical_texts(frame[name]))


def _grade(name: str | None, frame: pd.DataFrame) -> NDArray[Any] | None:
    if name is None or name not in frame.columns:
        return None
    texts = canonical_texts(frame[name])
    grades: NDArray[Any] = texts.astype(object).where(texts.notna(), None).to_numpy(object)
    return grades


def _facts(
    settled: _Settled,
    role: str,
    whole: pd.DataFrame,
    kept: NDArray[np.bool_],
    target: NDArray[Any] | None,
    weight: NDArray[np.float64] | None,
    groups: pd.DataFrame,
    question: Question,
) -> TableFacts:
    source, roles = settled.sources[role], settled.layout.roles
    lost = int((~kept).sum())
    columns = [column_facts(c, whole[c], roles.get(c, "ignored")) for c in whole.columns]
    columns += [_joined_facts(c, groups[c]) for c in groups.columns if c not in whole.columns]
    counts = np.bincount(target, minlength=len(question.classes)) if target is not None and question.classes else ()
    return TableFacts(
        role=cast(TableRole, role),
        name=file_name(source.file),
        sha256=source.file.sha256,
        rows=len(whole),
        rows_used=len(whole) - lost,
        dropped={"the target is missing": lost} if lost else {},
        weight_sum=None if weight is None else float(weight.sum()),
        columns=tuple(columns),
        ignored=tuple(c for c in source.columns if c not in whole.columns),
        target_counts={c: int(n) for c, n in zip(question.classes, counts, strict=False)},
    )


def _joined_facts(name: str, values: pd.Series) -> ColumnFacts:
    return column_facts(name, values.where(values != "unknown"), "sensitive")


def _refuse_unknown_cases(settled: _Settled, table: Table) -> None:
    """Refuse rows and columns that the spec names for its cases and that are not there, before anything is measured."""
    asked = settled.spec.attribution
    if asked and asked.local:
        refuse_unknown(table, asked.local)


_ROWS_APART = 20
"""Rows from which a target with no value twice is no target, but an identifier."""


def _refuse_lone_rows(settled: _Settled, tables: dict[str, Table], roles: set[str], question: Question) -> None:
    """Refuse tables whose target tells every row apart, or from which no factory's model can be fitted."""
    problems = []
    for role in sorted(roles):
        table = tables[role]
        if table.target is None or not question.classes:
            continue
        # The few rows of a small held-out table may all differ, and are measured as far as that goes.
        least = _ROWS_APART if role == "test" else 1
        if int(np.bincount(table.target.astype(np.int64)).max()) < 2 and len(table.target) >= least:
            lacking = "measured" if role == settled.headline else "fitted"
            message = f"holds one row of each class ({table.n} rows): nothing can be {lacking}."
            problems.append(Problem(settled.target_place(role), message, "Give more rows."))
    if problems:
        raise DataError(*problems)


# --- the subject --------------------------------------------------------------------------------


def _fitted(native: Any, plan: Plan, train: Table, tell: Tell, part: Part = "model") -> LoadedModel:
    tell.progress(0, 0, f"fitting the {part}")
    assert train.target_raw is not None  # a factory without data.target was refused
    return fitter(native, identity_of(plan.spec, tell, part))(train.features, train.target_raw, train.weight)


def _subject(settled: _Settled, question: Question, tables: Mapping[str, Table], model: LoadedModel | None) -> Subject:
    spec = settled.spec
    threshold = _threshold(spec, question, model)
    facts = model.facts if model is not None else facts_of_predictions(spec.model, "model")
    subject = Subject(
        task=question.task,
        classes=question.classes,
        positive=question.positive,
        favourable=question.favourable,
        threshold=threshold,
        model=model,
        facts=facts,
        test=tables.get("test"),
        train=tables.get("train"),
        reference=tables.get("reference"),
        predictions=None if model is None else predictor(question.task, question.classes, question.positive, threshold),
    )
    if model is not None:
        return subject
    return replace(subject, supplied=_supplied(settled, question, "model", lambda _: threshold or 0.0))


def _threshold(spec: AuditSpec, question: Question, model: LoadedModel | None) -> float | None:
    if question.task != "binary":
        return None
    if model is None:
        supplied = spec.model.predictions
        return None if supplied is None or supplied.label is not None else spec.decision.threshold
    if model.predict_score is None:
        return None
    if spec.decision.threshold != _USUAL:
        return spec.decision.threshold
    return _usual(model)


_USUAL = 0.5


def _usual(model: LoadedModel) -> float:
    """The threshold that a model brings with it, or that of its scale."""
    if model.threshold is not None:
        return model.threshold
    return _USUAL if model.probability else 0.0


def _supplied(
    settled: _Settled, question: Question, part: Part, threshold: Callable[[bool], float | None]
) -> Predictions:
    supplied, role = section_of(settled.spec, part).predictions, settled.headline
    assert supplied is not None
    whole, place = settled.frames[role], settled.sources[role].place
    frame = whole[whole[settled.spec.data.target].notna()] if settled.has_target(role) else whole
    return supplied_predictions(supplied, part, place, frame, question, threshold)


# --- the challenger -----------------------------------------------------------------------------


def _own_columns(settled: _Settled, tables: Mapping[str, Table]) -> dict[str, Table]:
    """The same rows with the columns that the challenger reads; a table that lacks one is left out."""
    columns = list(settled.layout.challenger)
    return {
        role: replace(table, features=settled.frames[role].loc[table.features.index, columns])
        for role, table in tables.items()
        if role != "reference" and all(c in settled.frames[role] for c in columns)
    }


def _challenging(
    settled: _Settled, subject: Subject, question: Question, tables: Mapping[str, Table], model: LoadedModel | None
) -> Subject:
    """The challenger as a subject of its own, over the same rows and the same question."""
    spec = section_of(settled.spec, "challenger")
    rival = replace(subject, test=tables.get("test"), train=tables.get("train"), reference=None, supplied=None)
    if model is None:
        asked = _line(settled.spec, subject, None)
        supplied = _supplied(settled, question, "challenger", asked)
        labels = question.task != "binary" or (spec.predictions is not None and spec.predictions.label is not None)
        return replace(
            rival,
            threshold=None if labels else asked(supplied.probability),
            model=None,
            facts=facts_of_predictions(spec, "challenger"),
            predictions=None,
            supplied=supplied,
        )
    _refuse_other_question(question, model)
    scored = question.task == "binary" and model.predict_score is not None
    threshold = _line(settled.spec, subject, model)(model.probability) if scored else None
    return replace(
        rival,
        threshold=threshold,
        model=model,
        facts=model.facts,
        predictions=predictor(question.task, question.classes, question.positive, threshold),
    )


def _line(spec: AuditSpec, subject: Subject, model: LoadedModel | None) -> Callable[[bool], float | None]:
    """Where the challenger decides: as the spec says if its scores are on the scale of the model's, else as usual."""
    same = subject.model.probability if subject.model is not None else _is_probability(subject.supplied)

    def line(probability: bool) -> float | None:
        if probability == same and (model is None or spec.decision.threshold != _USUAL):
            return spec.decision.threshold
        if model is not None:
            return _usual(model)
        return _USUAL if probability else None

    return line


def _is_probability(predictions: Predictions | None) -> bool:
    # Labels alone have no scale; a threshold is then meant for probabilities.
    return predictions is None or predictions.score is None or predictions.probability


def _refuse_other_question(question: Question, model: LoadedModel) -> None:
    place = f"challenger {model.facts.name}"
    fits = model.task in (None, question.task) or (
        question.task == "ranking_score" and model.task in ("binary", "regression")
    )
    if not fits:
        message = f"predicts {model.task}; the task of this audit is {question.task}."
        raise ModelError(Problem(place, message, "Compare models of one task."))
    own = None if model.classes is None else tuple(map(canonical, model.classes))
    if own is not None and question.classes and set(own) != set(question.classes):
        message = f"knows the classes {', '.join(own)}; those of this audit are {', '.join(question.classes)}."
        raise ModelError(Problem(place, message, "Compare models of the same classes."))
