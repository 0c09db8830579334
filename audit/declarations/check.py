"""What a check file declares: what it needs, and what it finds in the data or in the model's answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from audit.records.observation import Observation

if TYPE_CHECKING:
    from audit.subject.evidence import Evidence

Need = Literal["train", "test", "baseline", "features", "target", "predictions", "model"]
"""train, test: that table; baseline: data.reference or else train; features: columns that a model reads;
target: true labels; predictions: of the headline rows; model: one that can be asked again."""


class CheckNotRunError(Exception):
    """A check cannot be run on this subject; the text is the reason that the report prints."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How a check measures."""

    level: float
    """Confidence level in (0.5, 1)."""
    seed: int
    """Of this check alone."""
    budget: int = 20_000
    """Rows that the check may have the model predict."""
    metrics: tuple[str, ...] | None = None
    """Names of metrics that the spec measures, the one that leads first; None for the usual ones of the task."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check found."""

    summary: str
    """One sentence, with the numbers that matter."""
    observations: tuple[Observation, ...]
    """Most telling first."""
    table: tuple[tuple[str, ...], ...] = ()
    """Details as text, header row first."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """A check; a file `audit/robustness/checks/<name>.py` ends in `CHECK = Check(...)`."""

    name: str
    label: str
    find: Callable[[Evidence, Setting], Finding]
    needs: tuple[Need, ...]
    promises: tuple[str, ...]
    """Ids of observations that are there whatever happens: undefined, with the reason, where the check is not run."""
    clustered: bool = False
    """Whether it only counts, or its intervals and tests allow for rows that come in clusters. The report says of the
    others that they take rows as independent."""
    description: str = ""
    source: str = ""
