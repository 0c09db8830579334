"""The verdicts as SARIF 2.1.0, which code hosts show as the findings of a scan."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from audit.declarations.output_format import OutputFormat
from audit.records.audit import AuditRecord
from audit.records.verdict import Citation, Outcome, Verdict
from audit.report.standing import account_of, name_of

_KINDS: Mapping[Outcome, str] = {
    "pass": "pass",
    "attested": "pass",
    "fail": "fail",
    "inconclusive": "open",
    "not_run": "open",
    "error": "open",
    "attestation_missing": "review",
    "attestation_expired": "review",
    "recorded": "informational",
    "not_applicable": "notApplicable",
}
_FINGERPRINT = "control/v1"


def render(record: AuditRecord) -> bytes:
    """Return one rule and one result a control.

    A failed gate is an error, a failed screen a warning or, where it weighs little, a note; whatever did not fail has
    the level `none`, as the standard asks (clause 3.27.10), and tells by its kind whether it passed, is open or waits
    for a person. A waiver is an accepted suppression. Results point to the spec of the audit, the one file that is sure
    to stand in a repository.

    Source: OASIS, Static Analysis Results Interchange Format 2.1.0, 2020.
    """
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [_run(record)],
    }
    return (json.dumps(log, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _run(record: AuditRecord) -> dict[str, Any]:
    driver: dict[str, Any] = {"name": "model-audit", "rules": [_rule(verdict) for verdict in record.verdicts]}
    version = record.provenance.versions.get("model-audit")
    return {
        "tool": {"driver": driver | ({"version": version} if version else {})},
        "automationDetails": {"id": f"model-audit/{record.subject.model.name}/"},
        "invocations": [
            {
                "executionSuccessful": True,
                "exitCode": record.conclusion.exit_code,
                "exitCodeDescription": record.conclusion.sentence,
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": f"{stage.stage}: {stage.reason or stage.status}"}}
                    for stage in record.stages
                    if stage.status == "error"
                ],
            }
        ],
        "artifacts": [
            {"location": {"uri": quote(file.name)}, "length": file.size, "hashes": {"sha-256": file.sha256}}
            for file in record.provenance.files
        ],
        "columnKind": "unicodeCodePoints",
        "results": [_result(place, verdict, record) for place, verdict in enumerate(record.verdicts)],
        "properties": {"conclusion": record.conclusion.outcome, "record": record.digest or ""},
    }


def _rule(verdict: Verdict) -> dict[str, Any]:
    return {
        "id": name_of(verdict),
        "shortDescription": {"text": verdict.title},
        "fullDescription": {"text": verdict.rationale or verdict.title},
        "defaultConfiguration": {"level": _severity(verdict)},
        "properties": {
            "kind": verdict.kind,
            "mode": verdict.mode,
            "severity": verdict.severity,
            "origin": verdict.origin,
            "citations": [_cited(citation) for citation in verdict.citations],
            "tags": ["model-audit", verdict.kind],
        },
    }


def _cited(citation: Citation) -> str:
    return f"{citation.ref} (wording checked: {citation.checked})"


def _result(place: int, verdict: Verdict, record: AuditRecord) -> dict[str, Any]:
    kind = _KINDS[verdict.outcome]
    result: dict[str, Any] = {
        "ruleId": name_of(verdict),
        "ruleIndex": place,
        "kind": kind,
        "level": _severity(verdict) if kind == "fail" else "none",
        "message": {"text": account_of(verdict)},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": _spec(record)}, "region": {"startLine": 1}}}],
        "partialFingerprints": {_FINGERPRINT: f"{record.subject.model.name}/{name_of(verdict)}"},
        "properties": {
            "outcome": verdict.outcome,
            "observations": [part.observation for part in verdict.parts],
        },
    }
    waivers = list(dict.fromkeys(_waivers(verdict)))
    if waivers and verdict.waived:
        result["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": reason} for reason in waivers
        ]
    return result


def _severity(verdict: Verdict) -> str:
    if verdict.kind == "gate":
        return "error"
    return "warning" if verdict.severity in ("blocker", "major") else "note"


def _waivers(verdict: Verdict) -> Iterator[str]:
    return (part.waiver for part in verdict.parts if part.outcome == "fail" and part.waiver)


def _spec(record: AuditRecord) -> str:
    return next((quote(file.name) for file in record.provenance.files if file.role == "spec"), "audit.yaml")


FORMAT = OutputFormat(name="sarif", suffix=".sarif", media_type="application/sarif+json", render=render)
