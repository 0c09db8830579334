"""The conclusion over every combination of outcomes, against the rules of the design written out once more."""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import get_args

import pytest

from audit.policy.conclude import conclude
from audit.records.sections import StageStatus
from audit.records.verdict import Outcome, Part, Verdict

OUTCOMES = get_args(Outcome)
CODES = {"meets": 0, "does_not_meet": 1, "inconclusive": 3, "incomplete": 3}


def gate(outcome: str, *parts: Part, kind: str = "gate") -> Verdict:
    return Verdict.model_validate(
        {"pack": "p@1.0.0", "control": "G", "title": "Gate", "kind": kind, "mode": "automated", "severity": "major",
         "outcome": outcome, "reason": "Because.", "parts": parts}
    )  # fmt: skip


def expected(outcomes: tuple[str, ...], broken: bool) -> str:
    """The design's sentences, one a line."""
    if any(outcome == "fail" for outcome in outcomes):
        return "does_not_meet"
    if any(outcome == "inconclusive" for outcome in outcomes):
        return "inconclusive"
    gaps = {"not_run", "error", "attestation_missing", "attestation_expired", "recorded"}
    if broken or gaps & set(outcomes):
        return "incomplete"
    if not {"pass", "attested"} & set(outcomes):
        return "incomplete"  # no gate judged at all
    return "meets"


@pytest.mark.parametrize("size", [0, 1, 2, 3])
@pytest.mark.parametrize("broken", [False, True])
def test_every_combination_of_gates(size, broken):
    stages = (StageStatus(stage="performance", status="error" if broken else "done"),)
    for outcomes in combinations_with_replacement(OUTCOMES, size):
        conclusion = conclude([gate(outcome) for outcome in outcomes], stages)
        assert conclusion.outcome == expected(outcomes, broken), outcomes
        assert conclusion.exit_code == CODES[conclusion.outcome]
        assert conclusion.sentence.endswith(".")
        assert sum(conclusion.gates.values()) == size


def test_the_known_bad_rule_that_counts_only_failures_would_be_caught():
    naive = {
        outcomes: "does_not_meet" if "fail" in outcomes else "meets"
        for outcomes in combinations_with_replacement(OUTCOMES, 2)
    }
    assert any(answer != expected(outcomes, False) for outcomes, answer in naive.items())


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("kind", ["screen", "record"])
def test_a_screen_or_a_record_never_sets_the_code_and_is_named_as_a_finding(kind, outcome):
    conclusion = conclude([gate("pass"), gate(outcome, kind=kind)], ())
    assert conclusion.outcome == "meets"
    settled = outcome in ("pass", "recorded", "attested", "not_applicable")
    assert conclusion.findings == (() if settled else ("p@1.0.0/G",))


@pytest.mark.parametrize("kind", ["screen", "record"])
def test_screens_and_records_alone_meet_nothing(kind):
    assert conclude([gate("pass", kind=kind)], ()).outcome == "incomplete"


def part(outcome: str, waiver: str | None = None) -> Part:
    return Part.model_validate({"observation": "x", "outcome": outcome, "waiver": waiver})


@pytest.mark.parametrize(
    ("parts", "answer", "waivers"),
    [
        ([("fail", "T-1")], "meets", 1),
        ([("fail", "T-1"), ("fail", "T-2"), ("pass", None)], "meets", 2),
        ([("fail", "T-1"), ("fail", None)], "does_not_meet", 0),
        ([("fail", None)], "does_not_meet", 0),
        ([("fail", "T-1"), ("inconclusive", None)], "inconclusive", 1),
        ([("fail", "T-1"), ("inconclusive", "T-2")], "inconclusive", 1),
        ([("fail", "T-1"), ("not_run", None)], "incomplete", 1),
        ([("fail", "T-1"), ("error", None)], "incomplete", 1),
    ],
)
def test_a_waiver_covers_only_what_failed(parts, answer, waivers):
    conclusion = conclude([gate("fail", *(part(*p) for p in parts))], ())
    assert (conclusion.outcome, conclusion.waivers) == (answer, waivers)
    assert ("waiver" in conclusion.sentence) is bool(waivers)
    assert conclusion.gates == {"fail": 1}


def test_findings_stand_gravest_first():
    screen = gate("fail", kind="screen").model_copy(update={"control": "S"})
    doubt = gate("inconclusive").model_copy(update={"control": "D"})
    failed = gate("fail").model_copy(update={"control": "F"})
    assert conclude([screen, doubt, failed], ()).findings == ("p@1.0.0/F", "p@1.0.0/D", "p@1.0.0/S")


def test_an_incomplete_audit_says_what_would_complete_it():
    unsigned = gate("attestation_missing").model_copy(update={"control": "A", "title": "It was reviewed"})
    unmeasured = gate("not_run").model_copy(update={"control": "N", "title": "Better than a dummy"})
    screen = gate("fail", kind="screen")
    assert conclude([gate("pass"), unsigned, unmeasured, screen], ()).sentence == (
        "2 of 3 gates could not be judged. To complete the audit, get a signed statement (attestation) on It was "
        "reviewed (A); supply what is missing for Better than a dummy (N). 1 gate met on this evidence. "
        "1 screen raised findings, which do not block."
    )
