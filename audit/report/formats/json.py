"""The record itself, as indented JSON."""

from __future__ import annotations

import json

from audit.declarations.output_format import OutputFormat
from audit.records.audit import AuditRecord


def render(record: AuditRecord) -> bytes:
    """Return the record as JSON in the order of its schema, so that two equal records are equal bytes."""
    text = json.dumps(record.model_dump(mode="json"), indent=2, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


FORMAT = OutputFormat(name="json", suffix=".json", media_type="application/json", render=render, stem="record")
