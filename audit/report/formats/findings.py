"""The findings register: one line of CSV for each control that is not settled, gravest first, with what to do next."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from audit.declarations.output_format import OutputFormat
from audit.records.audit import AuditRecord
from audit.records.verdict import Verdict
from audit.report.marks import inert
from audit.report.standing import account_of, standing
from audit.report.templating import words
from audit.report.view.words import Words

HEADER = (
    "number", "pack", "control", "title", "kind", "severity", "standing", "outcome", "finding", "next_step", "waivers",
    "model", "model_version", "date", "record",
)  # fmt: skip
_OPEN = ("blocks", "finding", "waived")


def render(record: AuditRecord) -> bytes:
    """Return the register: RFC 4180, UTF-8; a file without findings has its header alone.

    Numbers count within this audit; `record` ties a line to the figures behind it.
    """
    text = io.StringIO(newline="")
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(HEADER)
    t = words(record.spec.report.language)
    for number, verdict in enumerate(_findings(record), start=1):
        lines.writerow([str(number), *map(inert, _line(record, verdict, t))])
    return text.getvalue().encode()


def _findings(record: AuditRecord) -> list[Verdict]:
    order = {name: place for place, name in enumerate(record.conclusion.findings)}
    found = [verdict for verdict in record.verdicts if standing(verdict) in _OPEN]
    return sorted(found, key=lambda v: order.get(f"{v.pack}/{v.control}", len(order)))


def _line(record: AuditRecord, verdict: Verdict, t: Words) -> tuple[str, ...]:
    step = t(f"next.gate.{verdict.outcome}" if verdict.kind == "gate" else f"next.{verdict.kind}")
    return (
        verdict.pack,
        verdict.control,
        verdict.title,
        verdict.kind,
        verdict.severity,
        standing(verdict),
        verdict.outcome,
        account_of(verdict),
        step,
        "; ".join(_waivers(verdict)),
        record.subject.model.name,
        record.spec.context.version or "",
        record.provenance.date or "",
        record.digest or "",
    )


def _waivers(verdict: Verdict) -> Iterator[str]:
    return iter(dict.fromkeys(part.waiver for part in verdict.parts if part.waiver))


FORMAT = OutputFormat(
    name="findings", suffix=".csv", media_type="text/csv; charset=utf-8", render=render, stem="findings"
)
