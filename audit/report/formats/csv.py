"""Every observation as a line of CSV, for a spreadsheet or a data frame."""

from __future__ import annotations

import csv
import io

from audit.declarations.output_format import OutputFormat
from audit.records.audit import AuditRecord
from audit.records.measured import Estimate, Exact, Measured, Undefined
from audit.records.observation import Observation
from audit.report.marks import inert

HEADER = (
    "id", "label", "scope", "kind", "value", "unit", "low", "high", "level", "method", "n", "higher_is_better",
    "reason",
)  # fmt: skip


def render(record: AuditRecord) -> bytes:
    """Return one line an observation in the record's order: RFC 4180, UTF-8, numbers with all their digits.

    An unbounded end of an interval is empty, and so is every cell that an observation of its kind does not have. Text
    that a spreadsheet would run as a formula begins with an apostrophe.
    """
    text = io.StringIO(newline="")
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(HEADER)
    lines.writerows(_line(observation) for observation in record.observations)
    return text.getvalue().encode()


def _line(observation: Observation) -> tuple[str, ...]:
    better = {True: "true", False: "false", None: ""}[observation.higher_is_better]
    value, unit, low, high, level, method, n, reason = _cells(observation.measured)
    named = (inert(observation.id), inert(observation.label), observation.scope, observation.measured.kind)
    return (*named, value, inert(unit), low, high, level, method, n, better, inert(reason))


def _cells(measured: Measured) -> tuple[str, ...]:
    match measured:
        case Exact():
            return repr(measured.value), measured.unit, "", "", "", "", str(measured.n), ""
        case Estimate():
            low, high = ("" if end is None else repr(end) for end in (measured.low, measured.high))
            return repr(measured.value), "", low, high, repr(measured.level), measured.method, str(measured.n), ""
        case Undefined():
            return "", "", "", "", "", "", "", measured.reason


FORMAT = OutputFormat(
    name="csv", suffix=".csv", media_type="text/csv; charset=utf-8", render=render, stem="observations"
)
