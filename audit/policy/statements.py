"""Which attestations and waivers count on the day of the audit, and why the others do not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import Protocol

from audit.policy.attestations import Attestation, Statements, Waiver
from audit.policy.case import Case
from audit.policy.dates import after
from audit.policy.measures import asked
from audit.policy.pack import AttestationAsked, Control, Pack
from audit.policy.phrases import one, readable
from audit.records.observation import group_key
from audit.records.verdict import Outcome, Part


class Signing(Protocol):
    """What decides whether a person's statement counts: a whole case, or less where nothing is measured."""

    @property
    def statements(self) -> Statements:
        """What was stated so far."""

    @property
    def today(self) -> date:
        """The day on which statements have to count."""

    @property
    def model_sha256(self) -> str | None:
        """Digest of the model; none where it is no file."""


@dataclass(frozen=True)
class Stated:
    """What the statements of people come to for one control."""

    outcome: Outcome
    reason: str


def statement_on(control: Control, question: AttestationAsked, pack: Pack, case: Signing) -> Stated:
    """Return the weightiest that was stated about a control."""
    found = [_judged(item, question, pack, case) for item in attestations_of(control.id, pack, case)]
    beside = f" together with {one(readable(question.second_role))}" if question.second_role else ""
    missing = Stated("attestation_missing", f"No {readable(question.role)} has answered{beside}: {question.question}")
    return min([*found, missing], key=lambda stated: _WEIGHTIEST_FIRST.index(stated.outcome))


def attestations_of(control: str, pack: Pack, case: Signing) -> tuple[Attestation, ...]:
    """Return the attestations about a control, whatever version of the pack they name."""
    return tuple(a for a in case.statements.attestations if a.control == control and _about(a.pack, pack))


def attestation_fault(item: Attestation, question: AttestationAsked, pack: Pack, case: Signing) -> str:
    """Return why an attestation counts for nothing, or nothing when it counts or has expired."""
    return _other_version(item.pack, pack) or next(_attestation_faults(item, question, case), "")


def valid_until(item: Attestation, question: AttestationAsked) -> date | None:
    """Return the last day on which an attestation counts: the shorter of what it and its control allow."""
    signed = date.fromisoformat(item.signed_on)
    ends = [after(signed, duration) for duration in (item.valid_for, question.valid_for) if duration]
    return min(ends, default=None)


def waived(part: Part, control: Control, pack: Pack, case: Case) -> Part:
    """Return a part with the valid waiver that stands beside it, its outcome untouched."""
    if part.outcome not in ("fail", "inconclusive"):
        return part
    for waiver in waivers_of(control.id, pack, case):
        if not waiver_fault(waiver, control, pack, case) and covers(waiver, part, control, case):
            return part.model_copy(update={"waiver": waiver.ticket or waiver.reason})
    return part


def waivers_of(control: str, pack: Pack, case: Case) -> tuple[Waiver, ...]:
    """Return the waivers of a control, whatever version of the pack they name."""
    return tuple(w for w in case.statements.waivers if w.control == control and _about(w.pack, pack))


def waiver_fault(waiver: Waiver, control: Control, pack: Pack, case: Case) -> str:
    """Return why a waiver counts for nothing, or nothing when it is valid."""
    return _other_version(waiver.pack, pack) or next(_waiver_faults(waiver, control, case), "")


def covers(waiver: Waiver, part: Part, control: Control, case: Case) -> bool:
    """Whether a waiver is about the group that a part is about."""
    if not waiver.scope.groups:
        return True
    items = asked(control.measure, case) if control.measure else ()
    group = next((item.group for item in items if item.id == part.observation), None)
    if group is None:
        return False
    return any(set(group.key.split("&")) == _steps(scope, case) for scope in waiver.scope.groups)


def same_person(name: str, other: str) -> bool:
    """Whether two names are of one person, as far as their letters tell.

    >>> same_person(" J.Doe", "j.doe")
    True
    """
    return " ".join(name.split()).casefold() == " ".join(other.split()).casefold()


# Where two people disagree the refusal counts.
_WEIGHTIEST_FIRST: tuple[Outcome, ...] = ("fail", "attested", "attestation_expired", "attestation_missing")


def _judged(item: Attestation, question: AttestationAsked, pack: Pack, case: Signing) -> Stated:
    who = f"{item.person} ({readable(item.role)}) on {item.signed_on}"
    if fault := attestation_fault(item, question, pack, case):
        return Stated("attestation_missing", f"The statement of {who} does not count: {fault}.")
    until = valid_until(item, question)
    if until is not None and until < case.today:
        return Stated("attestation_expired", f"The statement of {who} expired on {until.isoformat()}.")
    if question.answers and item.answer != question.answers[0]:
        return Stated("fail", f"{who} answered {item.answer!r} to: {question.question}")
    return Stated("attested", f"{who} answered {item.answer!r} to: {question.question}")


def _attestation_faults(item: Attestation, question: AttestationAsked, case: Signing) -> Iterator[str]:
    model = case.model_sha256
    if item.role != question.role:
        yield f"only a {readable(question.role)} can make it (role: {question.role})"
    if question.second_role and (item.second_role != question.second_role or not item.second_person):
        yield f"a {readable(question.second_role)} has to sign too (second_person, second_role: {question.second_role})"
    if item.second_person is not None and same_person(item.second_person, item.person):
        yield "the second person is the first"
    if question.independent and not item.independent:
        yield "it takes a person who says to be independent of the model's makers"
    if question.evidence_required and not item.evidence:
        yield "it names no evidence"
    if question.answers and item.answer not in question.answers:
        yield f"the answer has to be one of {', '.join(question.answers)}"
    if date.fromisoformat(item.signed_on) > case.today:
        yield f"it is signed on {item.signed_on}, after the audit"
    if model is not None and item.model_sha256 != model:
        yield "it is about another model" if item.model_sha256 else "it names no model_sha256"


def _waiver_faults(waiver: Waiver, control: Control, case: Case) -> Iterator[str]:
    rule = control.waivable
    approved, expires = date.fromisoformat(waiver.approved_on), date.fromisoformat(waiver.expires_on)
    if not rule.allowed:
        yield "the pack allows no waiver of this control"
    if expires < case.today:
        yield f"it expired on {waiver.expires_on}"
    if approved > case.today:
        yield f"it is approved on {waiver.approved_on}, after the audit"
    if rule.approver_role is not None and waiver.approver_role != rule.approver_role:
        yield f"only a {readable(rule.approver_role)} can approve it (approver_role: {rule.approver_role})"
    if same_person(waiver.requested_by, waiver.approved_by):
        yield "the one who asked for it approved it"
    if rule.max_duration is not None and expires > after(approved, rule.max_duration):
        yield f"it runs longer than {rule.max_duration}"
    if not fnmatchcase(case.spec.model.name or case.subject.model.name, waiver.scope.model):
        yield f"it is about the model {waiver.scope.model}"
    if not fnmatchcase(case.spec.context.version or "", waiver.scope.model_version):
        yield f"it is about version {waiver.scope.model_version} of the model"


def _steps(group: dict[str, str], case: Case) -> set[str]:
    """Return the steps of the key of a group that is named by roles or columns."""
    return {group_key((case.columns.get(role, role),), (value,)) for role, value in group.items()}


def _about(named: str, pack: Pack) -> bool:
    return named.partition("@")[0] == pack.pack.id


def _other_version(named: str, pack: Pack) -> str:
    return "" if named in (pack.pack.id, pack.name) else f"it is about {named}"
