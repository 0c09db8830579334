"""Gathers what the measuring process told: a section, observations and a status for every stage."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from audit import errors
from audit.errors import AuditError, MeasurementError, Problem
from audit.records.event import Failed, Finished, Measurement, Progress, Warned
from audit.records.observation import Observation
from audit.records.plan import STAGES
from audit.records.sections import StageStatus
from audit.records.spec import AuditSpec


class Listener(Protocol):
    """Who is told how far an audit has come."""

    def progress(self, stage: str, done: int, total: int, text: str) -> None:
        """Hear that `done` of `total` steps of a stage are done; total 0 when unknown."""

    def warning(self, stage: str, text: str) -> None:
        """Hear of something that will stand in the report."""


class Silence:
    """A listener that does nothing."""

    def progress(self, stage: str, done: int, total: int, text: str) -> None:
        """Ignore it."""

    def warning(self, stage: str, text: str) -> None:
        """Ignore it."""


@dataclass(frozen=True)
class Measurements:
    """All that was measured, and what was not."""

    sections: dict[str, dict[str, Any]]
    """Stage (and `subject`) to the JSON of its section."""
    observations: tuple[Observation, ...]
    stages: tuple[StageStatus, ...]
    warnings: tuple[str, ...]
    last_words: Finished = field(default_factory=Finished)


def collect(events: Iterable[object], spec: AuditSpec, listener: Listener) -> Measurements:
    """Listen to the measuring process until it ends.

    Raises
    ------
    AuditError
        The subject could not be loaded, or the process died before its first prediction. A process that dies later
        leaves its unfinished stages in error.
    """
    sections: dict[str, dict[str, Any]] = {}
    observations: list[Observation] = []
    failures: dict[str, str] = {}
    warnings: dict[str, None] = {}
    last_words = Finished()
    try:
        for event in events:
            match event:
                case Progress(stage=stage, done=done, total=total, text=text):
                    listener.progress(stage, done, total, text)
                case Warned(stage=stage, text=text):
                    warnings[f"{stage}: {text}"] = None
                    listener.warning(stage, text)
                case Measurement(stage=stage, section=section):
                    sections[stage] = section
                    observations += event.observations
                case Failed(stage="subject"):
                    raise _typed(event)
                case Failed(stage=stage, text=text):
                    failures[stage] = text
                case Finished():
                    last_words = event
    except MeasurementError as death:
        if "subject" not in sections:
            raise
        failures |= {s: str(death) for s in STAGES if s not in sections and s not in failures}
    if "subject" not in sections:
        raise MeasurementError(
            Problem("measuring process", "ended without naming its subject.", "Please report this with the spec.")
        )
    return Measurements(
        sections=sections,
        observations=_unique(observations),
        stages=tuple(_status(stage, spec, sections, failures) for stage in STAGES),
        warnings=tuple(warnings),
        last_words=last_words,
    )


def _status(stage: str, spec: AuditSpec, sections: dict[str, dict[str, Any]], failures: dict[str, str]) -> StageStatus:
    if getattr(spec, stage) is False:
        return StageStatus(stage=stage, status="off", reason="Switched off in the spec.")
    if stage in failures:
        return StageStatus(stage=stage, status="error", reason=failures[stage])
    if stage in sections:
        return StageStatus(stage=stage, status="done")
    return StageStatus(stage=stage, status="error", reason="The measuring process never told of it.")


def _unique(observations: list[Observation]) -> tuple[Observation, ...]:
    seen: dict[str, Observation] = {}
    for observation in observations:
        if observation.id in seen:
            raise MeasurementError(
                Problem("measuring process", f"measured {observation.id!r} twice.", "Please report this with the spec.")
            )
        seen[observation.id] = observation
    return tuple(seen.values())


def _typed(event: Failed) -> AuditError:
    kind = getattr(errors, event.error, MeasurementError)
    problems = tuple(Problem(**p) for p in event.problems) or (Problem("", event.text),)
    error: AuditError = kind(*problems)
    return error
