"""Turns evidence into what the checks found, or why a check was not run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from audit.catalogue import load_all
from audit.declarations.check import Check, CheckNotRunError, Finding, Need, Setting
from audit.errors import AuditError
from audit.estimation.seeds import child_seed
from audit.guard import attempt
from audit.records.measured import Undefined
from audit.records.observation import Observation
from audit.records.plan import Plan
from audit.records.sections import CheckFacts, RobustnessSection
from audit.records.spec import IntervalSpec, PerformanceSpec, RobustnessSpec, asked
from audit.subject.evidence import Evidence, Tell


def measure(evidence: Evidence, plan: Plan, tell: Tell) -> tuple[RobustnessSection, tuple[Observation, ...]]:
    """Run every check that the spec or a pack wants.

    Returns
    -------
    section : RobustnessSection
        What each check found, or why it was not run.
    observations : tuple of Observation
        `robustness/<measure>[/<feature>]`; what a check promises is there, undefined where it was not run.
    """
    checks = _wanted(plan)
    facts: list[CheckFacts] = []
    observations: list[Observation] = []
    for done, check in enumerate(checks):
        tell.progress(done, len(checks), check.label)
        fact, found = _run(check, evidence, plan)
        facts.append(fact)
        observations += found
    tell.progress(len(checks), len(checks))
    notes = _of_clusters(checks, facts, evidence)
    return RobustnessSection(checks=tuple(facts), notes=notes), tuple(observations)


def lacking(needs: Iterable[Need], evidence: Evidence) -> str:
    """Return what is missing for a check, as a sentence; empty where nothing is."""
    subject = evidence.subject
    tables = [table for table in (subject.test, subject.train, subject.reference) if table is not None]
    there: dict[Need, tuple[bool, str]] = {
        "train": (subject.train is not None, "There is no training table (data.train)."),
        "test": (subject.test is not None, "There is no held-out table (data.test)."),
        "baseline": (
            subject.reference is not None or subject.train is not None,
            "There is no table to compare with (data.reference or data.train).",
        ),
        "features": (any(t.features.shape[1] for t in tables), "The tables hold no columns that a model reads."),
        "target": (any(t.target is not None for t in tables), "The tables hold no true labels (data.target)."),
        "predictions": (
            evidence.headline.predictions.score is not None or evidence.headline.predictions.label is not None,
            "There are no predictions.",
        ),
        "model": (
            subject.model is not None and subject.predictions is not None,
            "There is no model to ask: the audit rests on a table of predictions.",
        ),
    }
    return " ".join(reason for need in needs for held, reason in [there[need]] if not held)


def _of_clusters(checks: Iterable[Check], facts: Iterable[CheckFacts], evidence: Evidence) -> tuple[str, ...]:
    """Say which checks take rows as independent, where they come in clusters."""
    if evidence.headline.table.cluster is None:
        return ()
    done = {fact.name for fact in facts if fact.status == "done"}
    named = [check.label for check in checks if not check.clustered and check.name in done]
    text = (
        "Rows come in clusters, and these checks take them as independent: where rows of one cluster are alike, their "
        "intervals are too narrow and their p-values too small: "
    )
    return (f"{text}{'; '.join(named)}.",) if named else ()


def _wanted(plan: Plan) -> tuple[Check, ...]:
    checks: dict[str, Check] = load_all("checks")
    named = plan.spec.robustness.checks if isinstance(plan.spec.robustness, RobustnessSpec) else None
    asked = {f"robustness/{r.measure}" for r in plan.requests if r.stage == "robustness"}
    return tuple(c for n, c in checks.items() if named is None or n in named or asked.intersection(c.promises))


def _run(check: Check, evidence: Evidence, plan: Plan) -> tuple[CheckFacts, tuple[Observation, ...]]:
    missing = lacking(check.needs, evidence)
    found = CheckNotRunError(missing) if missing else attempt(_found, check, evidence, _setting(check, plan))
    match found:
        case Finding():
            return _done(check, found), found.observations
        case CheckNotRunError():
            return _without(check, "not_run", str(found))
        case AuditError():
            return _without(check, "error", str(found))


def _setting(check: Check, plan: Plan) -> Setting:
    spec = plan.spec
    interval = spec.performance.interval if spec.performance else IntervalSpec()
    return Setting(
        level=interval.level,
        seed=child_seed(spec.seed, f"robustness/{check.name}"),
        budget=(spec.robustness or RobustnessSpec()).budget,
        metrics=_named(spec.performance),
    )


def _named(performance: PerformanceSpec | Literal[False]) -> tuple[str, ...] | None:
    named = asked(performance.metrics) if performance else None
    return None if named is None else tuple(dict.fromkeys(metric.metric for metric in named))


def _found(check: Check, evidence: Evidence, setting: Setting) -> Finding | CheckNotRunError:
    try:
        return check.find(evidence, setting)
    except CheckNotRunError as reason:
        return reason


def _done(check: Check, found: Finding) -> CheckFacts:
    return CheckFacts(
        name=check.name,
        label=check.label,
        status="done",
        summary=found.summary,
        observations=tuple(observation.id for observation in found.observations),
        table=found.table,
    )


def _without(
    check: Check, status: Literal["not_run", "error"], reason: str
) -> tuple[CheckFacts, tuple[Observation, ...]]:
    facts = CheckFacts(name=check.name, label=check.label, status=status, reason=reason)
    lacking = Undefined(reason=reason)
    return facts, tuple(Observation(id=id, label=check.label, measured=lacking) for id in check.promises)
