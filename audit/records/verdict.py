"""What judging yields: a verdict for each control, and one conclusion."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from audit.records.base import Record

Outcome = Literal[
    "pass",
    "fail",
    "inconclusive",
    "recorded",
    "attested",
    "attestation_missing",
    "attestation_expired",
    "not_applicable",
    "not_run",
    "error",
]
Origin = Literal["law", "guidance", "standard", "convention", "house", "none"]
Kind = Literal["record", "screen", "gate"]
Mode = Literal["automated", "attested", "hybrid"]
Severity = Literal["blocker", "major", "minor", "info"]
Operator = Literal["ge", "gt", "le", "lt", "between", "eq"]


class Citation(Record):
    """Where a control comes from, and how well that was checked."""

    ref: str
    """The clause, e.g. "29 CFR 1607.4(D)"."""
    checked: Literal["primary", "reproduced", "secondary", "memory"]
    """How the wording was checked."""
    note: str = ""
    """What the reader should know about it."""
    url: str = ""
    """Address of the source, shown as text."""


class Limit(Record):
    """What a value is held against."""

    op: Operator
    """How the value must stand to `value`."""
    value: float | tuple[float, float]
    """The limit itself; a pair for `between`."""
    origin: Origin
    """Who set it."""
    decide_on: str
    """Name of the condition: what is compared, e.g. point, ci_three_way or p_value."""


class Part(Record):
    """One observation held against one control."""

    observation: str
    """Id of the observation, or the id that was asked for when there is none."""
    outcome: Outcome
    margin: float | None = None
    """Distance from the limit in the unit of the value, positive on the passing side; null where there is no number."""
    reason: str = ""
    """One sentence: value, interval, limit and n, or what is missing."""
    waiver: str | None = None
    """Ticket or reason of a valid waiver that stands beside the outcome."""


class Verdict(Record):
    """The judgement of one control."""

    pack: str
    """Pack and version, e.g. "us-ugesp-adverse-impact@1.0.0"."""
    control: str
    """Id of the control inside its pack."""
    title: str
    kind: Kind
    mode: Mode
    severity: Severity
    limit: Limit | None = None
    origin: Origin = "none"
    citations: tuple[Citation, ...] = ()
    outcome: Outcome
    reason: str
    """One sentence that explains the outcome in plain words."""
    rationale: str = ""
    """Why the control exists, from the pack."""
    parts: tuple[Part, ...] = ()

    @property
    def waived(self) -> bool:
        """Whether it failed, and a valid waiver stands beside every failing part."""
        failing = [part for part in self.parts if part.outcome == "fail"]
        return self.outcome == "fail" and bool(failing) and all(part.waiver for part in failing)


class Conclusion(Record):
    """The one answer of an audit, which the exit code repeats."""

    outcome: Literal["meets", "does_not_meet", "inconclusive", "incomplete"]
    exit_code: Literal[0, 1, 3]
    sentence: str
    """The conclusion in plain words, naming the number of gates and what decided."""
    waivers: int = Field(default=0, ge=0)
    """Failing parts that a valid waiver covers."""
    gates: dict[str, int] = Field(default_factory=dict)
    """Number of gates by outcome."""
    findings: tuple[str, ...] = ()
    """`pack/control` of each verdict that is not pass, recorded, attested or not_applicable, gravest first."""
