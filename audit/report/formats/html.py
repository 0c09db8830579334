"""The report as one HTML file that needs no network and no script."""

from __future__ import annotations

from audit.declarations.output_format import OutputFormat
from audit.records.audit import AuditRecord
from audit.report.page import page


def render(record: AuditRecord) -> bytes:
    """Return the report for a screen, with its print styles."""
    return page(record, "screen").encode()


FORMAT = OutputFormat(name="html", suffix=".html", media_type="text/html; charset=utf-8", render=render)
