"""What attestations and waivers count for, and until when."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from audit.errors import PolicyError
from audit.policy.attestations import Attestation, Statements, Waiver, read_statements
from audit.policy.conclude import conclude
from audit.policy.judge import judge
from audit.policy.record import pack_records, statement_warnings
from audit.records.spec import AuditSpec

SHARED = Path(__file__).parents[2].parent / "shared" / "docs"


def waiver(**changes) -> Waiver:
    base = {
        "control": "C-1",
        "pack": "house@1.0.0",
        "scope": {"model": "ranker", "model_version": "3.*"},
        "reason": "A re-test is due.",
        "requested_by": "j.doe",
        "approved_by": "a.smith",
        "approver_role": "head_of_risk",
        "approved_on": "2026-11-20",
        "expires_on": "2027-02-17",
        "ticket": "RISK-1",
    }
    return Waiver.model_validate({**base, **changes})


WAIVABLE = {"waivable": {"allowed": True, "approver_role": "head_of_risk", "max_duration": "P90D"}}


def concluded(pack, a, *waivers, today=None, waivable=WAIVABLE, version="3.1"):
    house = pack(a.control(**waivable))
    case = a.case(
        a.estimate("performance/accuracy", 0.7, 0.6, 0.75),
        statements=Statements(waivers=waivers),
        spec={"context": {"version": version}},
        today=today or a.TODAY,
    )
    verdicts = judge((house,), case)
    records = pack_records((house,), case, verdicts)
    return verdicts[0], conclude(verdicts, case.stages), records[0], statement_warnings((house,), case, records)


def test_a_valid_waiver_stands_beside_a_failure_and_does_not_change_it(pack, a):
    verdict, conclusion, record, warnings = concluded(pack, a, waiver())
    assert (verdict.outcome, verdict.parts[0].waiver) == ("fail", "RISK-1")
    assert (conclusion.outcome, conclusion.exit_code, conclusion.waivers) == ("meets", 0, 1)
    assert (record.waivers[0].used, record.waivers[0].valid) == (True, True)
    assert warnings == ()


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"expires_on": "2026-11-21"}, "it expired on 2026-11-21"),
        ({"approved_on": "2026-11-23"}, "after the audit"),
        ({"approver_role": "intern"}, "only a head of risk can approve it"),
        ({"approved_by": " J.Doe"}, "the one who asked for it approved it"),
        ({"expires_on": "2027-02-19"}, "it runs longer than P90D"),
        ({"scope": {"model": "another"}}, "it is about the model another"),
        ({"scope": {"model": "ranker", "model_version": "2.*"}}, "it is about version 2.*"),
        ({"pack": "house@0.9.0"}, "it is about house@0.9.0"),
    ],
)
def test_a_waiver_that_does_not_count_says_why(changes, note, pack, a):
    verdict, conclusion, record, warnings = concluded(pack, a, waiver(**changes))
    assert verdict.parts[0].waiver is None
    assert (conclusion.outcome, conclusion.exit_code) == ("does_not_meet", 1)
    assert note in record.waivers[0].note
    assert note in warnings[0]


def test_a_waiver_counts_on_its_last_day_and_not_on_the_next(pack, a):
    assert concluded(pack, a, waiver(), today=date(2027, 2, 17))[1].exit_code == 0
    assert concluded(pack, a, waiver(), today=date(2027, 2, 18))[1].exit_code == 1


def test_a_control_that_allows_no_waiver_has_none(pack, a):
    _, conclusion, record, _ = concluded(pack, a, waiver(), waivable={})
    assert conclusion.exit_code == 1
    assert "the pack allows no waiver" in record.waivers[0].note


def test_a_waiver_that_nothing_needed_and_one_of_an_unknown_control_are_warned_of(pack, a):
    house = pack(a.control(**WAIVABLE))
    case = a.case(
        a.estimate("performance/accuracy", 0.9, 0.85, 0.95),
        statements=Statements(waivers=(waiver(), waiver(control="C-2"))),
        spec={"context": {"version": "3.1"}},
    )
    verdicts = judge((house,), case)
    warnings = statement_warnings((house,), case, pack_records((house,), case, verdicts))
    assert len(warnings) == 2
    assert "house@1.0.0/C-2, which no pack of this audit has" in warnings[0]
    assert "Nothing that it covers failed" in warnings[1]


def test_a_waiver_of_a_group_covers_that_group_alone(pack, a):
    measure = {"metric": "selection_rate", "group_by": [["race_ethnicity"]]}
    house = pack(a.control(measure=measure, **WAIVABLE))
    scope = {"model": "ranker", "groups": ({"race_ethnicity": "Asian & Pacific"},)}
    groups = a.grouping("race", "Asian %26 Pacific", "White")
    case = a.case(
        *(a.estimate(f"fairness/selection_rate/{g.key}", 0.5, 0.4, 0.6) for g in groups.groups),
        groupings=(groups,),
        statements=Statements(waivers=(waiver(scope=scope),)),
        spec={"sensitive": {"features": ["race"], "roles": {"race": "race_ethnicity"}}, "context": {"version": "3.1"}},
    )
    verdict = judge((house,), case)[0]
    assert [part.waiver for part in verdict.parts] == ["RISK-1", None]
    assert conclude([verdict], case.stages).outcome == "does_not_meet"


def attestation(a, **changes) -> Attestation:
    base = {"control": "A-1", "pack": "house", "answer": "yes", "person": "Ann", "role": "reviewer",
            "signed_on": "2026-11-01",
            "model_sha256": a.SHA}  # fmt: skip
    return Attestation.model_validate({**base, **changes})


def outcome(pack, a, question, *attestations, today=None):
    house = pack(a.attested(attestation={"question": "Was it reviewed?", "role": "reviewer", **question}))
    verdict = judge((house,), a.case(statements=Statements(attestations=attestations), today=today or a.TODAY))[0]
    return verdict.outcome


YES = {"answers": ["yes", "no"], "valid_for": "P1Y"}


@pytest.mark.parametrize(
    ("question", "changes", "expected"),
    [
        (YES, {}, "attested"),
        (YES, {"answer": "no"}, "fail"),
        (YES, {"answer": "perhaps"}, "attestation_missing"),
        ({}, {"answer": "It was."}, "attested"),
        (YES, {"role": "owner"}, "attestation_missing"),
        (YES, {"signed_on": "2025-11-21"}, "attestation_expired"),
        (YES, {"signed_on": "2025-11-22"}, "attested"),
        (YES, {"valid_for": "P10D"}, "attestation_expired"),
        ({}, {"valid_for": "P10D"}, "attestation_expired"),
        (YES, {"valid_for": "P5Y", "signed_on": "2025-11-21"}, "attestation_expired"),
        (YES, {"signed_on": "2026-11-23"}, "attestation_missing"),
        (YES, {"model_sha256": "b" * 64}, "attestation_missing"),
        (YES, {"model_sha256": None}, "attestation_missing"),
        (YES, {"pack": "house@0.9.0"}, "attestation_missing"),
        ({"second_role": "owner"}, {}, "attestation_missing"),
        ({"second_role": "owner"}, {"second_role": "owner", "second_person": "Ann"}, "attestation_missing"),
        ({"second_role": "owner"}, {"second_role": "owner", "second_person": "Bob"}, "attested"),
        ({"independent": True}, {}, "attestation_missing"),
        ({"independent": True}, {"independent": True}, "attested"),
        ({"evidence_required": True}, {}, "attestation_missing"),
        ({"evidence_required": True}, {"evidence": [{"document": "a.pdf", "sha256": "c" * 64}]}, "attested"),
    ],
)
def test_what_an_attestation_counts_for(question, changes, expected, pack, a):
    signed = Attestation.model_validate_json(json.dumps({**attestation(a).model_dump(mode="json"), **changes}))
    assert outcome(pack, a, question, signed) == expected


def test_where_two_people_disagree_the_refusal_counts(pack, a):
    assert outcome(pack, a, YES, attestation(a), attestation(a, person="Bob", answer="no")) == "fail"


def test_a_newer_statement_outweighs_an_expired_one(pack, a):
    assert outcome(pack, a, YES, attestation(a, signed_on="2020-01-01"), attestation(a)) == "attested"


def spec(**files) -> AuditSpec:
    return AuditSpec.model_validate({"model": {"path": "m"}, "data": {"test": "t"}, **files})


def test_files_are_read_strictly_and_digested(tmp_path):
    (tmp_path / "w.yaml").write_text("schema: policy-waivers/1\nwaivers: []\n")
    found = read_statements(spec(waivers="w.yaml"), tmp_path)
    assert [(d.role, d.name, d.size) for d in found.digests] == [("waivers", "w.yaml", 37)]
    assert read_statements(spec(), tmp_path) == Statements()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("schema: policy-waivers/2\nwaivers: []\n", "w.yaml:1:1 schema"),
        ("schema: policy-waivers/1\nwaivers: [{control: C}]\n", "is missing"),
        ("schema: policy-waivers/1\nwaiver: []\n", "Did you mean 'waivers'?"),
        ("schema: policy-waivers/1\nwaivers: &a []\n", "anchor"),
        ("", "empty"),
    ],
)
def test_a_faulty_file_is_refused(text, message, tmp_path):
    (tmp_path / "w.yaml").write_text(text)
    with pytest.raises(PolicyError) as caught:
        read_statements(spec(waivers="w.yaml"), tmp_path)
    assert message in str(caught.value)


def test_a_missing_file_and_an_impossible_date_are_refused(tmp_path):
    with pytest.raises(PolicyError, match=r"none\.yaml: expected a file of waivers"):
        read_statements(spec(waivers="none.yaml"), tmp_path)
    (tmp_path / "a.yaml").write_text(
        "schema: policy-attestations/1\nattestations:\n"
        "- {control: C, pack: p, answer: y, person: a, role: r, signed_on: 2026-02-30}\n"
    )
    with pytest.raises(PolicyError, match="expected a date such as 2026-11-22, found '2026-02-30'"):
        read_statements(spec(attestations="a.yaml"), tmp_path)


@pytest.mark.skipif(not SHARED.exists(), reason="the example is not here")
def test_the_published_example_of_a_waiver_file_reads():
    found = read_statements(spec(waivers="example_waivers.yaml"), SHARED)
    assert [(w.control, w.expires_on, w.ticket) for w in found.waivers] == [
        ("LL144-HOUSE-80", "2027-02-18", "RISK-1182")
    ]
