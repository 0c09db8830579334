"""Everything that packs are held against: what was measured, declared and stated."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from audit.policy.attestations import Statements
from audit.policy.facts import declared_facts, derived_facts, role_columns
from audit.records.observation import Observation
from audit.records.sections import FairnessSection, GroupingFacts, StageStatus, SubjectSection
from audit.records.spec import AuditSpec


@dataclass(frozen=True)
class Case:
    """One audit before it is judged."""

    spec: AuditSpec
    subject: SubjectSection
    observations: tuple[Observation, ...]
    stages: tuple[StageStatus, ...]
    today: date
    """The audit's date: it decides which statements are valid."""
    fairness: FairnessSection | None = None
    statements: Statements = field(default_factory=Statements)
    frozen_on: str | None = None
    """Date of the lock that the packs agree with."""

    @property
    def model_sha256(self) -> str | None:
        """Digest of the model; none where it is no file."""
        return self.subject.model.sha256

    @cached_property
    def by_id(self) -> dict[str, Observation]:
        """Observations by id, in order."""
        return {observation.id: observation for observation in self.observations}

    @cached_property
    def declared(self) -> dict[str, Any]:
        """What the spec's context states."""
        return declared_facts(self.spec.context)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """Declared facts, and those that the audit knows of itself; what is derived cannot be declared otherwise."""
        frozen = {} if self.frozen_on is None else {"limits_frozen_on": self.frozen_on}
        return self.declared | derived_facts(self.spec, self.subject, self.fairness) | frozen

    @cached_property
    def columns(self) -> dict[str, str]:
        """Role to column."""
        return role_columns(self.spec)

    def stage(self, name: str) -> StageStatus:
        """Return how a stage ended; one that nobody reported was not run."""
        absent = StageStatus(stage=name, status="not_run", reason="The stage was not run.")
        return next((stage for stage in self.stages if stage.stage == name), absent)

    def grouping(self, columns: tuple[str, ...]) -> GroupingFacts | None:
        """Return the grouping by these columns in any order."""
        groupings = self.fairness.groupings if self.fairness else ()
        return next((g for g in groupings if sorted(g.columns) == sorted(columns)), None)
