"""The scoring rate: how much of a group scores above the median of everybody."""

import numpy as np
import pytest

from audit.records.measured import Undefined
from audit.records.plan import MeasurementRequest

SCORES = {"g": list("aaaabbbb")}
SCORED = [1.0, 2.0, 5.0, 6.0, 3.0, 4.0, 7.0, 8.0]


def test_by_hand_with_ties_at_the_median(make_evidence, make_plan, found):
    # Sorted: 1 2 4 4 4 6 7 8, so the median is 4, and the three 4s are not above it.
    evidence = make_evidence(SCORES, score=[1, 2, 4, 6, 4, 4, 7, 8], task="regression")
    section, by_id = found(evidence, make_plan(["g"]))
    assert by_id["fairness/scoring_rate/g=a"].value == 0.25
    assert by_id["fairness/scoring_rate/g=b"].value == 0.5
    assert by_id["fairness/scoring_rate/g/ratio"].value == 0.5
    assert by_id["fairness/impact_ratio;rate=scoring_rate/g=a"].value == 0.5
    assert by_id["fairness/impact_ratio;rate=scoring_rate/g=b"].value == 1.0
    assert "scoring_rate" in {measure.name for measure in section.measures}


def test_the_median_of_each_group_would_tell_nothing():
    # The known-bad double: above its own median lies one half of every group, however far apart they are.
    score, group = np.array([1, 2, 4, 6, 4, 4, 7, 8]), np.array(SCORES["g"])
    assert [np.mean(score[group == g] > np.median(score[group == g])) for g in "ab"] == [0.5, 0.5]
    assert [np.mean(score[group == g] > np.median(score)) for g in "ab"] == [0.25, 0.5]


def test_a_weight_of_two_is_the_row_twice(make_evidence, make_plan, found):
    weight = [1, 2, 3, 1, 2, 2, 1, 1]
    twice = {"g": np.repeat(SCORES["g"], weight).tolist()}
    weighted = make_evidence(SCORES, score=SCORED, weight=weight, task="regression")
    repeated = make_evidence(twice, score=np.repeat(SCORED, weight), task="regression")
    (_, one), (_, other) = found(weighted, make_plan(["g"])), found(repeated, make_plan(["g"]))
    scoring = [id for id in one if "scoring_rate" in id]
    assert len(scoring) == 6
    assert {id: one[id] for id in scoring} == {id: other[id] for id in scoring}


@pytest.mark.parametrize("how", ["named", "asked", "ratio asked"])
def test_in_a_binary_audit_it_is_measured_for_who_names_it(how, make_evidence, make_plan, found):
    made = {"label": [0, 0, 1, 1, 0, 0, 1, 1], "score": SCORED, "target": [0, 1] * 4}
    _, without = found(make_evidence(SCORES, **made), make_plan(["g"]))
    assert not [id for id in without if "scoring" in id]
    ratio = {"measure": "impact_ratio", "arguments": {"rate": "scoring_rate"}, "reference": "highest_rate"}
    plan = {
        "named": {"fairness": {"metrics": ["scoring_rate"]}},
        "asked": {"requests": [MeasurementRequest(stage="fairness", measure="scoring_rate", group_by=(("g",),))]},
        "ratio asked": {"requests": [MeasurementRequest(stage="fairness", group_by=(("g",),), **ratio)]},
    }[how]
    _, by_id = found(make_evidence(SCORES, **made), make_plan(["g"], **plan))
    assert by_id["fairness/impact_ratio;rate=scoring_rate/g=a"].value == 1.0
    assert not [id for id, m in by_id.items() if isinstance(m, Undefined) and "scoring" in id]


def test_another_reference_than_the_specs_is_named_in_the_id(make_evidence, make_plan, found):
    asked = {"measure": "impact_ratio", "arguments": {"rate": "scoring_rate"}, "reference": "highest_rate"}
    request = MeasurementRequest(stage="fairness", group_by=(("g",),), **asked)
    evidence = make_evidence(SCORES, score=[1, 2, 4, 6, 4, 4, 7, 8], task="ranking_score")
    _, by_id = found(evidence, make_plan(["g"], requests=[request], reference={"g": "a"}))
    assert by_id["fairness/impact_ratio;rate=scoring_rate/g=b"].value == 2.0
    assert by_id["fairness/impact_ratio;rate=scoring_rate;reference=highest_rate/g=a"].value == 0.5


def test_without_scores_a_pack_hears_why_there_is_no_scoring_rate(make_evidence, make_plan, found):
    request = MeasurementRequest(stage="fairness", measure="scoring_rate", group_by=(("g",),))
    _, by_id = found(make_evidence(SCORES, label=[0, 1] * 4), make_plan(["g"], requests=[request]))
    assert "cannot be measured" in by_id["fairness/scoring_rate/g"].reason


def test_equal_scores_leave_nobody_above_and_no_ratio(make_evidence, make_plan, found):
    _, by_id = found(make_evidence(SCORES, score=[3] * 8, task="regression"), make_plan(["g"]))
    assert by_id["fairness/scoring_rate/g=a"].value == 0.0
    assert isinstance(by_id["fairness/impact_ratio;rate=scoring_rate/g=a"], Undefined)
