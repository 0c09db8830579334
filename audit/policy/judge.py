"""Holds what was measured, declared and stated against packs: a verdict for each control."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf
from typing import Any

from audit.policy import wording
from audit.policy.case import Case
from audit.policy.facts import Answer, answer, declared_as
from audit.policy.outcomes import GRAVEST_FIRST, joined
from audit.policy.pack import Control, Pack
from audit.policy.parts import attestation_part, measured_parts, small_groups
from audit.policy.phrases import listed
from audit.policy.read import ResolvedPack
from audit.policy.statements import statement_on, waived
from audit.records.verdict import Limit, Outcome, Part, Verdict


def judge(packs: Sequence[ResolvedPack], case: Case) -> tuple[Verdict, ...]:
    """Judge a case by packs, in their order.

    Nothing that is missing, undefined, in error or unknown ever becomes a pass; a waiver stands beside an outcome and
    never changes it.
    """
    return tuple(verdict for resolved in packs for verdict in _judged(resolved.pack, case))


def applicability(pack: Pack, case: Case) -> Answer:
    """Return whether a pack applies to this audit."""
    return answer(pack.applies_if, case.facts)


def unknown_facts(pack: Pack, case: Case, verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """Return the facts that a pack asks for and nobody declared."""
    whole = applicability(pack, case)
    if whole.holds is not True:
        return whole.unknown
    mine = {verdict.control: verdict.outcome for verdict in verdicts if verdict.pack == pack.name}
    facts = dict(case.facts)
    for control in pack.controls:
        facts |= _outcome_facts(control, mine[control.id], case) if control.id in mine else {}
    names = [name for control in pack.controls for name in answer(control.applies_if, facts).unknown]
    return tuple(dict.fromkeys(name for name in names if not name.startswith("control/")))


_JUDGED: tuple[Outcome, ...] = ("pass", "fail", "inconclusive")


def _judged(pack: Pack, case: Case) -> Iterator[Verdict]:
    """Yield verdicts in order; a control may ask how an earlier one of its pack came out."""
    whole = applicability(pack, case)
    facts: dict[str, Any] = dict(case.facts)
    for control in pack.controls:
        applies = answer(control.applies_if, facts) if whole.holds else whole
        verdict = _verdict(control, pack, applies, case)
        facts |= _outcome_facts(control, verdict.outcome, case)
        yield verdict


def _gravity(part: Part) -> tuple[int, float]:
    """Order parts by outcome, and those of one outcome by how far inside the limit they lie."""
    return GRAVEST_FIRST.index(part.outcome), inf if part.margin is None else part.margin


def _outcome_facts(control: Control, outcome: Outcome, case: Case) -> dict[str, Any]:
    """Return what later controls may ask: how one came out, and whether it met groups too small to be judged."""
    name = f"control/{control.id}"
    applied = outcome != "not_applicable"
    small = applied and control.measure is not None and small_groups(control, control.measure, case)
    told: dict[str, Any] = {name: outcome} if outcome in _JUDGED else {}
    # One that does not apply meets no group; one that could not be run leaves it open, unless a group is small.
    known = small or outcome in (*_JUDGED, "recorded", "not_applicable")
    return told | ({f"{name}/small": small} if known else {})


def _verdict(control: Control, pack: Pack, applies: Answer, case: Case) -> Verdict:
    match applies.holds:
        case True:
            parts = tuple(waived(part, control, pack, case) for part in _parts(control, pack, case))
            outcome = joined((part.outcome for part in parts), control.kind)
            reason = wording.summary(parts, min(parts, key=_gravity))
        case False:
            parts, outcome, reason = (), "not_applicable", f"Does not apply: {listed(applies.because)}."
        case None:
            parts, outcome, reason = (), "not_run", f"Cannot tell whether it applies: {_question(applies.unknown)}."
    return Verdict(
        pack=pack.name,
        control=control.id,
        title=control.title,
        kind=control.kind,
        mode=control.mode,
        severity=control.severity,
        limit=_limit(control),
        origin=control.limit.origin if control.limit else "none",
        citations=control.cites,
        outcome=outcome,
        reason=reason,
        rationale=control.rationale,
        parts=parts,
    )


def _parts(control: Control, pack: Pack, case: Case) -> Iterator[Part]:
    if control.measure is not None:
        yield from measured_parts(control, control.measure, case)
    if control.attestation is not None:
        stated = statement_on(control, control.attestation, pack, case)
        yield attestation_part(stated.outcome, control.id, stated.reason)


def _question(unknown: tuple[str, ...]) -> str:
    controls = dict.fromkeys(name.split("/")[1] for name in unknown if name.startswith("control/"))
    facts = [declared_as(name) for name in unknown if not name.startswith("control/")]
    open_facts = [f"declare {listed(facts)}"] if facts else []
    open_controls = [f"it depends on {listed(controls)}, which came to no judgement"] if controls else []
    return "; ".join(open_facts + open_controls)


def _limit(control: Control) -> Limit | None:
    if control.limit is None:
        return None
    limit = control.limit
    return Limit(op=limit.op, value=limit.value, origin=limit.origin, decide_on=limit.decide_on)
