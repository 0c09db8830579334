"""Turns a record into one HTML document, for a screen or for paper."""

from __future__ import annotations

from audit.records.audit import AuditRecord
from audit.report.templating import Medium, document, words
from audit.report.view import EXTENTS, view


def page(record: AuditRecord, medium: Medium) -> str:
    """Return the whole report as HTML; paper shows fewer rows and says where the rest is."""
    return document(view(record, words(record.spec.report.language), EXTENTS[medium]), medium)
