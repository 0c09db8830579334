"""Turns an input that the parent has opened and hashed into its bytes, and refuses bytes other than those hashed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from audit.errors import AuditError, Problem
from audit.records.plan import InputFile


def content_of(file: InputFile, place: str, error: type[AuditError]) -> bytes:
    """Read a file through its inherited descriptor, or by its path where there is none.

    Raises
    ------
    AuditError
        Of class `error`: the file cannot be read, or changed after it was hashed.
    """
    try:
        content = _read(file)
    except OSError as wrong:
        raise error(
            Problem(place, f"cannot be read: {wrong.strerror or wrong}.", "Check the path and its permissions.")
        ) from wrong
    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        raise error(
            Problem(
                place,
                f"changed while it was audited: expected sha256 {file.sha256[:12]}..., found {found[:12]}....",
                "Run the audit again when nothing writes to the file.",
            )
        )
    return content


def file_name(file: InputFile) -> str:
    """Return the name without its folder."""
    return Path(file.path).name


def _read(file: InputFile) -> bytes:
    if file.fd is None:
        return Path(file.path).read_bytes()
    with os.fdopen(os.dup(file.fd), "rb") as stream:
        stream.seek(0)
        return stream.read()
