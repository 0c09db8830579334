"""Turns a record into the bytes of one output, by the name of the format."""

from __future__ import annotations

from difflib import get_close_matches

from audit import catalogue
from audit.declarations.output_format import OutputFormat
from audit.errors import OutputError, Problem
from audit.records.audit import AuditRecord


def render(record: AuditRecord, format: str) -> bytes:
    """Return the record as one output format, e.g. "html".

    Raises
    ------
    OutputError
        There is no such format, or this system lacks what it needs.
    """
    return output_format(format).render(record)


def output_format(name: str) -> OutputFormat:
    """Return the declared format of that name.

    Raises
    ------
    OutputError
        There is no such format.
    """
    known = catalogue.names("output_formats")
    if name not in known:
        near = get_close_matches(name, known, 1)
        hint = f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(known)}."
        raise OutputError(Problem("report.formats", f"unknown output format '{name}'.", hint))
    declared: OutputFormat = catalogue.load("output_formats", name)
    return declared
