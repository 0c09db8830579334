"""The ground of attributions to what single people are told, and how well that holds for all who were turned down."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from audit import guard
from audit.attribution.people.counterfactuals import Search, search
from audit.attribution.people.crowd import Answers, Crowd, Flags, Rows, crowd_of
from audit.attribution.people.denials import denials_of, reason_observations
from audit.attribution.people.neighbours import differences, neighbours, score_of
from audit.attribution.people.recourse import recourse_observations
from audit.attribution.shapes import text_of
from audit.declarations.attribution import Ground, MethodNotRunError
from audit.errors import AuditError
from audit.records.observation import Observation
from audit.records.people import Counterfactual, PartFacts, PeopleFacts, Person
from audit.records.spec import AttributionSpec, AuditSpec, LocalSpec
from audit.subject.evidence import Evidence

T = TypeVar("T")

_SHARE = 4
"""Reasons and changes may each spend this part of what one method may: the default is to be quick."""


def people_of(
    evidence: Evidence, ground: Ground, spec: AuditSpec
) -> tuple[PeopleFacts | None, tuple[Observation, ...]]:
    """Tell the chosen cases, and give reasons for every unfavourable decision of the sample.

    Returns
    -------
    PeopleFacts or None
        None where the spec switches cases off.
    tuple of Observation
        `attribution/reasons/...` and `attribution/counterfactuals/...`.
    """
    local = spec.attribution.local if spec.attribution else LocalSpec()
    if not local:
        return None, ()
    crowd = guard.attempt(crowd_of, evidence, ground)
    if isinstance(crowd, AuditError):
        failed = PartFacts(status="error", reason=str(crowd))
        return PeopleFacts(neighbours=failed, counterfactuals=failed, reasons=failed), ()
    return _told(crowd, spec, local)


def nobody(asked: AttributionSpec, reason: str) -> PeopleFacts | None:
    """Tell why there are no cases at all; None where the spec switches them off."""
    if not asked.local:
        return None
    not_run = PartFacts(status="not_run", reason=reason)
    return PeopleFacts(neighbours=not_run, counterfactuals=not_run, reasons=not_run)


def protected_of(crowd: Crowd, spec: AuditSpec) -> Flags:
    """Return (d,) whether a column tells of a sensitive feature: it never changes, and is never a reason."""
    sensitive = {*spec.sensitive.features, *spec.sensitive.probability_columns}
    return np.array([name in sensitive for name in crowd.names], dtype=bool)


def _told(crowd: Crowd, spec: AuditSpec, local: LocalSpec) -> tuple[PeopleFacts, tuple[Observation, ...]]:
    ground, protected = crowd.ground, protected_of(crowd, spec)
    cases = np.array([crowd.place(row) for row, _ in ground.chosen], dtype=np.int64)
    crowding = crowd.crowding()
    near, near_facts = _part(local.neighbours > 0, lambda: neighbours(crowd, cases, local.neighbours, crowding))
    changes, change_facts = _part(bool(local.counterfactuals), lambda: _changes(crowd, cases, local, protected))
    denials, reason_facts = _part(
        bool(local.reasons), lambda: denials_of(crowd, cases, protected, local, ground.budget // _SHARE)
    )
    limit = float(np.quantile(crowding, 0.95)) if len(crowding) else None
    persons = tuple(
        Person(
            number=number,
            chosen=why,
            score=score_of(None if ground.score is None else ground.score[row], _label(ground, row)),
            decided=_class_text(ground, row, predicted=True),
            actual=_class_text(ground, row, predicted=False),
            favoured=None if crowd.answers.favoured is None else bool(crowd.answers.favoured[crowd.place(row)]),
            neighbours=() if near is None else near[number - 1],
            counterfactual=None if changes is None else _counterfactual(crowd, changes[0], crowd.place(row), limit),
            reasons=() if denials is None else denials.of_case.get(crowd.place(row), ()),
        )
        for number, (row, why) in enumerate(ground.chosen, start=1)
    )
    good = ground.subject.favourable
    facts = PeopleFacts(
        persons=persons,
        neighbours=near_facts.model_copy(update={"notes": _origin(crowd)}) if near is not None else near_facts,
        counterfactuals=change_facts.model_copy(update={"notes": changes[1]}) if changes else change_facts,
        reasons=reason_facts.model_copy(update={"notes": denials.notes}) if denials else reason_facts,
        favourable=None if good is None else ground.subject.classes[good],
        scale=_scale(ground),
        protected=tuple(name for name, flag in zip(crowd.names, protected, strict=True) if flag),
        **({} if denials is None else denials.facts()),
    )
    observations = () if denials is None else reason_observations(crowd, denials, spec.sensitive.minimum_group)
    recourse = () if changes is None else recourse_observations(crowd, changes[0])
    return facts, (*observations, *recourse)


def _part(wanted: bool, function: Callable[[], T]) -> tuple[T | None, PartFacts]:
    """Run one part; a reason not to, or whatever it ends in, becomes its status."""
    if not wanted:
        return None, PartFacts(status="off", reason="The spec switches it off.")

    def attempted() -> T | str:
        try:
            return function()
        except MethodNotRunError as reason:
            return str(reason)

    found = guard.attempt(attempted)
    if isinstance(found, AuditError):
        return None, PartFacts(status="error", reason=str(found))
    if isinstance(found, str):
        return None, PartFacts(status="not_run", reason=found)
    return found, PartFacts(status="done")


def _changes(
    crowd: Crowd, cases: Rows, local: LocalSpec, protected: Flags
) -> tuple[dict[int, Search], tuple[str, ...]]:
    """Search for the cases and for as many others with an unfavourable decision as are asked for."""
    asked = local.counterfactuals
    assert asked
    reached, wanting = _aim(crowd, asked.move)
    sampled = crowd.observed + np.arange(crowd.ground.sampled)
    others = sampled[wanting[sampled]][: asked.rows]
    persons = np.unique(np.concatenate([cases[wanting[cases]], others]))
    frozen = protected | np.isin(crowd.names, asked.immutable)
    if frozen.all():
        raise MethodNotRunError("No column that the model reads may change.")
    found = search(
        crowd,
        persons,
        frozen,
        asked,
        lambda answers, who: reached(answers, persons[who]),
        crowd.ground.budget // _SHARE,
    )
    fixed = ", ".join(name for name, flag in zip(crowd.names, frozen, strict=True) if flag)
    limits = [f"{name} only {way}" for name, way in asked.monotone.items()]
    limits += [f"{name} within {ends[0]:g} to {ends[1]:g}" for name, ends in asked.ranges.items()]
    notes = (
        f"Changed values are observed in the {crowd.origin} table; at most {asked.changes} columns change together.",
        *([f"Never changed: {fixed}."] if fixed else []),
        *([f"Constraints: {'; '.join(limits)}."] if limits else []),
    )
    return dict(zip(persons.tolist(), found, strict=True)), notes


def _aim(crowd: Crowd, move: float | None) -> tuple[Callable[[Answers, Rows], Flags], Flags]:
    # What a changed row has to reach, and which rows of the crowd it is sought for.
    answers = crowd.answers
    if crowd.ground.subject.classes:
        if answers.favoured is None:
            raise MethodNotRunError(
                "No decision is said to be the favourable one (decision.favourable), so none can be sought."
            )
        return lambda changed, _: _flags(changed.favoured), ~answers.favoured
    if not move:
        raise MethodNotRunError(
            "Nothing is decided; attribution.local.counterfactuals.move says how far a value is to move."
        )
    values = answers.favour
    assert values is not None
    aim = float(move)

    def moved(changed: Answers, rows: Rows) -> Flags:
        assert changed.favour is not None
        return np.asarray((changed.favour - values[rows]) * np.sign(aim) >= abs(aim))

    return moved, np.ones(len(crowd.rows), dtype=bool)


def _flags(favoured: Flags | None) -> Flags:
    assert favoured is not None
    return favoured


def _counterfactual(crowd: Crowd, changes: dict[int, Search], place: int, limit: float | None) -> Counterfactual:
    found = changes.get(place)
    if found is None:
        return Counterfactual(status="not_needed")
    free = found.columns
    if found.found is None:
        return Counterfactual(status="none_found", searched=found.searched, columns=free)
    label, score = found.answers
    return Counterfactual(
        status="found",
        searched=found.searched,
        columns=free,
        changes=differences(crowd, place, found.found),
        score=score_of(score, label),
        decided="" if label is None else crowd.ground.subject.classes[label],
        distance=found.distance,
        plausible=None if limit is None or found.distance is None else found.distance <= limit,
    )


def _origin(crowd: Crowd) -> tuple[str, ...]:
    return (
        f"Neighbours come from {crowd.observed:,} rows of the {crowd.origin} table. Two rows are as far apart as their "
        "columns are in the mean: numbers by the middle nine tenths of their column, anything else 0 if equal, else 1.",
    )


def _scale(ground: Ground) -> str:
    if ground.score is None:
        return ""
    if ground.subject.task == "regression":
        return "unit of the target"
    return "probability" if ground.probability else "score"


def _label(ground: Ground, row: int) -> int | None:
    return None if ground.label is None else int(ground.label[row])


def _class_text(ground: Ground, row: int, predicted: bool) -> str:
    values = ground.label if predicted else ground.target
    if values is None:
        return ""
    return ground.subject.classes[int(values[row])] if ground.subject.classes else text_of(float(values[row]))
