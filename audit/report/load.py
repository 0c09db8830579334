"""Reads a record.json."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from audit.errors import Problem, RecordError
from audit.records.audit import SCHEMA_VERSION, AuditRecord


def load_record(path: Path) -> AuditRecord:
    """Return the record that a file holds.

    Raises
    ------
    RecordError
        The file cannot be read, is no JSON, or is no record of a version that this program knows.
    """
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecordError(Problem(str(path), f"cannot be read: {error.strerror}.")) from error
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise RecordError(
            Problem(str(path), f"is no JSON: {error}.", "Give the record.json that `audit run` wrote.")
        ) from error
    found = read.get("schema_version") if isinstance(read, dict) else None
    if not isinstance(found, str):
        raise RecordError(Problem(str(path), "is no audit record.", "Give the record.json that `audit run` wrote."))
    if found.partition(".")[0] != SCHEMA_VERSION.partition(".")[0]:
        message = f"has schema version {found}; this program reads version {SCHEMA_VERSION}."
        raise RecordError(Problem(str(path), message, "Use the version of the program that wrote it."))
    try:
        return AuditRecord.model_validate_json(json.dumps(read))
    except ValidationError as error:
        raise RecordError(*(_problem(path, dict(found)) for found in error.errors())) from error


def _problem(path: Path, found: dict[str, object]) -> Problem:
    place = ".".join(str(part) for part in found["loc"])  # type: ignore[attr-defined]
    return Problem(f"{path} {place}".rstrip(), f"{found['msg']}.")
