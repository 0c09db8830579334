"""The pages before the chapters: the cover and the one-page summary."""

from __future__ import annotations

from dataclasses import replace

from audit.records.measured import Estimate, Undefined
from audit.records.observation import Observation
from audit.records.sections import GroupFacts
from audit.records.verdict import Verdict
from audit.report.view import methods, numbers
from audit.report.view.data import group_name
from audit.report.view.folio import Folio, shortened
from audit.report.view.tree import Answer, Cell, Cover, Fact, Facts, KeyFigure, Row, Summary, Table

LONG_TITLE = 60
LONGEST_TITLE = 240
LONGEST_SENTENCE = 220
LONGEST_LINE = 112
KEY_FIGURES = 4
FINDINGS = 4
CONDITIONS = 5
SCOPE_LIMITS = 4


def answer(folio: Folio) -> Answer:
    """Return the conclusion in a word, a shape and a sentence."""
    conclusion = folio.record.conclusion
    waived = conclusion.outcome == "meets" and conclusion.waivers > 0
    word = (
        folio.t.count("conclusion.meets_waived", conclusion.waivers)
        if waived
        else folio.t(f"conclusion.{conclusion.outcome}")
    )
    return Answer(outcome=conclusion.outcome, word=word, sentence=conclusion.sentence)


def report_id(folio: Folio) -> str:
    """Return the short name of a report: the head of its record's digest."""
    digest = folio.record.digest
    return f"{digest[:4]}-{digest[4:8]}-{digest[8:12]}" if digest else folio.t("cover.unsealed")


def cover(folio: Folio) -> Cover:
    """Return the first page."""
    record, t = folio.record, folio.t
    context, model = record.spec.context, record.subject.model
    facts = (
        folio.fact("model", Cell(text=shortened(model.name, 80), detail=shortened(model.type, 90))),
        *_challenger(folio),
        folio.fact("version", folio.declared(shortened(context.version or "", 60))),
        folio.fact("owner", folio.declared(shortened(context.owner or "", 80))),
        folio.fact("task", t(f"task.{record.subject.task}")),
        folio.fact("date", Cell(text=record.provenance.date or t("fact.no_date"), muted=not record.provenance.date)),
        folio.fact(
            "packs",
            *(Cell(text=f"{p.id} {p.version}") for p in record.packs[:4]),
            *_more_packs(folio),
        ),
    )
    return Cover(
        kicker=t("cover.kicker"),
        title=shortened(record.spec.title, LONGEST_TITLE),
        long_title=shortened(record.spec.title, LONG_TITLE) != record.spec.title,
        subtitle=t("cover.subtitle", model=shortened(model.name, 80)),
        facts=Facts(facts=facts),
        digests=_digests(folio),
        verify=t("cover.verify"),
        report_id=report_id(folio),
    )


def summary(folio: Folio) -> Summary:
    """Return the second page, cut so that it fits one."""
    t, record = folio.t, folio.record
    scope, conditions, found = _scope(folio), _conditions(folio), findings(folio)
    return Summary(
        title=t("summary.title"),
        anchor="summary",
        sentence=shortened(record.conclusion.sentence, LONGEST_SENTENCE),
        meaning=t(f"summary.meaning.{record.conclusion.outcome}"),
        measured=_measured(folio),
        scope=scope[:SCOPE_LIMITS],
        figures=tuple(_key_figure(folio, o) for o in _key_observations(folio)),
        gates=_gates(folio),
        findings=_findings_table(folio, found) if found else None,
        no_findings=t("summary.no_findings") if record.verdicts else t("summary.nothing_judged"),
        conditions=tuple(shortened(c, LONGEST_LINE) for c in conditions[:CONDITIONS]),
    )


def findings(folio: Folio) -> tuple[Verdict, ...]:
    """Return the verdicts behind the conclusion's findings, gravest first."""
    by_name = {f"{v.pack}/{v.control}": v for v in folio.record.verdicts}
    by_name |= {f"{v.pack.partition('@')[0]}/{v.control}": v for v in folio.record.verdicts}
    return tuple(by_name[name] for name in folio.record.conclusion.findings if name in by_name)


def _challenger(folio: Folio) -> tuple[Fact, ...]:
    found = folio.record.subject.challenger
    if found is None:
        return ()
    return (folio.fact("challenger", Cell(text=shortened(found.name, 80), detail=shortened(found.type, 90))),)


def _more_packs(folio: Folio) -> tuple[Cell, ...]:
    rest = len(folio.record.packs) - 4
    if not folio.record.packs:
        return (Cell(text=folio.t("fact.no_packs"), muted=True),)
    return (Cell(text=folio.t.count("cover.more_packs", rest), muted=True),) if rest > 0 else ()


def _digests(folio: Folio) -> Table | None:
    record, t = folio.record, folio.t
    told = ("spec", "model", "challenger", "test", "train", "pack")
    files = [f for f in record.provenance.files if f.role in told][:8]
    rows = [
        Row(
            cells=(Cell(text=t.named("role", f.role)), Cell(text=shortened(f.name, 34)), Cell(text=f.sha256, code=True))
        )
        for f in files
    ]
    if record.digest:
        name = Cell(text="record.json")
        rows.append(
            Row(
                cells=(Cell(text=t("role.record"), strong=True), name, Cell(text=record.digest, code=True, strong=True))
            )
        )
    return folio.table("cover.digests", folio.columns("role<", "file=", "sha256"), rows, room=12) if rows else None


def _measured(folio: Folio) -> str:
    record, t = folio.record, folio.t
    stages = [t.named("stage_name", s.stage).lower() for s in record.stages if s.status == "done"]
    if not stages:
        return ""
    name, rival = shortened(record.subject.model.name, 60), record.subject.challenger
    task = t(f"task.{record.subject.task}").lower()
    beside = f" {t('summary.challenger', name=shortened(rival.name, 60))}" if rival else ""
    return t("summary.measured", model=name, task=task, stages=", ".join(stages)) + beside


def _step(folio: Folio, verdict: Verdict) -> str:
    return folio.t(f"next.gate.{verdict.outcome}" if verdict.kind == "gate" else f"next.{verdict.kind}")


def _scope(folio: Folio) -> tuple[str, ...]:
    record, t = folio.record, folio.t
    rows = _rows(folio)
    # Never cut: what the figures rest on is read to its end.
    basis = (t(f"summary.rows.{folio.basis}", n=rows),) if rows else ()
    lines = [
        t(f"summary.stage.{s.status}", stage=t.named("stage_name", s.stage), reason=s.reason or t("stage.no_reason"))
        for s in record.stages
        if s.status != "done"
    ]
    if record.subject.sensitive_in_model:
        lines.append(t("summary.sensitive_in_model", names=", ".join(record.subject.sensitive_in_model)))
    small = [group_name(g) for grouping in _groupings(folio) for g in grouping if g.small and not g.unknown]
    if small:
        lines.append(t.count("summary.small_groups", len(small), names=", ".join(small[:5])))
    if record.provenance.trust:
        lines.append(t("summary.trust", names=", ".join(record.provenance.trust)))
    return (*basis, *(shortened(line, LONGEST_LINE) for line in (*lines, t("summary.not_certificate"))))


def _rows(folio: Folio) -> str:
    tables = {table.role: table for table in folio.record.subject.tables}
    scope = folio.record.subject.headline_scope
    table = tables.get(
        "train" if scope in ("out_of_fold", "train") else "reference" if scope == "reference" else "test"
    )
    return f"{table.rows_used:,}" if table else ""


def _groupings(folio: Folio) -> tuple[tuple[GroupFacts, ...], ...]:
    section = folio.record.fairness
    return tuple(g.groups for g in section.groupings) if section else ()


def _conditions(folio: Folio) -> tuple[str, ...]:
    record, t = folio.record, folio.t
    context, subject = record.spec.context, record.subject
    lines = [t(f"condition.{record.conclusion.outcome}")]
    if context.purpose:
        lines.append(t("condition.purpose", purpose=context.purpose))
    lines += [t("condition.out_of_scope", use=use) for use in context.out_of_scope[:2]]
    if subject.threshold is not None and subject.positive is not None:
        lines.append(t("condition.threshold", threshold=f"{subject.threshold:g}", positive=subject.positive))
    lines += [
        t("condition.waiver", control=w.control, expires=w.expires_on)
        for p in record.packs
        for w in p.waivers
        if w.used and w.valid
    ]
    return (*lines, t("condition.change"))


def _key_observations(folio: Folio) -> tuple[Observation, ...]:
    section = folio.record.performance
    names: list[str] = []
    if section:
        names = [section.headline or "", *(m.name for m in section.measures)]
    found = [folio.get(f"performance/{name}") for name in dict.fromkeys(names) if name]
    measured = [o for o in found if o and not isinstance(o.measured, Undefined)]
    worst = _worst_ratio(folio)
    kept = measured[: KEY_FIGURES - 1] if worst else measured[:KEY_FIGURES]
    return (*kept, worst) if worst else tuple(kept)


def _worst_ratio(folio: Folio) -> Observation | None:
    section = folio.record.fairness
    small = {g.key for groups in _groupings(folio) for g in groups if g.small or g.unknown}
    ratios = [
        (o.measured.value, o)
        for o in folio.under("fairness/impact_ratio/")
        if not isinstance(o.measured, Undefined) and o.id.split("/", 2)[2] not in small
    ]
    return min(ratios, key=lambda pair: pair[0])[1] if section and ratios else None


def _key_figure(folio: Folio, observation: Observation) -> KeyFigure:
    cell, measured = folio.estimate(observation), observation.measured
    level = numbers.level(measured.level) if isinstance(measured, Estimate) else ""
    interval = folio.t("summary.interval", level=level, range=cell.detail) if level else folio.t("summary.exact")
    made = f", {methods.name(folio.t, measured.method)}" if isinstance(measured, Estimate) else ""
    n = 0 if isinstance(measured, Undefined) else measured.n
    return KeyFigure(
        label=shortened(_label(folio, observation), 60),
        value=cell.text,
        interval=interval,
        basis=folio.t.count("summary.basis", n, scope=folio.t(f"scope.{observation.scope}")) + made,
        source=observation.id,
        href=cell.href,
    )


def _label(folio: Folio, observation: Observation) -> str:
    key = observation.id.split("/", 2)[-1]
    group = next((g for groups in _groupings(folio) for g in groups if g.key == key), None)
    if group is None:
        return observation.label
    name = group_name(group)
    known = group.label in observation.label
    return observation.label.replace(group.label, name) if known else f"{observation.label}, {name}"


def _gates(folio: Folio) -> str:
    gates = folio.record.conclusion.gates
    if not gates:
        return folio.t("summary.no_gates")
    ranked = sorted(gates.items(), key=lambda pair: pair[0] != "pass")
    parts = [folio.t(f"gate.{outcome}", n=f"{n:,}") for outcome, n in ranked if n]
    return folio.t.count("summary.gates", sum(gates.values()), parts=", ".join(parts))


def weight(folio: Folio, verdict: Verdict) -> str:
    """Write how much a control weighs: its kind and severity."""
    kind, severity = folio.t(f"kind.{verdict.kind}"), folio.t(f"severity.{verdict.severity}").lower()
    return folio.t("findings.weight", kind=kind, severity=severity)


def _findings_table(folio: Folio, found: tuple[Verdict, ...]) -> Table:
    rows = tuple(
        Row(
            cells=(
                Cell(text=folio.t(f"outcome.{v.outcome}"), glyph=v.outcome, strong=True, detail=weight(folio, v)),
                Cell(text=shortened(v.title, 62), detail=f"{shortened(v.control, 28)} · {shortened(v.reason, 110)}"),
                Cell(text=_step(folio, v)),
            )
        )
        for v in found
    )
    heads = folio.columns("outcome<", "finding", "next")
    table = folio.table("summary.findings", heads, rows[:FINDINGS])
    rest = folio.t.count("summary.more_findings", len(rows) - FINDINGS) if len(rows) > FINDINGS else ""
    return replace(table, rest=rest)
