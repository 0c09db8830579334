"""From a spec to the record of its audit: the product in one straight line."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from audit.measurements import Listener, Measurements, collect
from audit.plan import Intent, intent_of, opened_plan
from audit.policy.case import Case
from audit.policy.conclude import conclude
from audit.policy.judge import judge
from audit.policy.record import pack_records, statement_warnings
from audit.records.audit import AuditRecord
from audit.records.plan import Plan
from audit.records.provenance import FileDigest, Provenance, Run
from audit.records.sections import (
    AttributionSection,
    EfficiencySection,
    FairnessSection,
    PerformanceSection,
    RobustnessSection,
    SubjectSection,
)
from audit.records.spec import AuditSpec
from audit.resources import templates_digest
from audit.subject.sandbox.launch import events_of

if TYPE_CHECKING:
    from audit.spec.read import ReadSpec


def run(read: ReadSpec, *, today: datetime.date, listener: Listener, run: Run | None = None) -> AuditRecord:
    """Audit what a spec names.

    Parameters
    ----------
    read : ReadSpec
        The spec with its folder.
    today : date
        The audit's date: it decides which attestations and waivers are valid, and is the only date that is printed.
    listener : Listener
        Told of progress and warnings as they come.
    run : Run, optional
        What the caller knows of this run (clock, host, command); durations and memory are added to it.

    Raises
    ------
    AuditError
        The audit could not be done; see the subclasses in `audit.errors`.
    """
    intent = intent_of(read)
    with opened_plan(intent) as plan:
        measurements = collect(events_of(plan), read.spec, listener)
    return _record(intent, plan, measurements, today, run or Run()).sealed()


def _record(intent: Intent, plan: Plan, measurements: Measurements, today: datetime.date, run: Run) -> AuditRecord:
    sections = measurements.sections
    case = Case(
        spec=plan.spec,
        subject=SubjectSection.model_validate(sections["subject"]),
        observations=measurements.observations,
        stages=measurements.stages,
        today=today,
        fairness=FairnessSection.model_validate(sections["fairness"]) if "fairness" in sections else None,
        statements=intent.statements,
        frozen_on=intent.lock.frozen_on if intent.lock else None,
    )
    verdicts = judge(intent.packs, case)
    packs = pack_records(intent.packs, case, verdicts)
    return AuditRecord(
        spec=case.spec,
        provenance=_provenance(intent, plan, measurements, today),
        subject=case.subject,
        performance=PerformanceSection.model_validate(sections["performance"]) if "performance" in sections else None,
        fairness=case.fairness,
        attribution=AttributionSection.model_validate(sections["attribution"]) if "attribution" in sections else None,
        robustness=RobustnessSection.model_validate(sections["robustness"]) if "robustness" in sections else None,
        efficiency=EfficiencySection.model_validate(sections["efficiency"]) if "efficiency" in sections else None,
        stages=case.stages,
        warnings=(*measurements.warnings, *statement_warnings(intent.packs, case, packs)),
        observations=case.observations,
        packs=packs,
        verdicts=verdicts,
        conclusion=conclude(verdicts, case.stages),
        run=run.model_copy(
            update={
                "durations": measurements.last_words.durations,
                "peak_memory": measurements.last_words.peak_memory,
                "latency": measurements.last_words.latency,
                "costs": measurements.last_words.costs,
            }
        ),
    )


def _trusted(spec: AuditSpec) -> tuple[str, ...]:
    named = (*spec.model.trust, *(spec.challenger.trust if spec.challenger else ()))
    return tuple(dict.fromkeys(named))


def _provenance(intent: Intent, plan: Plan, measurements: Measurements, today: datetime.date) -> Provenance:
    read = intent.read
    inputs = (
        FileDigest(role=i.role, name=i.path.replace("\\", "/").rsplit("/", 1)[-1], sha256=i.sha256, size=i.size)
        for i in plan.inputs
    )
    return Provenance(
        files=(
            FileDigest(role="spec", name=read.name, sha256=read.sha256, size=read.size),
            *inputs,
            *(digest for pack in intent.packs for digest in (pack.digest, *pack.imported)),
            *intent.statements.digests,
            *((intent.lock.digest,) if intent.lock else ()),
            templates_digest(),
        ),
        versions=measurements.last_words.versions,
        seed=plan.spec.seed,
        sandbox=measurements.last_words.sandbox,
        trust=_trusted(plan.spec),
        overrides=dict(read.overrides),
        date=today.isoformat(),
    )
