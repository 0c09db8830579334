"""The audit as a CycloneDX bill of materials: the model's card with its figures, and each control as a declaration."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from audit.declarations.output_format import OutputFormat
from audit.records.audit import AuditRecord
from audit.records.measured import Estimate, Undefined
from audit.records.observation import Observation
from audit.records.policy import PackRecord
from audit.records.verdict import Verdict
from audit.report.identity import moment_of, uuid_of
from audit.report.standing import account_of, name_of

_MODEL = "model"
_ASSESSOR = "assessor"
_HEADLINE_PARTS = 2
"""Parts of the id of a headline figure, `performance/roc_auc`."""


def render(record: AuditRecord) -> bytes:
    """Return a CycloneDX 1.6 document.

    The headline figures and those of each group are performance metrics with their intervals, numbers with all their
    digits. A control is a requirement of its pack and a claim about the model: evidence where it was met,
    counter-evidence where it failed. The score of conformance is 1 or 0 where it was judged, and left out where it was
    not.

    Source: ECMA-424, CycloneDX 1.6.
    """
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid_of(record, 'cyclonedx')}",
        "version": 1,
        "metadata": {
            "timestamp": moment_of(record),
            "tools": {"components": [_tool(record)]},
            "component": _model(record),
            "properties": [
                {"name": "model-audit:conclusion", "value": record.conclusion.outcome},
                {"name": "model-audit:record", "value": record.digest or ""},
            ],
        },
        "declarations": _declarations(record),
        "definitions": {"standards": [_standard(record, pack) for pack in record.packs]},
    }
    return (json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _tool(record: AuditRecord) -> dict[str, Any]:
    version = record.provenance.versions.get("model-audit")
    return {"type": "application", "name": "model-audit"} | ({"version": version} if version else {})


def _model(record: AuditRecord) -> dict[str, Any]:
    facts, context = record.subject.model, record.spec.context
    component: dict[str, Any] = {
        "type": "machine-learning-model",
        "bom-ref": _MODEL,
        "name": facts.name,
        "modelCard": _card(record),
    }
    if context.version:
        component["version"] = context.version
    if context.purpose:
        component["description"] = context.purpose
    if facts.sha256:
        component["hashes"] = [{"alg": "SHA-256", "content": facts.sha256}]
    return component


def _card(record: AuditRecord) -> dict[str, Any]:
    subject = record.subject
    return {
        "modelParameters": {
            "task": subject.task,
            "modelArchitecture": subject.model.type,
            "datasets": [
                {
                    "type": "dataset",
                    "name": table.name,
                    "description": f"{table.role}: {table.rows_used} of {table.rows} rows",
                }
                for table in subject.tables
            ],
        },
        "quantitativeAnalysis": {"performanceMetrics": [_metric(o) for o in _figures(record)]},
        "considerations": _considerations(record),
    }


def _figures(record: AuditRecord) -> Iterator[Observation]:
    for observation in record.observations:
        parts = observation.id.split("/")
        headline = parts[0] == "performance" and len(parts) == _HEADLINE_PARTS
        of_group = parts[0] == "fairness" and len(parts) > _HEADLINE_PARTS and "=" in parts[_HEADLINE_PARTS]
        if (headline or of_group) and not isinstance(observation.measured, Undefined):
            yield observation


def _metric(observation: Observation) -> dict[str, Any]:
    measured, parts = observation.measured, observation.id.split("/")
    assert not isinstance(measured, Undefined)
    metric: dict[str, Any] = {"type": parts[1], "value": repr(measured.value)}
    if len(parts) > _HEADLINE_PARTS:
        metric["slice"] = "/".join(parts[_HEADLINE_PARTS:])
    if isinstance(measured, Estimate):
        ends = {"lowerBound": measured.low, "upperBound": measured.high}
        metric["confidenceInterval"] = {name: repr(end) for name, end in ends.items() if end is not None}
    return metric


def _considerations(record: AuditRecord) -> dict[str, Any]:
    context = record.spec.context
    ethical = context.facts.get("ethical_considerations")
    found: dict[str, Any] = {
        "useCases": [context.purpose] if context.purpose else [],
        "technicalLimitations": [f"Not for: {use}" for use in context.out_of_scope],
        "ethicalConsiderations": [{"name": str(ethical)}] if ethical else [],
    }
    return {name: value for name, value in found.items() if value}


def _standard(record: AuditRecord, pack: PackRecord) -> dict[str, Any]:
    verdicts = [v for v in record.verdicts if v.pack == f"{pack.id}@{pack.version}"]
    return {
        "bom-ref": f"pack/{pack.id}",
        "name": pack.id,
        "version": pack.version,
        "description": " ".join([f"{pack.title}.", *pack.caveats]),
        "owner": pack.issuer or "the maintainers of the pack",
        "requirements": [
            {
                "bom-ref": f"requirement/{name_of(v)}",
                "identifier": v.control,
                "title": v.title,
                "text": v.rationale or v.title,
                "descriptions": [f"{c.ref} (wording checked: {c.checked})" for c in v.citations],
            }
            for v in verdicts
        ],
    }


def _declarations(record: AuditRecord) -> dict[str, Any]:
    return {
        "assessors": [
            {
                "bom-ref": _ASSESSOR,
                "thirdParty": False,
                "organization": {"name": record.spec.context.owner or "whoever ran the audit"},
            }
        ],
        "attestations": [_attestation(record, pack) for pack in dict.fromkeys(v.pack for v in record.verdicts)],
        "claims": [_claim(verdict) for verdict in record.verdicts],
        "evidence": [_evidence(verdict, record) for verdict in record.verdicts],
        "targets": {"components": [{"type": "machine-learning-model", "bom-ref": "target", "name": _name(record)}]},
    }


def _attestation(record: AuditRecord, pack: str) -> dict[str, Any]:
    return {
        "summary": f"{pack}, measured and judged by software.",
        "assessor": _ASSESSOR,
        "map": [_mapped(verdict) for verdict in record.verdicts if verdict.pack == pack],
    }


def _mapped(verdict: Verdict) -> dict[str, Any]:
    claim = f"claim/{name_of(verdict)}"
    score = {"pass": 1, "attested": 1, "fail": 0}.get(verdict.outcome)
    conformance: dict[str, Any] = {"rationale": f"{verdict.outcome}: {verdict.reason}"}
    return {
        "requirement": f"requirement/{name_of(verdict)}",
        "counterClaims" if verdict.outcome == "fail" else "claims": [claim],
        "conformance": conformance | ({} if score is None else {"score": score}),
    }


def _claim(verdict: Verdict) -> dict[str, Any]:
    return {
        "bom-ref": f"claim/{name_of(verdict)}",
        "target": "target",
        "predicate": f"{verdict.title}: {verdict.outcome}",
        "reasoning": verdict.reason,
        "counterEvidence" if verdict.outcome == "fail" else "evidence": [f"evidence/{name_of(verdict)}"],
    }


def _evidence(verdict: Verdict, record: AuditRecord) -> dict[str, Any]:
    return {
        "bom-ref": f"evidence/{name_of(verdict)}",
        "description": account_of(verdict),
        "data": [{"name": part.observation, "contents": {"url": "record.json"}} for part in verdict.parts],
        "created": moment_of(record),
    }


def _name(record: AuditRecord) -> str:
    return record.subject.model.name


FORMAT = OutputFormat(
    name="cyclonedx", suffix=".cdx.json", media_type="application/vnd.cyclonedx+json", render=render, stem="model"
)
