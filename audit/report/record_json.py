"""Turns a record into the bytes of record.json."""

from __future__ import annotations

import json

from audit.records.audit import AuditRecord


def record_json(record: AuditRecord) -> bytes:
    """Return the record as JSON in the order of its schema, so that two equal records are equal bytes."""
    text = json.dumps(record.model_dump(mode="json"), indent=2, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()
