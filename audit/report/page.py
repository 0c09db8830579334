"""Turns a record into one HTML document, for a screen or for paper."""

from __future__ import annotations

from audit.records.audit import AuditRecord
from audit.report.fonts import unturned
from audit.report.templating import Medium, document, words
from audit.report.view import EXTENTS, view


def page(record: AuditRecord, medium: Medium) -> str:
    """Return the whole report as HTML; paper shows fewer rows and says where the rest is."""
    return document(view(_legible(record), words(record.spec.report.language), EXTENTS[medium]), medium)


def _legible(record: AuditRecord) -> AuditRecord:
    # A name that turns the direction of reading would show whatever follows it in reverse.
    text = record.model_dump_json()
    plain = unturned(text)
    return record if plain == text else AuditRecord.model_validate_json(plain)
