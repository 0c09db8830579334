"""What a check of attributions declares, and what it is given: the ground, and what each method found on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from audit.records.observation import Observation

if TYPE_CHECKING:
    from audit.declarations.attribution import Attributed, AttributionMethod, Ground
    from audit.subject.evidence import Evidence


class AttributionCheckNotRunError(Exception):
    """A check cannot be run on this subject; the text is the reason that the report prints."""


@dataclass(frozen=True, kw_only=True)
class Done:
    """A method that ran, and what it found."""

    method: AttributionMethod
    attributed: Attributed


@dataclass(frozen=True, kw_only=True)
class Audited:
    """What a check is given."""

    evidence: Evidence
    ground: Ground
    """The rows that every method started from."""
    done: tuple[Done, ...]
    """Methods that ran and gave single values or sizes of columns, in the order of the report."""
    methods: tuple[Done, ...]
    """All methods that ran."""
    again: Callable[[Done, str], Attributed]
    """Run a method once more on a few of its rows, by the seed of that name; asked twice, it runs once.

    Raises MethodNotRunError where the method does not run on so few rows."""
    level: float
    """Confidence level of intervals."""
    seed: int
    """Of this check alone."""
    budget: int
    """Predictions, in rows, that the check may ask of the model for one method."""
    refits: int = 0
    """Models that it may fit anew."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """What a check found."""

    summary: str
    """One sentence, with the numbers that matter and without a verdict."""
    observations: tuple[Observation, ...] = ()
    failures: Mapping[str, str] = field(default_factory=dict)
    """Method ("" for all) to what does not hold of it, by the check's convention, as a clause after its name."""
    read: tuple[str, ...] = ()
    """Ids of observations of the methods themselves that it rests on."""


@dataclass(frozen=True, kw_only=True)
class AttributionCheck:
    """A check of attributions; a file `audit/attribution/checks/<name>.py` ends in `CHECK = AttributionCheck(...)`."""

    name: str
    label: str
    find: Callable[[Audited], Held]
    """Raises AttributionCheckNotRunError with the reason where it cannot be run at all."""
    measures: tuple[str, ...]
    """Measures that it tells of each method, as in `attribution/<method>/<measure>`, the leading one first; undefined,
    with the reason, where it is not run."""
    convention: str
    """When a method is shown as failing, in one sentence: always against a control or rounding, never by taste."""
    fits: bool = False
    """Whether it fits the model anew: then it runs where the spec names it, or where the training table is small."""
    source: str = ""
