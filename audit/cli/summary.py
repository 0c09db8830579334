"""Prints how an audit ended: for people on a few lines, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audit.records.audit import AuditRecord
    from audit.records.verdict import Verdict


def print_summary(record: AuditRecord, paths: Sequence[Path], *, as_json: bool) -> None:
    """Print the conclusion, the findings and where the outputs are, on stdout."""
    print(_as_json(record, paths) if as_json else _as_text(record, paths))


def _as_json(record: AuditRecord, paths: Sequence[Path]) -> str:
    fields: dict[str, Any] = {
        "title": record.spec.title,
        "conclusion": record.conclusion.model_dump(mode="json"),
        "digest": record.digest,
        "outputs": [str(path) for path in paths],
    }
    return json.dumps(fields, ensure_ascii=False, indent=2)


def _as_text(record: AuditRecord, paths: Sequence[Path]) -> str:
    lines = [record.spec.title, "", f"  {_NAMES[record.conclusion.outcome]}: {record.conclusion.sentence}"]
    findings = _findings(record)
    if findings:
        lines += ["", "Findings", *(f"  {_line(verdict)}" for verdict in findings[:_MOST])]
    if len(findings) > _MOST:
        lines.append(f"  and {len(findings) - _MOST} more in the report")
    lines += ["", "Written", *(f"  {path}" for path in paths)] if paths else ["", "Nothing was written."]
    return "\n".join(lines)


_MOST = 8
_NAMES = {
    "meets": "MEETS",
    "does_not_meet": "DOES NOT MEET",
    "inconclusive": "INCONCLUSIVE",
    "incomplete": "INCOMPLETE",
}


def _findings(record: AuditRecord) -> list[Verdict]:
    by_name = {f"{v.pack.split('@')[0]}/{v.control}": v for v in record.verdicts}
    by_name |= {f"{v.pack}/{v.control}": v for v in record.verdicts}
    return [by_name[name] for name in record.conclusion.findings]


def _line(verdict: Verdict) -> str:
    outcome = _OUTCOMES.get(verdict.outcome, verdict.outcome)
    return f"{verdict.kind} {outcome}  {verdict.control} ({verdict.severity}): {verdict.reason}"


_OUTCOMES = {
    "fail": "failed",
    "not_run": "not measured",
    "error": "in error",
    "attestation_missing": "waits for a statement",
    "attestation_expired": "has an expired statement",
}
