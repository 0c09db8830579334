"""One base, and one subclass for each thing that a user can mend."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where, what, and what to do next."""

    place: str
    """`spec.yaml:12:7 performance.metrics[2]`, a file name, or a column."""
    message: str
    """What is wrong: what was expected and what was found."""
    hint: str = ""
    """The next step."""

    def __str__(self) -> str:
        text = f"{self.place}: {self.message}" if self.place else self.message
        if not self.hint:
            return text
        # Foreign texts rarely end their sentence.
        return f"{text}{'' if text.endswith(_ENDS) else '.'} {self.hint}"


_ENDS = (".", "!", "?", ":", "\n")


class AuditError(Exception):
    """The audit could not be done; carries every problem found, not only the first."""

    exit_code = 2

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class SpecError(AuditError):
    """The spec cannot be read or means nothing."""


class PolicyError(AuditError):
    """A pack, an attestation file or a waiver file cannot be read."""


class DataError(AuditError):
    """A table is missing, unreadable, or lacks what the spec names."""


class ModelError(AuditError):
    """The model is missing, refused, unreadable, or cannot predict this table."""


class MissingDependencyError(AuditError):
    """An optional package is not installed; the hint names the command."""


class MeasurementError(AuditError):
    """The measuring process died or could not measure."""


class RecordError(AuditError):
    """A record cannot be read."""


class OutputError(AuditError):
    """The audit is done, but an output could not be written; `written` names those that were."""

    exit_code = 4

    def __init__(self, *problems: Problem, written: tuple[Path, ...] = ()) -> None:
        super().__init__(*problems)
        self.written = written
