"""What the measuring process tells its parent, one JSON line each."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from audit.records.base import Record
from audit.records.measured import Measured
from audit.records.observation import Observation


class Progress(Record):
    """How far a stage has come."""

    event: Literal["progress"] = "progress"
    stage: str
    done: int = Field(ge=0)
    total: int = Field(ge=0)
    """0 when the number of steps is not known."""
    text: str = ""


class Measurement(Record):
    """A finished stage: its section and its observations."""

    event: Literal["measurement"] = "measurement"
    stage: str
    section: dict[str, Any]
    """JSON of the stage's section record."""
    observations: tuple[Observation, ...] = ()


class Warned(Record):
    """Something the reader of the report should know."""

    event: Literal["warning"] = "warning"
    stage: str
    text: str


class Failed(Record):
    """A stage, or the whole subject, that could not be measured."""

    event: Literal["error"] = "error"
    stage: str
    """`subject` ends the audit; any other stage is an error in the record."""
    text: str
    """What went wrong, for a stranger."""
    problems: tuple[dict[str, str], ...] = ()
    """Fields of `errors.Problem` when the fault is the user's to mend."""
    error: str = "MeasurementError"
    """Name of the class in `audit.errors`."""


class Finished(Record):
    """The last line."""

    event: Literal["end"] = "end"
    versions: dict[str, str] = Field(default_factory=dict)
    sandbox: str = "none"
    durations: dict[str, float] = Field(default_factory=dict)
    peak_memory: int | None = None
    latency: dict[str, float] = Field(default_factory=dict)
    costs: dict[str, Measured] = Field(default_factory=dict)


Event = Annotated[Progress | Measurement | Warned | Failed | Finished, Field(discriminator="event")]
EVENTS: TypeAdapter[Progress | Measurement | Warned | Failed | Finished] = TypeAdapter(Event)
