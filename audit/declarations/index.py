"""What an index file declares: a measure of groups that is more than the gap between their values of one metric."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from audit.records.measured import Measured
from audit.records.sections import MeasureFacts

if TYPE_CHECKING:
    from audit.fairness.division import Division

Need = Literal["target", "label", "score", "selection", "strata"]
"""target: true labels; label: predicted ones; score: one number a row; selection: a label that is good for the person;
strata: columns named under fairness.strata."""


@dataclass(frozen=True, kw_only=True)
class Index:
    """A measure of groups; a file `audit/fairness/indices/<name>.py` ends in `INDEX = Index(...)`.

    Examples
    --------
    >>> from audit.records.measured import Exact
    >>> def rows(division):
    ...     return (Exact(value=len(division.codes), n=len(division.codes)),)
    >>> index = Index(name="rows", label="Rows", compute=rows, of="grouping")
    >>> index.of, index.compares
    ('grouping', False)
    """

    name: str
    label: str
    compute: Callable[[Division], tuple[Measured, ...]]
    """One value for each of `Division.groups`, in their order; where `of` is grouping, a single one."""
    of: Literal["group", "grouping"] = "group"
    """What each value is told of."""
    compares: bool = False
    """Whether each group is held against the reference group; such an index is told once for each reference."""
    needs: tuple[Need, ...] = ()
    metrics: tuple[str, ...] = ()
    """Metrics whose values by group it reads."""
    clustered: bool = False
    """Whether it holds where rows come in clusters: it only counts, or its interval or test allows for them. Otherwise
    it is not told of such rows."""
    equal: float | None = None
    """Its value where the groups do not differ; None where no single value says so."""
    higher_is_better: bool | None = None
    tasks: tuple[Literal["binary", "multiclass", "regression", "ranking_score"], ...] = ("binary",)
    bounds: tuple[float | None, float | None] = (None, None)
    description: str = ""
    formula: str = ""
    source: str = ""

    @property
    def facts(self) -> MeasureFacts:
        """What the record tells of it."""
        return MeasureFacts(
            name=self.name,
            label=self.label,
            higher_is_better=self.higher_is_better,
            bounds=self.bounds,
            description=self.description,
            formula=self.formula,
            source=self.source,
        )
