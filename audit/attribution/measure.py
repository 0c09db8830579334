"""Evidence to attributions: each method on the same rows, or the reason why it was not run."""

from __future__ import annotations

from typing import Literal

from audit import catalogue, guard
from audit.attribution.checked import checked
from audit.attribution.ground import ground_of
from audit.attribution.people.measure import nobody, people_of
from audit.declarations.attribution import Attributed, AttributionMethod, Ground, MethodNotRunError
from audit.errors import AuditError
from audit.records.observation import Observation
from audit.records.plan import Plan
from audit.records.sections import AttributionMethodFacts, AttributionSection
from audit.records.spec import AttributionSpec
from audit.subject.evidence import Evidence, Tell


def measure(evidence: Evidence, plan: Plan, tell: Tell) -> tuple[AttributionSection, tuple[Observation, ...]]:
    """Attribute the model's predictions by every method asked for.

    Returns
    -------
    AttributionSection
        One entry a method, in the order of the report.
    tuple of Observation
        `attribution/<method>/global/<feature>`, and how far the attributions can be trusted.
    """
    asked = plan.spec.attribution or AttributionSpec()
    methods = _methods(asked)
    model = evidence.subject.model
    if model is None:
        reason = "There is no model to ask: the audit rests on a table of predictions."
        not_run = tuple(_facts(method, "not_run", reason) for method in methods)
        people = nobody(asked, reason)
        return AttributionSection(methods=not_run, people=people, scope=evidence.headline.scope), ()
    ground = ground_of(evidence, model, plan.spec, asked)
    results = []
    for done, method in enumerate(methods):
        tell.progress(done, len(methods), method.label)
        results.append(_result(method, ground))
    tell.progress(len(methods), len(methods))
    checks, found = checked(evidence, ground, list(zip(methods, results, strict=True)), asked, tell)
    people, told = people_of(evidence, ground, plan.spec)
    section = AttributionSection(
        methods=tuple(r.facts for r in results),
        people=people,
        checks=checks,
        scope=ground.scope,
        notes=_notes(ground),
    )
    return section, (*(o for r in results for o in r.observations), *found, *told)


def _methods(asked: AttributionSpec) -> list[AttributionMethod]:
    named = catalogue.names("attributions") if asked.methods is None else asked.methods
    loaded: list[AttributionMethod] = [catalogue.load("attributions", name) for name in dict.fromkeys(named)]
    wanted = [method for method in loaded if method.default or asked.methods is not None]
    return sorted(wanted, key=lambda method: (method.order, method.name))


def _result(method: AttributionMethod, ground: Ground) -> Attributed:
    missing = sorted(method.needs - ground.model.capabilities)
    if missing:
        return _without(method, "not_run", f"It needs a model with: {', '.join(missing)}.")
    if method.needs_labels and ground.target is None:
        return _without(method, "not_run", "It needs true labels; the table has none.")
    result = guard.attempt(_attempted, method, ground)
    if isinstance(result, AuditError):
        return _without(method, "error", str(result))
    return result


def _attempted(method: AttributionMethod, ground: Ground) -> Attributed:
    try:
        return method.attribute(ground)
    except MethodNotRunError as reason:
        return _without(method, "not_run", str(reason))


def _without(method: AttributionMethod, status: Literal["not_run", "error"], reason: str) -> Attributed:
    return Attributed(facts=_facts(method, status, reason))


def _facts(method: AttributionMethod, status: Literal["not_run", "error"], reason: str) -> AttributionMethodFacts:
    return AttributionMethodFacts(name=method.name, label=method.label, status=status, reason=reason, game=method.game)


def _notes(ground: Ground) -> tuple[str, ...]:
    drawn = f"{ground.sampled} of {ground.available} rows, drawn at random"
    notes = [
        f"All methods start from {f'all {ground.available} rows' if ground.sampled == ground.available else drawn}."
    ]
    if ground.scope == "train":
        notes.append(
            "There is no held-out table: the model has seen these rows in fitting, so importances may flatter what it "
            "has memorised."
        )
    return tuple(notes)
