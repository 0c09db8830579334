"""What was audited, for what use, by whom, and what took part in it."""

from __future__ import annotations

from audit.records.sections import ModelFacts
from audit.report.view import numbers
from audit.report.view.folio import Folio
from audit.report.view.tree import Block, Bullets, Callout, Cell, Chapter, Code, Fact, Facts, Prose, Row, Section


def chapter(folio: Folio) -> Chapter:
    """Return the chapter on scope, intended use and independence."""
    t = folio.t
    return Chapter(
        number="",
        title=t("scope.title"),
        anchor="scope",
        lead=t("scope.lead"),
        sections=(
            Section(title=t("scope.use"), anchor="scope-use", blocks=_use(folio)),
            Section(title=t("scope.model"), anchor="scope-model", blocks=_model(folio)),
            *_challenger(folio),
            Section(title=t("scope.stages"), anchor="scope-stages", blocks=_stages(folio)),
            Section(title=t("scope.independence"), anchor="scope-independence", blocks=_independence(folio)),
        ),
    )


def _use(folio: Folio) -> tuple[Block, ...]:
    context, t = folio.record.spec.context, folio.t
    facts = Facts(
        facts=(
            folio.fact("purpose", folio.declared(context.purpose)),
            folio.fact("use_case", folio.declared(context.use_case)),
            folio.fact("jurisdiction", folio.declared(", ".join(context.jurisdiction))),
            folio.fact("owner", folio.declared(context.owner)),
            folio.fact("version", folio.declared(context.version)),
        )
    )
    out: Block = (
        Bullets(title=t("scope.out_of_scope"), items=context.out_of_scope)
        if context.out_of_scope
        else Callout(title=t("scope.out_of_scope"), text=t("scope.out_of_scope_undeclared"))
    )
    declared = tuple(
        Row(cells=(Cell(text=name.replace("_", " ")), Cell(text=plain(folio, value))))
        for name, value in context.facts.items()
    )
    table = folio.table("scope.facts", folio.columns("fact<", "declared"), declared, note=t("scope.facts_note"))
    return (facts, out, table) if declared else (facts, out)


def plain(folio: Folio, value: object) -> str:
    """Write a free value of the spec as a reader would: no brackets, no braces, no `True`."""
    match value:
        case None:
            return numbers.DASH
        case bool():
            return folio.t("number.yes" if value else "number.no")
        case dict():
            return "; ".join(f"{k}: {plain(folio, v)}" for k, v in value.items())
        case list() | tuple():
            return ", ".join(plain(folio, v) for v in value)
        case _:
            return str(value)


def _model(folio: Folio) -> tuple[Block, ...]:
    subject, t = folio.record.subject, folio.t
    model = subject.model
    facts = [
        folio.fact("model", model.name),
        folio.fact("type", model.type),
        folio.fact("format", t.named("format", model.format)),
        folio.fact("task", t(f"task.{subject.task}")),
    ]
    if subject.classes:
        facts.append(folio.fact("classes", ", ".join(subject.classes)))
    if subject.positive is not None:
        facts.append(folio.fact("positive", subject.positive))
    if subject.favourable is not None:
        facts.append(folio.fact("favourable", subject.favourable))
    if subject.classes:
        facts.append(folio.fact("threshold", _threshold(folio)))
    facts += [
        folio.fact("features", t.count("count.features", len(subject.features))),
        folio.fact("refit", t("fact.refit_yes") if model.refittable else model.refit_reason or t("fact.refit_no")),
        folio.fact("trust", ", ".join(model.trust) if model.trust else t("fact.no_trust")),
    ]
    facts += _origin(folio, model)
    parameters = "\n".join(f"{name} = {value}" for name, value in model.parameters.items())
    blocks: list[Block] = [Facts(facts=tuple(facts)), _sensitive(folio)]
    if parameters:
        blocks.append(Code(text=parameters, caption=t("scope.parameters"), columns="three"))
    return tuple(blocks)


def _origin(folio: Folio, model: ModelFacts) -> list[Fact]:
    facts = [folio.fact("code", ", ".join(model.code))] if model.code else []
    if model.sha256:
        facts.append(folio.fact("sha256", Cell(text=model.sha256, code=True)))
    return facts


def _challenger(folio: Folio) -> tuple[Section, ...]:
    model, t = folio.record.subject.challenger, folio.t
    if model is None:
        return ()
    facts = (
        folio.fact("model", model.name),
        folio.fact("type", model.type),
        folio.fact("format", t.named("format", model.format)),
        folio.fact("refit", t("fact.refit_yes") if model.refittable else model.refit_reason or t("fact.refit_no")),
        folio.fact("trust", ", ".join(model.trust) if model.trust else t("fact.no_trust")),
        *_origin(folio, model),
    )
    return (Section(title=t("scope.challenger"), anchor="scope-challenger", blocks=(Facts(facts=facts),)),)


def _threshold(folio: Folio) -> str:
    subject = folio.record.subject
    if subject.threshold is not None:
        return f"{subject.threshold:g}"
    return folio.t("fact.labels_supplied") if subject.labels_supplied else folio.t("fact.no_threshold")


def _sensitive(folio: Folio) -> Callout:
    names = folio.record.subject.sensitive_in_model
    declared = folio.record.spec.sensitive.grouped
    if names:
        return Callout(
            title=folio.t("scope.sensitive"),
            text=folio.t("scope.sensitive_in_model", names=", ".join(names)),
            glyph="recorded",
        )
    text = (
        folio.t("scope.sensitive_outside", names=", ".join(declared)) if declared else folio.t("scope.sensitive_none")
    )
    return Callout(title=folio.t("scope.sensitive"), text=text, glyph="recorded")


def _stages(folio: Folio) -> tuple[Block, ...]:
    t = folio.t
    told = any(s.reason for s in folio.record.stages)
    rows = (
        Row(
            cells=(
                Cell(text=t.named("stage_name", s.stage)),
                Cell(
                    text=t(f"stage.{s.status}"), glyph={"done": "recorded", "error": "error"}.get(s.status, "not_run")
                ),
                *((Cell(text=s.reason),) if told else ()),
            )
        )
        for s in folio.record.stages
    )
    return (folio.table("scope.stages_table", folio.columns("stage", "status<", *(("reason",) if told else ())), rows),)


def _independence(folio: Folio) -> tuple[Block, ...]:
    t, record = folio.t, folio.record
    stated = tuple(
        Row(
            cells=(
                Cell(text=a.control, code=True),
                Cell(text=a.answer),
                Cell(text=a.person, detail=a.role),
                Cell(text=a.signed_on),
            )
        )
        for pack in record.packs
        for a in pack.attestations
    )
    prose = Prose(
        paragraphs=(
            t("scope.independence_text"),
            t("scope.sandbox", level=t.named("sandbox", record.provenance.sandbox)),
        )
    )
    table = folio.table("scope.attestations", folio.columns("control=", "answer", "person=", "signed<"), stated)
    return (
        (prose, table) if stated else (prose, Callout(title=t("scope.attestations"), text=t("scope.no_attestations")))
    )
