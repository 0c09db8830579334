"""What the measuring process is asked to do."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from audit.records.base import Record
from audit.records.spec import AuditSpec

Stage = Literal["performance", "fairness", "attribution", "robustness", "efficiency"]
STAGES: tuple[Stage, ...] = ("performance", "fairness", "attribution", "robustness", "efficiency")


class InputFile(Record):
    """A file that the parent has opened and hashed."""

    role: str
    """model, factory, code, the same of the challenger (`challenger_code`), test, train, reference or sensitive."""
    path: str
    """Absolute path."""
    sha256: str
    size: int = Field(ge=0)
    """Bytes."""
    fd: int | None = None
    """Open descriptor that the child inherits; null where the system cannot pass one on."""


class MeasurementRequest(Record):
    """One measure that a spec or a pack wants, beyond the defaults."""

    stage: Stage
    measure: str
    """Name of a metric, disparity or check."""
    arguments: dict[str, Any] = Field(default_factory=dict)
    group_by: tuple[tuple[str, ...], ...] = ()
    """Groupings by column name."""
    reference: str | None = None
    together: int = 1
    """Groupings whose intervals are held against one limit together; their intervals allow for it."""


class Plan(Record):
    """Everything the measuring process needs to know."""

    spec: AuditSpec
    folder: str = "."
    """Absolute path of the spec's folder, where factories and code are looked for."""
    inputs: tuple[InputFile, ...] = ()
    requests: tuple[MeasurementRequest, ...] = ()
    memory_limit: int = 12 * 2**30
    """Resident bytes above which the child is ended."""
    time_limit: float = 3600.0
    """Seconds after which the child is ended."""

    def inputs_of(self, role: str) -> tuple[InputFile, ...]:
        """Return the files of one role, in order."""
        return tuple(i for i in self.inputs if i.role == role)
