"""Methods and what they found to what became of them when they were audited themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from audit import catalogue, guard
from audit.attribution.again import FEWEST, SHARE
from audit.attribution.again import again as again_on
from audit.declarations.attribution import Attributed, AttributionMethod, Ground, MethodNotRunError
from audit.declarations.attribution_check import (
    AttributionCheck,
    AttributionCheckNotRunError,
    Audited,
    Done,
    Held,
)
from audit.errors import AuditError
from audit.estimation.seeds import child_seed
from audit.records.measured import Undefined
from audit.records.observation import Observation
from audit.records.sections import AttributionCheckFacts
from audit.records.spec import AttributionSpec
from audit.subject.evidence import Evidence, Tell

Methods = Sequence[tuple[AttributionMethod, Attributed]]
Checked = tuple[tuple[AttributionCheckFacts, ...], tuple[Observation, ...]]

_CELLS = 2_000
"""Rows times columns up to which a model is fitted anew without being asked to."""
_REFITS = 5


def checked(evidence: Evidence, ground: Ground, methods: Methods, asked: AttributionSpec, tell: Tell) -> Checked:
    """Audit the attributions.

    Returns
    -------
    tuple of AttributionCheckFacts
        One entry a check, in alphabetical order of its name.
    tuple of Observation
        `attribution/<method>/<measure>` of each check and each method; undefined, with the reason, where it was not
        measured.
    """
    ran = tuple(Done(method=m, attributed=a) for m, a in methods if a.facts.status == "done")
    if asked.checks is False or not ground.rows.shape[1]:
        return (), ()
    names = catalogue.names("attribution_checks") if asked.checks is None else sorted(dict.fromkeys(asked.checks))
    checks: list[AttributionCheck] = [catalogue.load("attribution_checks", name) for name in names]
    again = _runs(ground)
    facts: list[AttributionCheckFacts] = []
    observations: list[Observation] = []
    for i, check in enumerate(checks):
        tell.progress(i, len(checks), check.label)
        audited = Audited(
            evidence=evidence,
            ground=ground,
            done=tuple(done for done in ran if _told(done.attributed)),
            methods=ran,
            again=again,
            level=ground.level,
            seed=child_seed(ground.seed, f"checks/{check.name}"),
            budget=max(FEWEST, ground.budget // SHARE),
            refits=min(_REFITS, ground.refits),
        )
        fact, found = _run(check, audited, asked.checks is not None)
        facts.append(fact)
        observations += found
    return tuple(facts), tuple(observations)


def _told(attributed: Attributed) -> bool:
    return attributed.values is not None or attributed.importance is not None


def _runs(ground: Ground) -> Callable[[Done, str], Attributed]:
    # Several checks look at the same run: it is made once.
    made: dict[tuple[str, str], Attributed | MethodNotRunError] = {}

    def again(done: Done, name: str) -> Attributed:
        key = done.method.name, name
        if key not in made:
            made[key] = again_on(done, ground, name)
        found = made[key]
        if isinstance(found, MethodNotRunError):
            raise found
        return found

    return again


def _run(
    check: AttributionCheck, audited: Audited, named: bool
) -> tuple[AttributionCheckFacts, tuple[Observation, ...]]:
    reason = "" if named or not check.fits else _too_large(audited)
    if reason:
        return _without(check, audited, "not_run", reason)
    found = guard.attempt(_found, check, audited)
    match found:
        case Held():
            return _held(check, found), found.observations
        case AttributionCheckNotRunError():
            return _without(check, audited, "not_run", str(found))
        case AuditError():
            return _without(check, audited, "error", str(found))


def _found(check: AttributionCheck, audited: Audited) -> Held | AttributionCheckNotRunError:
    try:
        return check.find(audited)
    except AttributionCheckNotRunError as reason:
        return reason


def _too_large(audited: Audited) -> str:
    train = audited.evidence.subject.train
    cells = 0 if train is None else train.n * train.features.shape[1]
    if cells <= _CELLS:
        return ""
    return (
        f"It fits the model up to {audited.refits} times on a training table of {cells:,} cells, more than the "
        f"{_CELLS:,} up to which that is done unasked: name it under attribution.checks."
    )


def _held(check: AttributionCheck, held: Held) -> AttributionCheckFacts:
    return AttributionCheckFacts(
        name=check.name,
        label=check.label,
        status="done",
        summary=held.summary,
        convention=check.convention,
        measures=check.measures,
        observations=(*held.read, *(o.id for o in held.observations)),
        failures=dict(held.failures),
    )


def _without(
    check: AttributionCheck, audited: Audited, status: Literal["not_run", "error"], reason: str
) -> tuple[AttributionCheckFacts, tuple[Observation, ...]]:
    facts = AttributionCheckFacts(
        name=check.name,
        label=check.label,
        status=status,
        reason=reason,
        convention=check.convention,
        measures=check.measures,
    )
    missing = tuple(
        Observation(
            id=f"attribution/{done.method.name}/{measure}",
            label=f"{done.method.label}: {check.label}",
            measured=Undefined(reason=reason),
            scope=audited.ground.scope,
        )
        for done in audited.done
        for measure in check.measures
    )
    return facts, missing
