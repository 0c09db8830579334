"""The one answer of an audit, from its verdicts and from how its stages ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from audit.policy.outcomes import GRAVEST_FIRST, SETTLED
from audit.policy.phrases import listed, plural
from audit.records.sections import StageStatus
from audit.records.verdict import Conclusion, Outcome, Verdict

Answer = Literal["meets", "does_not_meet", "inconclusive", "incomplete"]


def conclude(verdicts: Sequence[Verdict], stages: Sequence[StageStatus]) -> Conclusion:
    """Conclude: a failure outweighs doubt, doubt outweighs a gap, and without a judged gate nothing is met.

    Screens and records are findings and never set the exit code.
    """
    gates = [verdict for verdict in verdicts if verdict.kind == "gate"]
    covered = [gate for gate in gates if gate.waived]
    broken = [stage for stage in stages if stage.status == "error"]
    answer = _answer([_standing(gate) for gate in gates], bool(broken))
    waivers = sum(part.outcome == "fail" for gate in covered for part in gate.parts)
    return Conclusion(
        outcome=answer,
        exit_code=_EXIT_CODES[answer],
        sentence=_sentence(answer, verdicts, broken, waivers),
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
    if not gate.waived:
        return gate.outcome
    others: list[Outcome] = [part.outcome for part in gate.parts if part.outcome != "fail"]
    return min([*(o for o in others if o not in SETTLED), "pass"], key=GRAVEST_FIRST.index)


def _sentence(answer: Answer, verdicts: Sequence[Verdict], broken: Sequence[StageStatus], waivers: int) -> str:
    applied = [verdict for verdict in verdicts if verdict.kind == "gate" and verdict.outcome != "not_applicable"]
    deciding = [gate for gate in applied if _standing(gate) in _DECIDING[answer]]
    share = f"{len(deciding)} of {plural(len(applied), 'gate')}"
    match answer:
        case "does_not_meet":
            text = f"{share} failed: {_names(deciding)}"
        case "inconclusive":
            text = f"{share} could not be settled on these rows, and more rows may settle them: {_names(deciding)}"
        case "incomplete" if not applied:
            text = "No gate was judged, so nothing can be said to be met; choose a policy with gates that apply"
        case "incomplete" if deciding:
            text = f"{share} could not be judged. To complete the audit, {_mends(deciding)}"
        case "incomplete":
            text = f"{plural(len(applied), 'gate')} held, but part of the audit did not finish"
        case "meets" if waivers:
            failed = sum(gate.outcome == "fail" for gate in applied)
            text = (
                f"{plural(len(applied), 'gate')} judged: {len(applied) - failed} met on this evidence, {failed} failed"
            )
        case "meets":
            text = f"{plural(len(applied), 'gate')} judged and all met on this evidence"
    return f"{text}{_beside(answer, applied, verdicts, broken, waivers)}."


def _beside(
    answer: Answer,
    applied: Sequence[Verdict],
    verdicts: Sequence[Verdict],
    broken: Sequence[StageStatus],
    waivers: int,
) -> str:
    """Return what a reader of the conclusion has to know beside what decided it."""
    told = f", with {plural(waivers, 'waiver')}" if waivers else ""
    met = sum(_standing(gate) in SETTLED for gate in applied)
    told += f". {plural(met, 'gate')} met on this evidence" if met and answer != "meets" and not waivers else ""
    told += (
        f". In error: {listed([stage.stage for stage in broken])}; mend that and run the audit again" if broken else ""
    )
    screens = sum(verdict.kind == "screen" for verdict in _findings(verdicts))
    told += f". {plural(screens, 'screen')} raised findings, which do not block" if screens else ""
    return told


def _names(gates: Sequence[Verdict]) -> str:
    return listed([f"{gate.title} ({gate.control})" for gate in gates])


def _mends(gates: Sequence[Verdict]) -> str:
    """Return what would complete gates that could not be judged, as requests."""
    by_outcome = {outcome: [gate for gate in gates if gate.outcome == outcome] for outcome in _MENDS}
    return "; ".join(_MENDS[outcome].format(_names(found)) for outcome, found in by_outcome.items() if found)


_MENDS: dict[Outcome, str] = {
    "attestation_missing": "get a signed statement (attestation) on {}",
    "attestation_expired": "get the signed statement renewed on {}",
    "not_run": "supply what is missing for {}",
    "error": "mend the error in {}",
    "fail": "settle the parts without a waiver of {}",
    "recorded": "supply enough rows for {}",
}
_DECIDING: dict[Answer, tuple[Outcome, ...]] = {
    "does_not_meet": ("fail",),
    "inconclusive": ("inconclusive",),
    "incomplete": ("error", "not_run", "attestation_expired", "attestation_missing", "recorded"),
    "meets": (),
}


def _findings(verdicts: Sequence[Verdict]) -> list[Verdict]:
    return [verdict for verdict in verdicts if verdict.outcome not in SETTLED]


def _gravity(verdict: Verdict) -> tuple[int, int, int]:
    severities = ("blocker", "major", "minor", "info")
    kinds = ("gate", "screen", "record")
    return kinds.index(verdict.kind), severities.index(verdict.severity), GRAVEST_FIRST.index(verdict.outcome)
