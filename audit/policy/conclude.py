"""The one answer of an audit, from its verdicts and from how its stages ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from audit.policy.outcomes import GRAVEST_FIRST, SETTLED
from audit.policy.wording import listed, plural
from audit.records.sections import StageStatus
from audit.records.verdict import Conclusion, Outcome, Verdict

Answer = Literal["meets", "does_not_meet", "inconclusive", "incomplete"]


def conclude(verdicts: Sequence[Verdict], stages: Sequence[StageStatus]) -> Conclusion:
    """Conclude: a failure outweighs doubt, doubt outweighs a gap, and without a judged gate nothing is met.

    Screens and records are findings and never set the exit code.
    """
    gates = [verdict for verdict in verdicts if verdict.kind == "gate"]
    covered = [gate for gate in gates if _covered(gate)]
    broken = [stage for stage in stages if stage.status == "error"]
    answer = _answer([_standing(gate) for gate in gates], bool(broken))
    waivers = sum(part.outcome == "fail" for gate in covered for part in gate.parts)
    return Conclusion(
        outcome=answer,
        exit_code=_EXIT_CODES[answer],
        sentence=_sentence(answer, gates, broken, waivers),
        waivers=waivers,
        gates=dict(sorted(Counter(gate.outcome for gate in gates).items())),
        findings=tuple(f"{verdict.pack}/{verdict.control}" for verdict in sorted(_findings(verdicts), key=_gravity)),
    )


_EXIT_CODES: dict[Answer, Literal[0, 1, 3]] = {"meets": 0, "does_not_meet": 1, "inconclusive": 3, "incomplete": 3}


def _answer(gates: Sequence[Outcome], broken: bool) -> Answer:
    if "fail" in gates:
        return "does_not_meet"
    if "inconclusive" in gates:
        return "inconclusive"
    judged = [outcome for outcome in gates if outcome != "not_applicable"]
    if broken or not judged or any(outcome not in ("pass", "attested") for outcome in judged):
        return "incomplete"
    return "meets"


def _standing(gate: Verdict) -> Outcome:
    """Return what a gate counts as: one whose every failing part is waived counts as its other parts do."""
    if not _covered(gate):
        return gate.outcome
    others: list[Outcome] = [part.outcome for part in gate.parts if part.outcome != "fail"]
    return min([*(o for o in others if o not in SETTLED), "pass"], key=GRAVEST_FIRST.index)


def _covered(gate: Verdict) -> bool:
    failing = [part for part in gate.parts if part.outcome == "fail"]
    return gate.outcome == "fail" and bool(failing) and all(part.waiver for part in failing)


def _sentence(answer: Answer, gates: Sequence[Verdict], broken: Sequence[StageStatus], waivers: int) -> str:
    deciding = [gate for gate in gates if _standing(gate) in _DECIDING[answer]]
    names = listed([f"{gate.control} ({gate.title})" for gate in deciding]) if deciding else ""
    applied = [gate for gate in gates if gate.outcome != "not_applicable"]
    match answer:
        case "does_not_meet":
            text = f"{_share(deciding, applied)} failed: {names}"
        case "inconclusive":
            text = f"{_share(deciding, applied)} could not be settled on these rows: {names}"
        case "incomplete" if not applied:
            text = "No gate was judged, so nothing can be said to be met"
        case "incomplete" if deciding:
            text = f"{_share(deciding, applied)} could not be judged: {names}"
        case "incomplete":
            text = f"{plural(len(applied), 'gate')} held, but part of the audit did not finish"
        case "meets" if waivers:
            failed = sum(gate.outcome == "fail" for gate in applied)
            met = len(applied) - failed
            text = f"{plural(len(applied), 'gate')} judged: {met} met on this evidence and {failed} failed"
        case "meets":
            text = f"{plural(len(applied), 'gate')} judged and all met on this evidence"
    waived = f", with {plural(waivers, 'waiver')}" if waivers else ""
    broke = f"; in error: {listed([stage.stage for stage in broken])}" if broken else ""
    return f"{text}{waived}{broke}."


_DECIDING: dict[Answer, tuple[Outcome, ...]] = {
    "does_not_meet": ("fail",),
    "inconclusive": ("inconclusive",),
    "incomplete": ("error", "not_run", "attestation_expired", "attestation_missing", "recorded"),
    "meets": (),
}


def _share(deciding: Sequence[Verdict], applied: Sequence[Verdict]) -> str:
    return f"{len(deciding)} of {plural(len(applied), 'gate')}"


def _findings(verdicts: Sequence[Verdict]) -> list[Verdict]:
    return [verdict for verdict in verdicts if verdict.outcome not in SETTLED]


def _gravity(verdict: Verdict) -> tuple[int, int, int]:
    severities = ("blocker", "major", "minor", "info")
    kinds = ("gate", "screen", "record")
    return kinds.index(verdict.kind), severities.index(verdict.severity), GRAVEST_FIRST.index(verdict.outcome)
