"""The pages after the chapters: sign-off and appendix."""

from __future__ import annotations

from dataclasses import replace

import yaml

from audit.records.observation import Observation, arguments_text
from audit.records.sections import MeasureFacts
from audit.report.view import methods, numbers
from audit.report.view.folio import Folio
from audit.report.view.front import report_id
from audit.report.view.tree import (
    Block,
    Callout,
    Cell,
    Chapter,
    Code,
    Facts,
    Glossary,
    Prose,
    Row,
    Section,
    SignatureBoxes,
    Term,
)

ROLES = ("owner", "validator", "approver")


def sign_off(folio: Folio) -> Chapter:
    """Return the page on which people sign."""
    t = folio.t
    boxes = SignatureBoxes(
        roles=tuple((t(f"sign.{role}"), t(f"sign.{role}_text")) for role in ROLES),
        decisions=tuple(t(f"sign.{decision}") for decision in ("approve", "conditions", "reject")),
    )
    text = Prose(paragraphs=(t("sign.text", id=report_id(folio)), t("sign.not_by_software")))
    return Chapter(number="", title=t("sign.title"), anchor="sign-off", lead=t("sign.lead"), blocks=(text, boxes))


def appendix(folio: Folio) -> Chapter:
    """Return everything that is needed to make the numbers again."""
    t = folio.t
    parts = (
        ("repeat", _repeat(folio)),
        ("manifest", _manifest(folio)),
        ("environment", _environment(folio)),
        ("spec", (Code(text=spec_text(folio), caption=t("appendix.spec_text"), columns="three"),)),
        ("measures", _measures(folio)),
        *(
            (("methods", _methods(folio)),)
            if any(o.measured.kind == "estimate" for o in folio.record.observations)
            else ()
        ),
        ("observations", _observations(folio)),
    )
    sections = tuple(
        Section(title=t(f"appendix.{name}"), anchor=f"appendix-{name}", blocks=blocks) for name, blocks in parts
    )
    return Chapter(number="", title=t("appendix.title"), anchor="appendix", lead=t("appendix.lead"), sections=sections)


def spec_text(folio: Folio) -> str:
    """Return the spec as YAML, without what equals its default."""
    spec = folio.record.spec.model_dump(mode="json", exclude_defaults=True)
    text: str = yaml.safe_dump({"audit": folio.record.spec.audit} | spec, sort_keys=False, allow_unicode=True, width=96)
    return text


def _repeat(folio: Folio) -> tuple[Block, ...]:
    t, provenance = folio.t, folio.record.provenance
    name = next((f.name for f in provenance.files if f.role == "spec"), "spec.yaml")
    command = ["audit run", name]
    command += [f"--set {key}={value}" for key, value in provenance.overrides.items()]
    command += [f"--date {provenance.date}"] if provenance.date else []
    facts = Facts(
        facts=(
            folio.fact("seed", str(provenance.seed)),
            folio.fact("sandbox", t.named("sandbox", provenance.sandbox)),
            folio.fact("trust", ", ".join(provenance.trust) or t("fact.no_trust")),
            folio.fact(
                "overrides", ", ".join(f"{k} = {v}" for k, v in provenance.overrides.items()) or t("fact.no_overrides")
            ),
            folio.fact("schema", folio.record.schema_version),
            folio.fact("digest", Cell(text=folio.record.digest or t("cover.unsealed"), code=True)),
        )
    )
    return (Code(text=f"{' '.join(command)}\naudit render record.json", caption=t("appendix.command")), facts)


def _manifest(folio: Folio) -> tuple[Block, ...]:
    rows = tuple(
        Row(
            cells=(
                Cell(text=folio.t.named("role", f.role)),
                Cell(text=f.name),
                Cell(text=numbers.size(f.size), numeric=True),
                Cell(text=f.sha256, code=True),
            )
        )
        for f in folio.record.provenance.files
    )
    if not rows:
        return (Callout(title=folio.t("appendix.no_files"), text=folio.t("appendix.no_files_text"), glyph="not_run"),)
    return (
        folio.table("appendix.manifest_table", folio.columns("role<", "file", "size#", "sha256"), rows, dense=True),
    )


def _environment(folio: Folio) -> tuple[Block, ...]:
    versions = folio.record.provenance.versions
    if not versions:
        return (
            Callout(title=folio.t("appendix.no_versions"), text=folio.t("appendix.no_versions_text"), glyph="not_run"),
        )
    lines = "\n".join(f"{name} {version}" for name, version in versions.items())
    return (Code(text=lines, caption=folio.t("appendix.environment_table"), columns="three"),)


def _measures(folio: Folio) -> tuple[Block, ...]:
    record = folio.record
    performance, fairness = record.performance, record.fairness
    every: list[MeasureFacts] = [*performance.measures, *performance.decisions] if performance else []
    every += [*fairness.measures, *fairness.disparities, *fairness.indices] if fairness else []
    once = {m.name: m for m in reversed(every)}
    terms = tuple(
        Term(
            name=m.label,
            id=m.name,
            text=m.description,
            formula=m.formula,
            note="; ".join(text for text in (_bounds(folio, m), _arguments(folio, m), m.source) if text),
        )
        for m in reversed(once.values())
    )
    if not terms:
        return (
            Callout(title=folio.t("appendix.no_measures"), text=folio.t("appendix.no_measures_text"), glyph="not_run"),
        )
    return (Glossary(terms=terms),)


def _methods(folio: Folio) -> tuple[Block, ...]:
    return (Glossary(terms=methods.terms(folio.t, folio.record.observations)),)


def _bounds(folio: Folio, measure: MeasureFacts) -> str:
    low, high = measure.bounds
    if low is None and high is None:
        return ""
    return folio.t(
        "appendix.bounds",
        low=f"{numbers.MINUS}{numbers.INFINITE}" if low is None else numbers.limit(low),
        high=numbers.INFINITE if high is None else numbers.limit(high),
    )


def _arguments(folio: Folio, measure: MeasureFacts) -> str:
    return folio.t("appendix.arguments", arguments=arguments_text(measure.arguments)) if measure.arguments else ""


def _observations(folio: Folio) -> tuple[Block, ...]:
    t, listed = folio.t, folio.listed
    if not folio.record.observations:
        return (Callout(title=t("appendix.no_observations"), text=t("appendix.no_observations_text"), glyph="not_run"),)
    if not listed:
        return (Prose(paragraphs=(t("appendix.observations_elsewhere", n=f"{len(folio.record.observations):,}"),)),)
    rest = len(folio.record.observations) - len(listed)
    text = t("appendix.observations_all")
    texts = (text, t.count("table.rest", rest)) if rest else (text,)
    rows = (_observation(folio, o) for o in listed)
    heads = folio.columns("observation_id>", "value#", "interval#", "method<", "n#", "scope<")
    table = folio.table("appendix.observations_table", heads, rows, dense=True, room=len(listed))
    return (Prose(paragraphs=texts), table)


def _observation(folio: Folio, observation: Observation) -> Row:
    value = folio.point(observation)
    method = getattr(observation.measured, "method", "")
    return Row(
        anchor=folio.anchor(observation.id),
        cells=(
            Cell(text=observation.id, code=True, detail=observation.label),
            Cell(text=value.text, numeric=True, muted=value.muted),
            replace(folio.interval(observation), interval=""),
            Cell(text=methods.name(folio.t, method) if method else "", muted=True),
            folio.rows_behind(observation),
            Cell(text=folio.t(f"scope.{observation.scope}"), muted=True),
        ),
    )
