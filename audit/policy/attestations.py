"""The two files in which people state and accept things: attestations and waivers, read strictly."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from audit.policy.dates import is_date, is_duration
from audit.policy.document import read_bytes, read_tree, typed
from audit.policy.pack import PackPart
from audit.records.provenance import FileDigest
from audit.records.spec import AuditSpec


class EvidenceGiven(PackPart):
    """A document that an attestation rests on."""

    document: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Attestation(PackPart):
    """What a person stated about one control."""

    control: str
    pack: str
    """Pack, or pack@version."""
    answer: str = Field(min_length=1)
    person: str = Field(min_length=1)
    role: str
    second_person: str | None = None
    second_role: str | None = None
    independent: bool = False
    """Whether the person had no part in making the model."""
    evidence: tuple[EvidenceGiven, ...] = ()
    signed_on: str
    valid_for: str | None = None
    """Duration from signed_on; the control's own is the longest allowed."""
    model_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    """Digest of the model that was looked at; another model voids the statement."""
    note: str = ""

    @field_validator("signed_on")
    @classmethod
    def _date(cls, text: str) -> str:
        return _checked_date(text)

    @field_validator("valid_for")
    @classmethod
    def _duration(cls, text: str | None) -> str | None:
        if text is not None and not is_duration(text):
            raise ValueError(f"expected a duration such as P90D or P1Y, found {text!r}")
        return text


class WaiverScope(PackPart):
    """What a waiver covers."""

    model: str
    """Name of the model; `*` stands for any text."""
    model_version: str = "*"
    groups: tuple[dict[str, str], ...] = ()
    """Role or column to the group's value; none listed: every part of the control."""


class Waiver(PackPart):
    """What a person accepted, for a time, in spite of a finding."""

    control: str
    pack: str
    """Pack@version."""
    scope: WaiverScope
    reason: str = Field(min_length=1)
    compensating_controls: tuple[str, ...] = ()
    requested_by: str = Field(min_length=1)
    approved_by: str = Field(min_length=1)
    approver_role: str
    approved_on: str
    expires_on: str
    ticket: str = ""

    @field_validator("approved_on", "expires_on")
    @classmethod
    def _date(cls, text: str) -> str:
        return _checked_date(text)


class AttestationFile(PackPart):
    """A file of attestations."""

    schema_: Literal["policy-attestations/1"] = Field(alias="schema")
    attestations: tuple[Attestation, ...] = ()


class WaiverFile(PackPart):
    """A file of waivers."""

    schema_: Literal["policy-waivers/1"] = Field(alias="schema")
    waivers: tuple[Waiver, ...] = ()


@dataclass(frozen=True)
class Statements:
    """What people stated and accepted."""

    attestations: tuple[Attestation, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    digests: tuple[FileDigest, ...] = ()


def read_statements(spec: AuditSpec, folder: Path) -> Statements:
    """Read the attestation and waiver files that a spec names, relative to its folder."""
    attestations: tuple[Attestation, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    digests: list[FileDigest] = []
    if spec.attestations is not None:
        data = read_bytes(folder / spec.attestations, "a file of attestations")
        attestations = typed(AttestationFile, read_tree(data, Path(spec.attestations).name)).attestations
        digests.append(_digest("attestations", spec.attestations, data))
    if spec.waivers is not None:
        data = read_bytes(folder / spec.waivers, "a file of waivers")
        waivers = typed(WaiverFile, read_tree(data, Path(spec.waivers).name)).waivers
        digests.append(_digest("waivers", spec.waivers, data))
    return Statements(attestations, waivers, tuple(digests))


def _digest(role: str, path: str, data: bytes) -> FileDigest:
    return FileDigest(role=role, name=Path(path).name, sha256=hashlib.sha256(data).hexdigest(), size=len(data))


def _checked_date(text: str) -> str:
    if not is_date(text):
        raise ValueError(f"expected a date such as 2026-11-22, found {text!r}")
    return text
