"""Every outcome of a control is reached, and says why."""

from __future__ import annotations

import re
from datetime import date

import pytest

from audit.policy.attestations import Attestation, Statements
from audit.policy.judge import judge
from audit.records.measured import Exact
from audit.records.observation import Observation


def judged(pack, case):
    return judge((pack,), case)[0]


def reached(a, pack):
    """One case for each outcome: a pack's control, a case, the outcome, and words of the reason."""
    good, bad, wide = (
        a.estimate("performance/accuracy", *e) for e in [(0.9, 0.85, 0.95), (0.7, 0.6, 0.79), (0.8, 0.7, 0.9)]
    )
    signed = Attestation(
        control="A-1",
        pack="house",
        answer="yes",
        person="Ann",
        role="reviewer",
        signed_on="2026-11-01",
        model_sha256=a.SHA,
    )
    old = signed.model_copy(update={"signed_on": "2025-11-01"})
    use = {"applies_if": {"fact": {"name": "use_case", "op": "eq", "value": "credit"}}}
    record = {"kind": "record", "limit": None, "min_sample": None}
    return {
        "pass": (a.control(), a.case(good), "interval 0.850 to 0.950, n = 100"),
        "fail": (a.control(), a.case(bad), "the whole interval misses the limit"),
        "inconclusive": (a.control(), a.case(wide), "the interval contains the limit"),
        "recorded": (a.control(**record), a.case(bad), "accuracy is 0.7"),
        "not_run": (a.control(), a.case(), "It was not measured"),
        "error": (a.control(), a.case(status={"performance": "error"}), "performance broke"),
        "not_applicable": (
            a.control(**use),
            a.case(spec={"context": {"use_case": "hiring"}}),
            "the use case is hiring",
        ),
        "attested": (a.attested(), a.case(statements=Statements(attestations=(signed,))), "Ann (reviewer)"),
        "attestation_expired": (
            a.attested(),
            a.case(statements=Statements(attestations=(old,))),
            "expired on 2026-11-01",
        ),
        "attestation_missing": (a.attested(), a.case(), "No reviewer has answered"),
    }


@pytest.mark.parametrize(
    "outcome",
    ["pass", "fail", "inconclusive", "recorded", "not_run", "error", "not_applicable", "attested",
     "attestation_expired",
     "attestation_missing"],
)  # fmt: skip
def test_every_outcome_is_reached_and_explained(outcome, pack, a):
    control, case, words = reached(a, pack)[outcome]
    verdict = judged(pack(control), case)
    assert verdict.outcome == outcome
    assert words in verdict.reason
    assert verdict.reason.endswith((".", "?"))
    assert verdict.pack == "house@1.0.0"


def test_a_reason_names_value_interval_limit_origin_and_n(pack, a):
    case = a.case(a.estimate("performance/accuracy", 0.79996, 0.71, 0.9, n=1234))
    assert judged(pack(a.control()), case).reason == (
        "accuracy is 0.79996 (95% interval 0.71000 to 0.90000, n = 1,234), against a limit of at least 0.8 "
        "(origin: house): the interval contains the limit, so these rows do not settle it; "
        "n of more than 1,000,000,000 would settle it, if the value stayed where it is."
    )


def test_the_margin_is_positive_on_the_passing_side(pack, a):
    limit = {"origin": "house", "op": "le", "value": 0.1, "decide_on": "point"}
    passing = judged(pack(a.control(limit=limit)), a.case(a.exact("performance/accuracy", 0.04)))
    failing = judged(pack(a.control()), a.case(a.exact("performance/accuracy", 0.7)))
    assert passing.parts[0].margin == pytest.approx(0.06)
    assert failing.parts[0].margin == pytest.approx(-0.1)


@pytest.mark.parametrize("decide_on", ["point", "ci_three_way", "ci_conservative", "ci_lenient"])
def test_an_undefined_measure_is_not_run_whatever_decides(decide_on, pack, a):
    limit = {"origin": "house", "op": "ge", "value": -1, "decide_on": decide_on}
    verdict = judged(pack(a.control(limit=limit)), a.case(a.undefined("performance/accuracy", "One class only.")))
    assert (verdict.outcome, "One class only." in verdict.reason) == ("not_run", True)


def test_a_stage_that_is_off_leaves_its_controls_not_run(pack, a):
    assert judged(pack(a.control()), a.case(status={"performance": "off"})).outcome == "not_run"


@pytest.mark.parametrize(
    ("below", "outcome"),
    [("inconclusive", "inconclusive"), ("pool", "inconclusive"), ("fail", "fail"), ("report_only", "not_run"),
     ("exclude_with_reason", "not_run")],
)  # fmt: skip
def test_a_sample_too_small_is_never_a_pass(below, outcome, pack, a):
    control = a.control(min_sample={"group_n": 30, "origin": "convention", "below": below})
    verdict = judged(pack(control), a.case(a.estimate("performance/accuracy", 0.99, 0.98, 1.0, n=29)))
    assert verdict.outcome == outcome
    assert "29 rows, fewer than 30 (origin: convention)" in verdict.parts[0].reason


GROUPS = {"kind": "screen", "measure": {"metric": "selection_rate", "group_by": [["sex"]]}}


def by_sex(a, **values):
    return tuple(a.estimate(f"fairness/selection_rate/sex={name}", v, v - 0.01, v + 0.01) for name, v in values.items())


def test_groups_are_judged_one_by_one_and_the_gravest_decides(pack, a):
    groups = a.grouping("sex", "female", "male", "x", "unknown", sizes={"x": 12, "unknown": 3})
    case = a.case(*by_sex(a, female=0.5, male=0.9, x=0.9, unknown=0.1), groupings=(groups,))
    verdict = judged(pack(a.control(**GROUPS)), case)
    assert [part.outcome for part in verdict.parts] == ["fail", "pass", "inconclusive", "not_applicable"]
    assert verdict.outcome == "fail"
    assert verdict.reason.endswith(
        "Of the 4 parts of this control, 1 failed, 1 is inconclusive, 1 passed and 1 is not judged."
    )
    assert "unknown for 3 rows: counted, not judged" in verdict.parts[3].reason


@pytest.mark.parametrize(
    ("policy", "outcome"), [("own_group", "fail"), ("error", "error"), ("count_and_exclude", "not_run")]
)
def test_what_happens_to_an_unknown_group_is_for_the_pack_to_say(policy, outcome, pack, a):
    measure = {**GROUPS["measure"], "unknown": policy}
    case = a.case(*by_sex(a, unknown=0.1), groupings=(a.grouping("sex", "unknown"),))
    assert judged(pack(a.control(**{**GROUPS, "measure": measure})), case).outcome == outcome


def test_roles_find_their_columns_and_a_role_without_a_column_is_named(pack, a):
    measure = {"metric": "selection_rate", "group_by": [["race_ethnicity"], ["sex"]]}
    observation = a.estimate("fairness/selection_rate/colour=Black", 0.9, 0.85, 0.95)
    spec = {"sensitive": {"features": ["colour"], "roles": {"colour": "race_ethnicity"}}}
    case = a.case(observation, groupings=(a.grouping("colour", "Black"),), spec=spec)
    parts = judged(pack(a.control(**{**GROUPS, "measure": measure})), case).parts
    assert [part.outcome for part in parts] == ["pass", "not_run"]
    assert "No column plays the role sex" in parts[1].reason


@pytest.mark.parametrize(
    ("aggregate", "kept"), [("each", ["female", "male"]), ("min", ["female"]), ("max", ["male"]), ("worst", ["female"])]
)
def test_an_aggregate_keeps_one_part_and_everything_without_a_number(aggregate, kept, pack, a):
    groups = a.grouping("sex", "female", "male", "x")
    measure = {**GROUPS["measure"], "aggregate": aggregate}
    case = a.case(*by_sex(a, female=0.5, male=0.9), a.undefined("fairness/selection_rate/sex=x"), groupings=(groups,))
    verdict = judged(pack(a.control(**{**GROUPS, "measure": measure})), case)
    assert [part.observation.rpartition("=")[2] for part in verdict.parts] == [*kept, "x"]


def test_a_wildcard_takes_every_id_of_one_level_and_finds_nothing_where_there_is_none(pack, a):
    control = a.control(
        measure={"metric": "robustness/psi/*"}, limit={"origin": "house", "op": "le", "value": 1, "decide_on": "point"}
    )
    case = a.case(
        a.exact("robustness/psi/age", 0.1), a.exact("robustness/psi/pay/deep", 9), a.exact("robustness/psi_max", 9)
    )
    assert [part.observation for part in judged(pack(control), case).parts] == ["robustness/psi/age"]
    assert judged(pack(control), a.case()).outcome == "not_run"


def test_holm_counts_the_groups_that_are_compared_and_not_the_reference(pack, a):
    limit = {"origin": "convention", "op": "ge", "value": 0.05, "decide_on": "p_value", "multiplicity": "holm"}
    measure = {"metric": "selection_rate_p_value", "group_by": [["sex"]], "reference": "highest_rate"}
    groups = a.grouping("sex", "female", "male", "x")
    observations = (
        a.exact("fairness/impact_ratio/sex=male", 1.0), a.exact("fairness/selection_rate_p_value/sex=male", 1.0),
        a.exact("fairness/selection_rate_p_value/sex=female", 0.03),
        a.exact("fairness/selection_rate_p_value/sex=x", 0.02),
    )  # fmt: skip
    case = a.case(*observations, groupings=(groups,))
    own = a.case(*observations, groupings=(groups.model_copy(update={"reference": "sex=male"}),))
    verdict = judged(pack(a.control(kind="screen", measure={**measure, "reference": "male"}, limit=limit)), own)
    assert [part.outcome for part in verdict.parts] == ["fail", "not_applicable", "fail"]
    assert "p = 0.04 after Holm's adjustment for 2 comparisons" in verdict.parts[2].reason
    verdict = judged(pack(a.control(kind="screen", measure=measure, limit=limit)), case)
    # The highest of three groups is picked from the rows: two p-values come of three pairs.
    assert [part.outcome for part in verdict.parts] == ["pass", "not_applicable", "pass"]
    assert "p = 0.06 after Holm's adjustment for 3 comparisons" in verdict.parts[2].reason
    assert "reference group" in verdict.parts[1].reason


def test_a_reference_of_the_specs_own_sends_the_control_to_the_ids_of_its_own_reference(pack, a):
    measure = {"metric": "impact_ratio", "group_by": [["sex"]], "reference": "highest_rate"}
    groups = a.grouping("sex", "female", "male").model_copy(update={"reference": "sex=female"})
    female = a.estimate("fairness/impact_ratio;reference=highest_rate/sex=female", 0.5, 0.4, 0.6)
    male = a.exact("fairness/impact_ratio;reference=highest_rate/sex=male", 1.0)
    case = a.case(female, male, groupings=(groups,))
    verdict = judged(pack(a.control(kind="screen", measure=measure)), case)
    assert [part.outcome for part in verdict.parts] == ["fail", "not_applicable"]


def test_a_companion_that_is_missing_or_undefined_stops_the_judgement(pack, a):
    limit = {"origin": "guidance", "op": "ge", "value": 0.8, "decide_on": "four_fifths", "alpha": 0.05,
             "and_test": {"p_value": "selection_rate_p_value", "reversal": "selection_reversal"}}  # fmt: skip
    control = a.control(kind="screen", measure={"metric": "impact_ratio", "group_by": [["sex"]]}, limit=limit)
    ratio = a.estimate("fairness/impact_ratio/sex=female", 0.9, 0.8, 1.0)
    p = a.exact("fairness/selection_rate_p_value/sex=female", 0.5)
    for observations in ((ratio,), (ratio, p), (ratio, p, a.undefined("fairness/selection_reversal/sex=female"))):
        case = a.case(*observations, groupings=(a.grouping("sex", "female"),))
        assert judged(pack(control), case).outcome == "not_run"


def test_an_unknown_fact_leaves_a_control_not_run_with_a_question(pack, a):
    use = {"applies_if": {"fact": {"name": "use_case", "op": "eq", "value": "credit"}}}
    verdict = judged(pack(a.control(**use)), a.case(a.estimate("performance/accuracy", 0.9, 0.85, 0.95)))
    assert verdict.outcome == "not_run"
    assert "declare context.use_case" in verdict.reason


def test_a_control_may_ask_how_an_earlier_one_came_out(pack, a):
    needs = {"applies_if": {"fact": {"name": "control/C-1", "op": "eq", "value": "fail"}}}
    both = pack(a.control(kind="screen"), a.attested(**needs))
    outcomes = {
        (0.7, 0.6, 0.75): "attestation_missing",
        (0.9, 0.85, 0.95): "not_applicable",
        (0.8, 0.7, 0.9): "not_applicable",
    }
    for values, expected in outcomes.items():
        assert judge((both,), a.case(a.estimate("performance/accuracy", *values)))[1].outcome == expected
    unanswered = judge((both,), a.case())[1]
    assert (unanswered.outcome, "depends on C-1" in unanswered.reason) == ("not_run", True)


def test_a_hybrid_control_needs_its_numbers_and_its_statement(pack, a):
    question = {"attestation": {"question": "Is it?", "role": "owner"}}
    control = a.control(mode="hybrid", **question)
    good = a.estimate("performance/accuracy", 0.9, 0.85, 0.95)
    signed = Attestation(
        control="C-1",
        pack="house@1.0.0",
        answer="It is.",
        person="Ann",
        role="owner",
        signed_on="2026-01-01",
        model_sha256=a.SHA,
    )
    assert judged(pack(control), a.case(good)).outcome == "attestation_missing"
    assert judged(pack(control), a.case(good, statements=Statements(attestations=(signed,)))).outcome == "pass"
    assert judged(pack(control), a.case(statements=Statements(attestations=(signed,)))).outcome == "not_run"


def test_a_declared_fact_is_recorded_and_a_missing_one_says_where_to_write_it(pack, a):
    control = a.control(kind="record", measure={"metric": "context/purpose"}, limit=None, min_sample=None)
    assert judged(pack(control), a.case(spec={"context": {"purpose": "Rank."}})).reason == "The spec declares: Rank."
    missing = judged(pack(control), a.case())
    assert (missing.outcome, "context.purpose" in missing.reason) == ("not_run", True)


def test_a_derived_fact_is_no_declaration(pack, a):
    control = a.control(kind="record", measure={"metric": "context/task"}, limit=None, min_sample=None)
    assert judged(pack(control), a.case()).outcome == "not_run"


def test_an_interval_cannot_be_adjusted_and_the_reason_says_so(pack, a):
    limit = {"origin": "house", "op": "ge", "value": 0.8, "decide_on": "ci_three_way", "multiplicity": "holm"}
    case = a.case(*by_sex(a, female=0.9, male=0.9), groupings=(a.grouping("sex", "female", "male"),))
    verdict = judged(pack(a.control(**GROUPS, limit=limit)), case)
    assert "its interval not adjusted for 2 comparisons" in verdict.reason


def test_judging_is_a_function_of_its_inputs(pack, a):
    case = a.case(a.estimate("performance/accuracy", 0.8, 0.7, 0.9))
    house = pack(a.control(), a.attested())
    assert judge((house,), case) == judge((house,), case)
    assert not re.search(r"\d{4}-\d{2}-\d{2}", judge((house,), case)[0].reason)
    assert case.today == date(2026, 11, 22)


@pytest.mark.parametrize(
    ("rule", "measures", "words"),
    [
        ({"events": 10}, {"events": 9}, "9 rows with the rarer true label, fewer than 10 (origin: convention)"),
        ({"expected_cell": 5}, {"expected_cell": 4.5}, "4.5 rows expected in the emptiest cell, fewer than 5"),
        ({"reversal_check": True}, {"selection_reversal": 1}, "one different selection would turn the comparison"),
        ({"events": 10}, {}, "were not counted"),
    ],
)
def test_few_events_are_as_small_as_few_rows(rule, measures, words, pack, a):
    control = a.control(kind="screen", measure=GROUPS["measure"], min_sample={**rule, "origin": "convention"})
    counts = [a.exact(f"fairness/{name}/sex=female", value) for name, value in measures.items()]
    case = a.case(*by_sex(a, female=0.9), *counts, groupings=(a.grouping("sex", "female"),))
    part = judged(pack(control), case).parts[0]
    assert (part.outcome, words in part.reason) == ("inconclusive", True), part.reason
    enough = [a.exact(f"fairness/{name}/sex=female", 10 if value > 1 else 0) for name, value in measures.items()]
    if measures:
        case = a.case(*by_sex(a, female=0.9), *enough, groupings=(a.grouping("sex", "female"),))
        assert judged(pack(control), case).outcome == "pass"


def test_a_comparison_with_a_small_reference_group_is_not_judged(pack, a):
    measure = {"metric": "impact_ratio", "group_by": [["sex"]], "reference": "highest_rate"}
    groups = a.grouping("sex", "female", "male", sizes={"male": 29})
    groups = groups.model_copy(update={"groups": tuple(g.model_copy(update={"small": False}) for g in groups.groups)})
    observations = (
        a.exact("fairness/impact_ratio/sex=male", 1.0),
        a.estimate("fairness/impact_ratio/sex=female", 0.5, 0.4, 0.6),
    )
    verdict = judged(pack(a.control(kind="screen", measure=measure)), a.case(*observations, groupings=(groups,)))
    assert [part.outcome for part in verdict.parts] == ["inconclusive", "not_applicable"]
    assert "the reference group male has 29 rows, fewer than 30" in verdict.parts[0].reason


def test_the_worst_is_the_gravest_and_not_the_nearest_point(pack, a):
    measure = {**GROUPS["measure"], "aggregate": "worst"}
    wide = a.estimate("fairness/selection_rate/sex=male", 0.95, 0.7, 1.0)
    case = a.case(*by_sex(a, female=0.85), wide, groupings=(a.grouping("sex", "female", "male"),))
    verdict = judged(pack(a.control(**{**GROUPS, "measure": measure})), case)
    assert (verdict.outcome, [p.observation for p in verdict.parts]) == ("inconclusive", [wide.id])


def test_counts_and_facts_are_told_in_words(pack, a):
    limit = {"origin": "house", "op": "le", "value": 0, "decide_on": "point"}
    rows = Observation(
        id="performance/accuracy", label="Test rows equal to a train row", measured=Exact(value=1085, n=1568)
    )
    assert judged(pack(a.control(limit=limit)), a.case(rows)).reason == (
        "Test rows equal to a train row are 1,085 (n = 1,568), against a limit of at most 0 (origin: house): "
        "the value does not meet the limit."
    )
    absent = {"applies_if": {"fact": {"name": "has_train", "op": "eq", "value": False}}}
    verdict = judged(pack(a.control(**absent)), a.case())
    assert verdict.reason == "Does not apply: a table of training rows was supplied."


def test_a_tiny_p_value_is_never_nought(pack, a):
    limit = {"origin": "convention", "op": "ge", "value": 0.05, "decide_on": "p_value"}
    control = a.control(limit=limit, measure={"metric": "fairness/selection_rate_p_value"})
    for value in (0.0, 1e-16):
        reason = judged(pack(control), a.case(a.exact("fairness/selection_rate_p_value", value))).reason
        assert "is below 0.001 (n = 100)" in reason


def test_an_interval_of_another_level_than_the_limit_takes_is_not_judged(pack, a):
    limit = {"origin": "house", "op": "ge", "value": 0.8, "decide_on": "ci_three_way"}
    good = a.case(a.estimate("performance/accuracy", 0.9, 0.85, 0.95))
    for level, outcome in ((0.95, "pass"), (0.99, "not_run")):
        verdict = judged(pack(a.control(limit={**limit, "ci": {"level": level}})), good)
        assert verdict.outcome == outcome
    assert "takes a 99% interval and a 95% one was measured" in verdict.reason


def test_the_part_that_speaks_for_a_control_is_the_one_furthest_off(pack, a):
    case = a.case(*by_sex(a, female=0.7, male=0.5), groupings=(a.grouping("sex", "female", "male"),))
    reason = judged(pack(a.control(**GROUPS)), case).reason
    assert reason.startswith("selection_rate for male is 0.500 ")
    assert reason.endswith(" 1 more part failed.")
