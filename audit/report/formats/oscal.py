"""The verdicts as OSCAL assessment results, which systems of governance import."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from audit.declarations.output_format import OutputFormat
from audit.records.audit import AuditRecord
from audit.records.policy import PackRecord
from audit.records.verdict import Verdict
from audit.report.identity import moment_of, token_of, uuid_of
from audit.report.standing import account_of

_VERSION = "1.1.3"
_METHODS = {"automated": ["TEST"], "attested": ["INTERVIEW"], "hybrid": ["TEST", "INTERVIEW"]}
_NAMESPACE = "https://model-audit.invalid/ns/oscal"
"""Of our own properties; the name is reserved so that it never resolves."""


def render(record: AuditRecord) -> bytes:
    """Return one result a pack, and of each control an observation and, where it was judged, a finding.

    A finding is `satisfied` only where the control was met or attested. One that nobody could judge is `not-satisfied`
    for the reason `other`, and its remarks name the outcome; a control that only records, or does not apply, has an
    observation and no finding. A waiver is a risk whose status is `deviation-approved`.

    Source: NIST, Open Security Controls Assessment Language 1.1.3, model assessment-results.
    """
    results = [_result(record, pack) for pack in dict.fromkeys(verdict.pack for verdict in record.verdicts)]
    document = {
        "assessment-results": {
            "uuid": uuid_of(record, "oscal"),
            "metadata": {
                "title": _line(record.spec.title),
                "last-modified": moment_of(record),
                "version": record.digest or "unsealed",
                "oscal-version": _VERSION,
                "props": list(_props(conclusion=record.conclusion.outcome, exit_code=str(record.conclusion.exit_code))),
                "remarks": record.conclusion.sentence,
            },
            "import-ap": {"href": f"#{uuid_of(record, 'file', 'spec')}", "remarks": "The spec of the audit."},
            "results": results or [_nothing(record)],
            "back-matter": {"resources": list(_resources(record))},
        }
    }
    return (json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _result(record: AuditRecord, pack: str) -> dict[str, Any]:
    verdicts = [verdict for verdict in record.verdicts if verdict.pack == pack]
    known = next((p for p in record.packs if f"{p.id}@{p.version}" == pack), None)
    result: dict[str, Any] = {
        "uuid": uuid_of(record, pack),
        "title": pack,
        "description": _described(known) or pack,
        "start": moment_of(record),
        "end": moment_of(record),
        "reviewed-controls": {
            "control-selections": [
                {"include-controls": [{"control-id": token_of(v.control)} for v in verdicts]},
            ]
        },
        "observations": [_observation(record, verdict) for verdict in verdicts],
    }
    # The standard allows no empty list.
    risks = [_risk(record, verdict) for verdict in verdicts if verdict.waived]
    findings = [_finding(record, v) for v in verdicts if v.outcome not in ("recorded", "not_applicable")]
    return result | ({"risks": risks} if risks else {}) | ({"findings": findings} if findings else {})


def _nothing(record: AuditRecord) -> dict[str, Any]:
    return {
        "uuid": uuid_of(record, "nothing"),
        "title": "Nothing was judged",
        "description": record.conclusion.sentence,
        "start": moment_of(record),
        "reviewed-controls": {"control-selections": [{"description": "No control was judged.", "include-all": {}}]},
    }


def _described(pack: PackRecord | None) -> str:
    if pack is None:
        return ""
    authority = ", ".join(part for part in (pack.instrument, pack.citation, pack.issuer) if part)
    return " ".join([pack.title + (f" ({authority})." if authority else "."), *pack.caveats])


def _observation(record: AuditRecord, verdict: Verdict) -> dict[str, Any]:
    limit = verdict.limit
    held = {} if limit is None else {"limit": f"{limit.op} {limit.value}", "decide_on": limit.decide_on}
    return {
        "uuid": uuid_of(record, verdict.pack, verdict.control, "observation"),
        "title": _line(verdict.title),
        "description": account_of(verdict),
        "props": list(
            _props(
                outcome=verdict.outcome,
                kind=verdict.kind,
                severity=verdict.severity,
                limit_origin=verdict.origin,
                **held,
            )
        ),
        "methods": _METHODS[verdict.mode],
        "types": ["finding" if verdict.limit else "control-objective"],
        "relevant-evidence": [
            {"href": "record.json", "description": _line(part.observation)} for part in verdict.parts
        ] or [{"href": "record.json", "description": "The record of the audit."}],
        "collected": moment_of(record),
    }  # fmt: skip


def _finding(record: AuditRecord, verdict: Verdict) -> dict[str, Any]:
    met = verdict.outcome in ("pass", "attested")
    reason = {"pass": "pass", "attested": "pass", "fail": "fail"}.get(verdict.outcome, "other")
    finding: dict[str, Any] = {
        "uuid": uuid_of(record, verdict.pack, verdict.control, "finding"),
        "title": _line(verdict.title),
        "description": verdict.reason,
        "target": {
            "type": "objective-id",
            "target-id": token_of(verdict.control),
            "status": {
                "state": "satisfied" if met else "not-satisfied",
                "reason": reason,
                "remarks": f"Outcome: {verdict.outcome}.",
            },
        },
        "related-observations": [{"observation-uuid": uuid_of(record, verdict.pack, verdict.control, "observation")}],
    }
    risk = {"related-risks": [{"risk-uuid": uuid_of(record, verdict.pack, verdict.control, "risk")}]}
    return finding | (risk if verdict.waived else {})


def _risk(record: AuditRecord, verdict: Verdict) -> dict[str, Any]:
    waivers = dict.fromkeys(part.waiver for part in verdict.parts if part.outcome == "fail" and part.waiver)
    return {
        "uuid": uuid_of(record, verdict.pack, verdict.control, "risk"),
        "title": _line(verdict.title),
        "description": verdict.reason,
        "statement": "Waived: " + "; ".join(waivers),
        "status": "deviation-approved",
    }


def _resources(record: AuditRecord) -> Iterator[dict[str, Any]]:
    spec: dict[str, Any] = {"uuid": uuid_of(record, "file", "spec"), "title": "The spec of the audit"}
    for file in record.provenance.files:
        link = {"href": quote(file.name), "hashes": [{"algorithm": "SHA-256", "value": file.sha256}]}
        if file.role == "spec":
            spec |= {"rlinks": [link]}
        else:
            named = uuid_of(record, "file", file.role, file.name)
            yield {"uuid": named, "title": _line(f"{file.role}: {file.name}"), "rlinks": [link]}
    yield spec | {"description": record.spec.title}


def _props(**values: str) -> Iterator[dict[str, str]]:
    return ({"name": name.replace("_", "-"), "ns": _NAMESPACE, "value": value} for name, value in values.items())


def _line(text: str) -> str:
    return " ".join(text.split()) or "-"


FORMAT = OutputFormat(name="oscal", suffix=".json", media_type="application/json", render=render, stem="oscal")
