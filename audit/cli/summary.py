"""Prints how an audit ended: for people on a few lines, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit.records.measured import Estimate, Exact, Measured, Undefined

if TYPE_CHECKING:
    from audit.records.audit import AuditRecord
    from audit.records.provenance import Run
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
    if record.subject.challenger is not None:
        lines.append(f"  Compared with the challenger {record.subject.challenger.name}: chapter Performance.")
    findings = _findings(record)
    if findings:
        lines += ["", "Findings", *(f"  {_line(verdict)}" for verdict in findings[:_MOST])]
    if len(findings) > _MOST:
        lines.append(f"  and {len(findings) - _MOST} more in the report")
    costs = _costs(record.run)
    lines += ["", "Costs", *(f"  {line}" for line in costs)] if costs else []
    lines += ["", "Written", *(f"  {path}" for path in paths)] if paths else ["", "Nothing was written."]
    return "\n".join(lines)


def _costs(run: Run) -> list[str]:
    """Say what a report leaves out because it differs from run to run."""
    lines = []
    for name, median in run.latency.items():
        kind, _, batch = name.partition("/batch=")
        if kind == "latency_p50":
            late = run.latency.get(f"latency_p95/batch={batch}", median)
            lines.append(
                f"{int(batch):,} row{'s' if batch != '1' else ''} in {_time(median)}, the 95th percentile {_time(late)}"
            )
    for name, text in _COSTS.items():
        match run.costs.get(name.removesuffix("*")) or _first(run, name):
            case Estimate(value=value, low=float(low), high=float(high)):
                lines.append(text.format(f"{value:.2f} ({low:.2f} to {high:.2f})"))
            case Exact(value=value, unit="bytes"):
                lines.append(text.format(f"{value / 1e6:,.1f} MB"))
            case Undefined(reason=reason):
                lines.append(f"{text.format('?')}: {reason}")
    return lines


def _first(run: Run, name: str) -> Measured | None:
    known = (measured for key, measured in run.costs.items() if name.endswith("*") and key.startswith(name[:-1]))
    return next(known, None)


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"


_COSTS = {
    "time_growth": "beyond the fixed cost of a call, time grows like rows to the power of {}",
    "peak_memory/load": "loading the model takes {} of memory",
    "peak_memory/batch=*": "loading and asking it takes {} of memory at most",
}
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
