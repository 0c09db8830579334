"""Declared and derived facts, and what a pack's condition tree makes of them: yes, no, or unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audit.policy.pack import Applies, Fact
from audit.policy.phrases import readable
from audit.records.sections import FairnessSection, SubjectSection
from audit.records.spec import AuditSpec, ContextSpec


@dataclass(frozen=True)
class Answer:
    """Whether something applies."""

    holds: bool | None
    """None when a fact is unknown that could tip it."""
    unknown: tuple[str, ...] = ()
    """Those facts, in order."""
    because: tuple[str, ...] = ()
    """The facts that decided, in words."""


def declared_facts(context: ContextSpec) -> dict[str, Any]:
    """Return what the spec's context states; what it leaves out is unknown."""
    named = {key: value for key, value in context.model_dump(exclude={"facts"}).items() if value not in (None, ())}
    return {**context.facts, **named}


def declared_as(fact: str) -> str:
    """Return the key of the spec under which a fact is declared."""
    return f"context.{fact}" if fact in ContextSpec.model_fields else f"context.facts.{fact}"


def derived_facts(spec: AuditSpec, subject: SubjectSection, fairness: FairnessSection | None) -> dict[str, Any]:
    """Return what the audit knows of itself.

    `task`, `audit_of` (model or predictions), `has_train`, `has_test`, `has_target`, `has_features`, `has_sensitive`,
    `has_id`, `has_time` (a column is named for it),
    `reads_sensitive` (the model reads a sensitive column), `has_grades` (performance.grades is set),
    `has_probabilities` (of a model, or a column of scores), `has_decision` (labels are predicted, so that somebody is
    selected), `refittable`, `sensitive_roles`, `small_roles` (those with a group that is too small to be judged), and
    the rows of each table as `test_rows` and so on.
    """
    tables = {table.role: table.rows_used for table in subject.tables}
    columns = role_columns(spec)
    small = {
        grouping.columns
        for grouping in (fairness.groupings if fairness else ())
        if any(group.small and not group.unknown for group in grouping.groups)
    }
    return {
        "task": subject.task,
        "audit_of": "predictions" if subject.model.format == "predictions" else "model",
        "has_train": "train" in tables,
        "has_test": "test" in tables,
        "has_target": subject.has_target,
        "has_features": bool(subject.features),
        "has_id": spec.data.id is not None,
        "has_time": spec.data.time is not None,
        "has_sensitive": bool(spec.sensitive.grouped),
        "reads_sensitive": bool(subject.sensitive_in_model),
        "has_grades": spec.performance is not False
        and spec.performance is not None
        and spec.performance.grades is not None,
        "has_probabilities": "probability" in subject.model.capabilities or _scored(spec),
        "has_decision": subject.task in ("binary", "multiclass"),
        "refittable": subject.model.refittable,
        "sensitive_roles": tuple(columns),
        "small_roles": tuple(role for role, column in columns.items() if (column,) in small),
        **{f"{role}_rows": rows for role, rows in tables.items()},
    }


def _scored(spec: AuditSpec) -> bool:
    predictions = spec.model.predictions
    return predictions is not None and predictions.score is not None


def role_columns(spec: AuditSpec) -> dict[str, str]:
    """Return role to column: as declared, and every other sensitive column under its own name."""
    declared = {role: column for column, role in spec.sensitive.roles.items()}
    own = {column: column for column in spec.sensitive.grouped if column not in spec.sensitive.roles}
    return own | declared


def answer(condition: Applies | None, facts: Mapping[str, Any]) -> Answer:
    """Evaluate a condition tree; no tree applies always."""
    if condition is None:
        return Answer(True)
    if condition.fact is not None:
        return _fact(condition.fact, facts)
    if condition.not_ is not None:
        inner = answer(condition.not_, facts)
        return Answer(None if inner.holds is None else not inner.holds, inner.unknown, inner.because)
    if condition.all is not None:
        return _joined([answer(branch, facts) for branch in condition.all], decisive=False)
    return _joined([answer(branch, facts) for branch in condition.any or ()], decisive=True)


def _joined(branches: list[Answer], decisive: bool) -> Answer:
    """Join branches: one that is decisive settles it, else one that is unknown leaves it open."""
    settling = [branch for branch in branches if branch.holds is decisive]
    if settling:
        return Answer(decisive, because=settling[0].because)
    unknown = tuple(dict.fromkeys(name for branch in branches for name in branch.unknown))
    because = tuple(text for branch in branches for text in branch.because)
    return Answer(None, unknown, because) if unknown else Answer(not decisive, because=because)


def _fact(fact: Fact, facts: Mapping[str, Any]) -> Answer:
    known = fact.name in facts
    if fact.op in ("present", "absent"):
        words = f"the {readable(fact.name)} is {'declared' if known else 'not declared'}"
        return Answer(known is (fact.op == "present"), because=(words,))
    if not known:
        return Answer(None, unknown=(fact.name,))
    value = facts[fact.name]
    values = value if isinstance(value, list | tuple) else (value,)
    return Answer(_compares(fact, values), because=(_told(fact.name, values),))


def _compares(fact: Fact, values: tuple[Any, ...] | list[Any]) -> bool:
    """Compare; of a fact that is a list, one entry is enough (and for ne and not_in none may match)."""
    wanted = fact.value if fact.op in ("in", "not_in") else [fact.value]
    match fact.op:
        case "eq" | "in":
            return any(_same(value, other) for value in values for other in wanted)
        case "ne" | "not_in":
            return not any(_same(value, other) for value in values for other in wanted)
        case _:
            return any(_ordered(fact.op, value, fact.value) for value in values)


def _same(value: Any, other: Any) -> bool:
    # true is not 1: a declared number never answers a question about yes or no.
    return isinstance(value, bool) is isinstance(other, bool) and bool(value == other)


def _ordered(op: str, value: Any, other: Any) -> bool:
    if not (_is_number(value) and _is_number(other)):
        return False
    return bool({"lt": value < other, "le": value <= other, "gt": value > other, "ge": value >= other}[op])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _told(name: str, values: tuple[Any, ...] | list[Any]) -> str:
    """Return a fact in words: derived ones have their own, declared ones are called what they are."""
    if name.startswith("control/"):
        return f"{name.removeprefix('control/').replace('/', ', ')}: {_words(values)}"
    key = values[0] if len(values) == 1 else bool(values)
    own = _DERIVED.get(name, {}).get(key if isinstance(key, bool | str) else bool(values))
    return own or f"the {readable(name)} is {_words(values)}"


def _words(values: tuple[Any, ...] | list[Any]) -> str:
    words = (("no", "yes")[v] if isinstance(v, bool) else readable(str(v)) for v in values)
    return ", ".join(words) or "empty"


_DERIVED: dict[str, dict[bool | str, str]] = {
    "has_train": {True: "a table of training rows was supplied", False: "no table of training rows was supplied"},
    "has_test": {True: "a table of held-out rows was supplied", False: "no table of held-out rows was supplied"},
    "has_target": {True: "the rows have true labels", False: "the rows have no true labels"},
    "has_features": {True: "features were supplied", False: "no features were supplied, only predictions"},
    "has_id": {True: "a column names the entity of a row", False: "no column names the entity of a row"},
    "has_time": {True: "a column orders rows in time", False: "no column orders rows in time"},
    "has_sensitive": {True: "sensitive features were named", False: "no sensitive feature was named"},
    "has_probabilities": {True: "the model gives probabilities", False: "the model gives no probabilities"},
    "has_decision": {True: "the model assigns labels", False: "the model assigns no labels, so nobody is selected"},
    "refittable": {True: "the model can be fitted again", False: "the model cannot be fitted again"},
    "audit_of": {"model": "a model was supplied", "predictions": "predictions were supplied without their model"},
    "demonstration": {True: "it is declared a demonstration", False: "it is not declared a demonstration"},
    "small_roles": {False: "no group is too small to be judged"},
}
