"""What an output format declares: how a record becomes the bytes of one file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from audit.records.audit import AuditRecord


@dataclass(frozen=True, kw_only=True)
class OutputFormat:
    """A rendering of the record; a file `audit/report/formats/<name>.py` ends in `FORMAT = OutputFormat(...)`."""

    name: str
    """What `report.formats` calls it."""
    suffix: str
    """Of the file, with its dot."""
    media_type: str
    render: Callable[[AuditRecord], bytes]
    """A pure function of the record; raises OutputError where this system lacks what the format needs."""
    stem: str = "report"
    """Name of the file without its suffix."""

    @property
    def file(self) -> str:
        """Name of the file that is written."""
        return self.stem + self.suffix
