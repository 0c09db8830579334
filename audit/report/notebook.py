"""Shows a record in a notebook: its conclusion, key figures and findings."""

from __future__ import annotations

from audit.records.audit import AuditRecord
from audit.report.templating import fragment, words
from audit.report.view import EXTENTS, view


def to_html_fragment(record: AuditRecord) -> str:
    """Return HTML that stands inside another page, without styles of its own."""
    return fragment(view(record, words(record.spec.report.language), EXTENTS["paper"]))
