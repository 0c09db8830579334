"""What was found, gravest first, and what this audit cannot say."""

from __future__ import annotations

from audit.records.measured import Undefined
from audit.records.sections import AttributionMethodFacts, CheckFacts
from audit.records.verdict import Verdict
from audit.report.view.data import group_name
from audit.report.view.folio import Folio
from audit.report.view.front import findings, weight
from audit.report.view.matrix import GRAVITY
from audit.report.view.tree import Block, Bullets, Callout, Cell, Chapter, Row, Section


def chapter(folio: Folio) -> Chapter:
    """Return the chapter on findings and limitations."""
    t = folio.t
    sections = (
        Section(title=t("findings.found"), anchor="findings-found", blocks=_found(folio)),
        Section(title=t("findings.not_measured"), anchor="findings-not-measured", blocks=_not_measured(folio)),
        Section(title=t("findings.limits"), anchor="findings-limits", blocks=_limits(folio)),
        *(
            (Section(title=t("findings.warnings"), anchor="findings-warnings", blocks=_warnings(folio)),)
            if folio.record.warnings or folio.extent.whole
            else ()
        ),
    )
    return Chapter(number="", title=t("findings.title"), anchor="findings", lead=t("findings.lead"), sections=sections)


def _found(folio: Folio) -> tuple[Block, ...]:
    t = folio.t
    found = findings(folio)
    if not found:
        text = t("summary.no_findings") if folio.record.verdicts else t("summary.nothing_judged")
        return (Callout(title=t("findings.none"), text=text, glyph="recorded"),)
    rows = [
        Row(
            cells=(
                Cell(text=t(f"outcome.{v.outcome}"), glyph=v.outcome, strong=True, detail=weight(folio, v)),
                Cell(text=v.title, detail=v.reason),
                *((Cell(text=_decisive(folio, v)),) if folio.extent.whole else ()),
                Cell(text=v.control, code=True, detail=v.pack),
            )
        )
        for v in found
    ]
    # On paper the reason alone names what decided.
    decided = ("decided_by=",) if folio.extent.whole else ()
    heads = folio.columns("outcome=", "finding", *decided, "control=")
    return (folio.table("findings.table", heads, rows, fixed=True, room=len(rows)),)


def _decisive(folio: Folio, verdict: Verdict) -> str:
    graded = sorted(verdict.parts, key=lambda p: GRAVITY.index(p.outcome))
    worst = [p for p in graded if p.outcome == verdict.outcome][:3]
    labels = [o.label for o in (folio.get(p.observation) for p in worst) if o]
    return "; ".join(labels)


def _not_measured(folio: Folio) -> tuple[Block, ...]:
    t = folio.t
    rows = [
        Row(
            cells=(
                Cell(text=t.named("stage_name", s.stage)),
                Cell(text=t(f"stage.{s.status}"), glyph="error" if s.status == "error" else "not_run"),
                Cell(text=s.reason or t("stage.no_reason")),
            )
        )
        for s in folio.record.stages
        if s.status != "done"
    ]
    record = folio.record
    methods = record.attribution.methods if record.attribution else ()
    checks = record.robustness.checks if record.robustness else ()
    every: list[AttributionMethodFacts | CheckFacts] = [*methods, *checks]
    left: dict[tuple[str, str], list[str]] = {}
    for m in every:
        if m.status != "done":
            left.setdefault((m.status, m.reason or t("stage.no_reason")), []).append(m.label)
    rows += [
        Row(
            cells=(
                Cell(text=", ".join(labels)),
                Cell(text=t(f"stage.{status}"), glyph="error" if status == "error" else "not_run"),
                Cell(text=reason),
            )
        )
        for (status, reason), labels in left.items()
    ]
    rows += [
        Row(
            cells=(
                Cell(text=t.count("findings.undefined", len(labels)), detail=_some(folio, labels)),
                Cell(text=t("number.undefined"), glyph="not_applicable"),
                Cell(text=reason),
            )
        )
        for reason, labels in _undefined(folio).items()
    ]
    if not rows:
        return (Callout(title=t("findings.all_measured"), text=t("findings.all_measured_text"), glyph="recorded"),)
    return (folio.table("findings.not_measured_table", folio.columns("what", "status<", "reason>"), rows),)


def _undefined(folio: Folio) -> dict[str, list[str]]:
    by_reason: dict[str, list[str]] = {}
    for o in folio.record.observations:
        if isinstance(o.measured, Undefined):
            by_reason.setdefault(o.measured.reason, []).append(o.label)
    return by_reason


def _some(folio: Folio, labels: list[str]) -> str:
    shown = "; ".join(labels[:3])
    return folio.t("findings.and_more", shown=shown, n=f"{len(labels) - 3:,}") if len(labels) > 3 else shown


def _limits(folio: Folio) -> tuple[Block, ...]:
    t, record = folio.t, folio.record
    notes = [
        *([t("findings.limit_named_held_out")] if folio.basis == "named_held_out" else []),
        t("findings.limit_causal"),
        t("findings.limit_data"),
        t("findings.limit_interval"),
        t("findings.limit_multiplicity"),
    ]
    sections = (record.performance, record.fairness, record.attribution, record.robustness, record.efficiency)
    # On paper they stand in their chapters alone.
    notes += [note for section in sections if section and folio.extent.whole for note in section.notes]
    notes += [question for pack in record.packs for question in pack.questions]
    small = [
        group_name(g)
        for grouping in (record.fairness.groupings if record.fairness else ())
        for g in grouping.groups
        if g.small
    ]
    if small:
        notes.append(t.count("summary.small_groups", len(small), names=", ".join(dict.fromkeys(small))))
    if not record.warnings and not folio.extent.whole:
        # On paper a heading of its own would start a page for this one sentence.
        notes.append(t("findings.no_warnings_text"))
    return (Bullets(items=tuple(dict.fromkeys(notes))),)


def _warnings(folio: Folio) -> tuple[Block, ...]:
    t, warnings = folio.t, folio.record.warnings
    if not warnings:
        return (Callout(title=t("findings.no_warnings"), text=t("findings.no_warnings_text"), glyph="recorded"),)
    room = folio.extent.table_rows
    rest = (t.count("table.rest", len(warnings) - room),) if len(warnings) > room else ()
    return (Bullets(items=(*warnings[:room], *rest)),)
