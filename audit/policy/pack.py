"""The pack language: what the YAML of a policy pack may say, as frozen types."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from audit.records.base import Record
from audit.records.verdict import Citation, Kind, Mode, Operator, Origin, Severity

BARRED_FROM_GATING = ("proposed", "superseded", "rescinded", "withdrawn")


class PackPart(Record):
    """A part of a pack: read strictly, so that "0.8" is no number and yes is no word."""

    model_config = ConfigDict(strict=True)


class Fact(PackPart):
    """One comparison of a declared or derived fact."""

    name: str
    op: Literal["eq", "ne", "in", "not_in", "lt", "le", "gt", "ge", "present", "absent"]
    value: Any = None


class Applies(PackPart):
    """A condition tree over facts: exactly one of all, any, not and fact."""

    all: tuple[Applies, ...] | None = None
    any: tuple[Applies, ...] | None = None
    not_: Applies | None = Field(default=None, alias="not")
    fact: Fact | None = None

    @model_validator(mode="after")
    def _one(self) -> Applies:
        if sum(branch is not None for branch in (self.all, self.any, self.not_, self.fact)) != 1:
            raise ValueError("expected exactly one of all, any, not and fact")
        return self


class Source(PackPart):
    """Where the wording of an instrument was read."""

    title: str
    url: str = ""
    read_on: str = ""


class Authority(PackPart):
    """The instrument behind a pack and whether it still stands."""

    instrument: str
    citation: str
    issuer: str = ""
    status: Literal[
        "in_force",
        "adopted_not_yet_applicable",
        "proposed",
        "superseded",
        "rescinded",
        "withdrawn",
        "voluntary",
        "none",
    ]
    applies_from: str | None = None
    applies_until: str | None = None
    superseded_by: str | None = None
    checked_on: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    recheck_by: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    sources: tuple[Source, ...] = ()


class Header(PackPart):
    """What a pack is and who keeps it."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    title: str
    kind: Literal["law", "guidance", "standard", "industry_practice", "house"]
    jurisdiction: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    maintainers: tuple[str, ...] = Field(min_length=1)
    authority: Authority
    caveats: tuple[str, ...] = ()
    """What the pack does not decide; printed with it."""


class Parameter(PackPart):
    """A value that controls refer to as `{param: name}`."""

    value: Any
    origin: Origin = "none"
    override: Literal["never", "tighten_only", "free"] = "never"
    """Whether a spec may set another value."""
    label: str = ""


class Measure(PackPart):
    """What a control looks at."""

    metric: str = Field(min_length=1)
    """`stage/measure`, or the measure alone (fairness with group_by, else performance).

    `*` matches one level of an id, `{grouping}` stands for the key of each grouping, a stage alone for all its
    observations, and `context/key` for a declared fact.
    """
    args: dict[str, Any] = Field(default_factory=dict)
    population: str = ""
    group_by: tuple[tuple[str, ...], ...] = ()
    """Roles or columns that make groups."""
    reference: str | None = None
    unknown: Literal["count_and_exclude", "own_group", "error"] = "count_and_exclude"
    aggregate: Literal["each", "min", "max", "worst"] = "each"


class Interval(PackPart):
    """The interval that a limit asks for; one of another level is not judged."""

    level: float = Field(default=0.95, gt=0, lt=1)
    method: str = ""


class PackLimit(PackPart):
    """What a value is held against, and how."""

    origin: Origin
    op: Operator
    value: float | Annotated[tuple[float, float], Field(description="for between")]
    warn_value: float | None = None
    """A value short of the limit past which a pass is remarked on."""
    decide_on: str
    """Name of a condition."""
    ci: Interval | None = None
    alpha: float | None = Field(default=None, gt=0, lt=1)
    multiplicity: Literal["none", "holm", "bh"] = "none"
    and_test: dict[str, str] = Field(default_factory=dict)
    """Companion that the condition needs to the measure that gives it."""
    on_inconclusive: Literal["fail", "warn"] = "warn"
    frozen_on: str | None = None

    @model_validator(mode="after")
    def _shape(self) -> PackLimit:
        if isinstance(self.value, tuple) != (self.op == "between"):
            raise ValueError("between takes two numbers, every other op takes one")
        if isinstance(self.value, tuple) and self.value[0] > self.value[1]:
            raise ValueError("between takes the smaller number first")
        if self.warn_value is not None and self.op in ("between", "eq"):
            raise ValueError("a warn_value takes ge, gt, le or lt: it lies on one side of the limit")
        if self.origin == "none":
            raise ValueError("a limit names who set it: law, guidance, standard, convention or house")
        return self


class MinSample(PackPart):
    """How small a group may be and still be judged, and what happens below."""

    group_n: int | None = Field(default=None, ge=0)
    group_share: float | None = Field(default=None, ge=0, le=1)
    events: int | None = Field(default=None, ge=0)
    """Rows of the group with its rarest true label."""
    expected_cell: float | None = Field(default=None, ge=0)
    """Least count that equal selection would make expect in the table of this group and its reference group."""
    reversal_check: bool = False
    origin: Origin = "none"
    below: Literal["report_only", "inconclusive", "exclude_with_reason", "pool", "fail"] = "inconclusive"


class EvidencePointer(PackPart):
    """Where the evidence of a control stands."""

    kind: Literal["result", "artifact", "document", "log"]
    pointer: str
    sha256: str | None = None
    max_age: str | None = None


class AttestationAsked(PackPart):
    """What a person is asked to state."""

    question: str
    answers: tuple[str, ...] = ()
    """The answers allowed; the first is the one that meets the control. None listed: any answer does."""
    role: str
    second_role: str | None = None
    independent: bool = False
    evidence_required: bool = False
    valid_for: str | None = None
    method: Literal["examine", "interview", "test"] | None = None


class Waivable(PackPart):
    """Whether and by whom a finding may be accepted for a time."""

    allowed: bool = False
    approver_role: str | None = None
    max_duration: str | None = None


class OnFail(PackPart):
    """What the organisation does about a failure; the exit code follows from the kind alone."""

    exit: Literal["block", "warn", "none"] | None = None
    action: str = ""


class Mapping(PackPart):
    """How a control stands to one of another framework."""

    ref: str
    relation: Literal["equal", "subset", "superset", "intersects", "supports"]


class Control(PackPart):
    """One requirement of a pack."""

    id: str = Field(pattern=r"^[A-Z0-9][A-Z0-9.-]*$")
    title: str
    cites: tuple[Citation, ...] = Field(min_length=1)
    rationale: str
    obligation: Literal["must", "should", "may"]
    mode: Mode
    kind: Kind
    severity: Severity
    applies_if: Applies | None = None
    measure: Measure | None = None
    limit: PackLimit | None = None
    min_sample: MinSample | None = None
    evidence: tuple[EvidencePointer, ...] = ()
    attestation: AttestationAsked | None = None
    waivable: Waivable = Waivable()
    on_fail: OnFail | None = None
    table: str | None = None
    maps_to: tuple[Mapping, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Control:
        for problem in _gaps(self):
            raise ValueError(problem)
        return self


class PackTest(PackPart):
    """A table of counts and what the pack must say of it; `audit policies test` audits the table and compares."""

    name: str
    given: dict[str, tuple[int, int]]
    """Group to (selected, rows)."""
    facts: dict[str, Any] = Field(default_factory=lambda: {"demonstration": True})
    """What `context` declares for the test, so that the pack applies."""
    expect: dict[str, dict[str, str | float]]
    """`impact_ratio` to ratios to two decimals, or the id of a control to outcomes, by group."""


class Import(PackPart):
    """Another pack whose controls this one takes over."""

    pack: str
    """Name of a shipped pack, or a path to a YAML file beside this one."""
    params: dict[str, Any] = Field(default_factory=dict)
    """Other values for its parameters, or `{value, rationale}`; to loosen a limit takes a rationale."""
    only: tuple[str, ...] = ()
    """Ids of the controls to take; default: all."""


class Pack(PackPart):
    """A policy pack."""

    schema_: Literal["policy-pack/1"] = Field(alias="schema")
    pack: Header
    applies_if: Applies | None = None
    params: dict[str, Parameter] = Field(default_factory=dict)
    needs: tuple[str, ...] = ()
    imports: tuple[Import, ...] = ()
    controls: tuple[Control, ...] = ()
    tables: tuple[dict[str, Any], ...] = ()
    publication: dict[str, Any] | None = None
    retention: tuple[dict[str, Any], ...] = ()
    pack_tests: tuple[PackTest, ...] = ()

    @model_validator(mode="after")
    def _asks(self) -> Pack:
        if not self.controls and not self.imports:
            raise ValueError("a pack has controls, or imports those of another")
        return self

    @property
    def name(self) -> str:
        """Id and version, e.g. "technical-soundness@1.0.0"."""
        return f"{self.pack.id}@{self.pack.version}"


def pack_schema() -> dict[str, Any]:
    """Return the JSON Schema of the language, in which a parameter may stand for any value of a limit."""
    schema = Pack.model_json_schema()
    defs = schema["$defs"]
    defs["Param"] = {
        "type": "object",
        "description": "The value of a parameter of this pack.",
        "properties": {"param": {"type": "string"}},
        "required": ["param"],
        "additionalProperties": False,
    }
    for name in ("PackLimit", "MinSample"):
        properties = defs[name]["properties"]
        defs[name]["properties"] = {
            key: {"anyOf": [value, {"$ref": "#/$defs/Param"}]} for key, value in properties.items()
        }
    return schema


def _gaps(control: Control) -> list[str]:
    measured = control.mode in ("automated", "hybrid")
    stated = control.mode in ("attested", "hybrid")
    judged = control.kind in ("screen", "gate")
    return [
        text
        for missing, text in (
            (measured and control.measure is None, f"a control that is {control.mode} needs a measure"),
            (measured and not control.evidence, f"a control that is {control.mode} needs evidence"),
            (stated and control.attestation is None, f"a control that is {control.mode} needs an attestation"),
            (measured and judged and control.limit is None, f"a {control.kind} that is measured needs a limit"),
            (measured and judged and control.min_sample is None, f"a {control.kind} that is measured needs min_sample"),
            (control.kind == "record" and control.limit is not None, "a record has no limit: make it a screen"),
            (_grouped(control), "group_share, events, expected_cell and reversal_check take a measure with group_by"),
            (_unfounded(control), "a limit of origin law needs a citation that is checked: primary or reproduced"),
            (_remembered(control), "a gate needs a citation that was read: one from memory makes a record"),
            (_blocks(control), "a screen never blocks: drop on_fail.exit or make it a gate"),
        )
        if missing
    ]


def _grouped(control: Control) -> bool:
    rule = control.min_sample
    named = rule is not None and (
        rule.reversal_check or any(v is not None for v in (rule.group_share, rule.events, rule.expected_cell))
    )
    return named and (control.measure is None or not control.measure.group_by)


def _unfounded(control: Control) -> bool:
    law = control.limit is not None and control.limit.origin == "law"
    return law and not any(cite.checked in ("primary", "reproduced") for cite in control.cites)


def _remembered(control: Control) -> bool:
    return control.kind == "gate" and all(cite.checked == "memory" for cite in control.cites)


def _blocks(control: Control) -> bool:
    return control.kind != "gate" and control.on_fail is not None and control.on_fail.exit == "block"
