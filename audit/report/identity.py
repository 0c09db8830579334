"""A record to the identifiers and the moment that formats of exchange ask for, equal whenever the record is."""

from __future__ import annotations

import re
from uuid import NAMESPACE_URL, uuid5

from audit.records.audit import AuditRecord


def uuid_of(record: AuditRecord, *parts: str) -> str:
    """Return the UUID (version 5) of a part of a record, made of the record's digest and the names of the part."""
    return str(uuid5(NAMESPACE_URL, "/".join(("urn:model-audit", record.digest or record.core_digest(), *parts))))


def moment_of(record: AuditRecord) -> str:
    """Return the date of the audit as a time with a zone: midnight UTC, or 1970 where no date was given."""
    return f"{record.provenance.date or '1970-01-01'}T00:00:00+00:00"


def token_of(text: str) -> str:
    """Return text as a token: letters, digits, `-`, `_` and `.`, with no digit first.

    >>> token_of("UGESP-4D-IR"), token_of("9(b)(2) count")
    ('UGESP-4D-IR', '_9-b-2-count')
    """
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-") or "_"
    return plain if plain[0].isalpha() or plain[0] == "_" else f"_{plain}"
