"""The record of an audit: everything that a rendering prints and a reader can check."""

from __future__ import annotations

import hashlib
import json

from audit.records.base import Record
from audit.records.observation import Observation
from audit.records.policy import PackRecord
from audit.records.provenance import Provenance, Run
from audit.records.sections import (
    AttributionSection,
    EfficiencySection,
    FairnessSection,
    PerformanceSection,
    RobustnessSection,
    StageStatus,
    SubjectSection,
)
from audit.records.spec import AuditSpec
from audit.records.verdict import Conclusion, Verdict

SCHEMA_VERSION = "1.0"


class AuditRecord(Record):
    """The product: self-describing, versioned, and a function of spec, model, data and seed (except `run`)."""

    schema_version: str = SCHEMA_VERSION
    spec: AuditSpec
    provenance: Provenance
    subject: SubjectSection
    performance: PerformanceSection | None = None
    fairness: FairnessSection | None = None
    attribution: AttributionSection | None = None
    robustness: RobustnessSection | None = None
    efficiency: EfficiencySection | None = None
    stages: tuple[StageStatus, ...] = ()
    """Each stage and whether it was done, switched off, not run or in error, with the reason."""
    warnings: tuple[str, ...] = ()
    """What third-party code or the audit itself warned of, in order, without repeats."""
    observations: tuple[Observation, ...] = ()
    packs: tuple[PackRecord, ...] = ()
    """The packs as resolved, with their parameters."""
    verdicts: tuple[Verdict, ...] = ()
    conclusion: Conclusion
    run: Run = Run()
    digest: str | None = None
    """sha256 of the canonical JSON of everything but `run` and `digest` itself."""

    def core_digest(self) -> str:
        """Return the sha256 of the canonical JSON of the record without `run` and `digest`."""
        core = self.model_dump(mode="json", exclude={"run", "digest"})
        text = json.dumps(core, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def sealed(self) -> AuditRecord:
        """Return the same record with its digest filled in."""
        return self.model_copy(update={"digest": self.core_digest()})

    def observation(self, id: str) -> Observation | None:
        """Return the observation of that id, or None."""
        return next((o for o in self.observations if o.id == id), None)
