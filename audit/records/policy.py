"""Packs, attestations and waivers as the record keeps them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from audit.records.base import Record
from audit.records.verdict import Origin


class ParameterRecord(Record):
    """A parameter of a pack, as resolved."""

    name: str
    value: Any
    origin: Origin = "none"
    label: str = ""
    overridden: bool = False
    pack: str = ""
    """The imported pack whose parameter it is; empty for the pack's own."""
    shipped: Any = None
    """Value that the pack gives it, where another stands in its place."""
    change: Literal["", "tightened", "loosened", "changed"] = ""
    """Whether the value in place accepts less or more than the shipped one; `changed` where no order can tell."""
    rationale: str = ""
    """Why it was changed, as given."""


class AttestationRecord(Record):
    """What a person stated."""

    control: str
    answer: str
    person: str
    role: str
    signed_on: str
    valid_until: str | None = None
    note: str = ""


class WaiverRecord(Record):
    """What a person accepted in spite of a finding."""

    control: str
    reason: str
    approved_by: str
    expires_on: str
    ticket: str = ""
    used: bool = False
    valid: bool = True
    note: str = ""
    """Why it is not valid, or why it was not used."""


class PackRecord(Record):
    """A pack that judged this audit."""

    id: str
    version: str
    title: str
    kind: str
    sha256: str
    status: str = "none"
    """in_force, voluntary, proposed, rescinded ..."""
    instrument: str = ""
    citation: str = ""
    issuer: str = ""
    frozen_on: str | None = None
    """Date on which its limits were fixed in a lock; null where the spec names none."""
    checked_on: str | None = None
    recheck_by: str | None = None
    banner: str | None = None
    """A sentence to print above the pack's chapter, e.g. that its re-check is overdue."""
    caveats: tuple[str, ...] = ()
    """What the pack does not decide."""
    applicable: str = "yes"
    """yes, no or unknown."""
    applicability_reason: str = ""
    params: tuple[ParameterRecord, ...] = ()
    attestations: tuple[AttestationRecord, ...] = ()
    waivers: tuple[WaiverRecord, ...] = ()
    questions: tuple[str, ...] = ()
    """Facts that the pack needs and nobody declared."""
    source: dict[str, Any] = Field(default_factory=dict)
    """The pack as read, so that the record can be judged again."""
