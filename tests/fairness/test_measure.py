"""What is grouped, what is left out and what is said of it."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import fbeta_score

from audit.catalogue import load
from audit.errors import DataError
from audit.fairness import disaggregate, measure
from audit.fairness.groups import natural
from audit.records.measured import Undefined
from audit.records.observation import encoded
from audit.records.plan import MeasurementRequest

HOSTILE = ["<script>alert(1)</script>", "{{7*7}}", "a&b=c/d;e%", "=cmd()", "女性", "😀", "x" * 200]


def test_a_weight_is_that_many_rows(make_evidence, make_plan, found):
    rng = np.random.default_rng(0)
    group, target, label = rng.choice(list("abc"), 60), rng.integers(0, 2, 60), rng.integers(0, 2, 60)
    weight = rng.integers(1, 5, 60)
    whole = {"sensitive": {"g": np.repeat(group, weight).tolist()}}
    rows = make_evidence(**whole, target=np.repeat(target, weight), label=np.repeat(label, weight))
    weighted = make_evidence({"g": group.tolist()}, target=target, label=label, weight=weight)
    (one, by_row), (other, by_weight) = found(rows, make_plan(["g"])), found(weighted, make_plan(["g"]))
    assert one.groupings == other.groupings
    closed = {id for id, m in by_row.items() if getattr(m, "method", "") != "bootstrap"}
    assert {id: by_row[id] for id in closed} == {id: by_weight[id] for id in closed}


def test_two_runs_are_equal_whatever_the_order_of_metrics(make_evidence, make_plan, found):
    rng = np.random.default_rng(1)
    made = {"target": rng.integers(0, 2, 80), "label": rng.integers(0, 2, 80)}
    evidence = make_evidence({"g": rng.choice(list("ab"), 80).tolist()}, **made)
    _, first = found(evidence, make_plan(["g"]))
    _, second = found(evidence, make_plan(["g"], fairness={"metrics": ["f1", "selection_rate"]}))
    assert second.items() <= first.items()


def test_names_of_groups_come_through_encoded(make_evidence, make_plan, found):
    section, by_id = found(make_evidence({"g=&": HOSTILE * 2}, label=[0, 1] * 7), make_plan(["g=&"]))
    assert {group.label for group in section.groupings[0].groups} == set(HOSTILE)
    for name in HOSTILE:
        assert f"fairness/selection_rate/{encoded('g=&')}={encoded(name)}" in by_id


def test_groups_stand_in_their_natural_order(make_evidence, make_plan, found):
    ages = ["[100, 120)", "[25, 40)", "unknown", "[0, 25)", "[40, 100)"]
    section, _ = found(make_evidence({"age": ages}, label=[0, 1, 0, 1, 0]), make_plan(["age"]))
    expected = ["[0, 25)", "[25, 40)", "[40, 100)", "[100, 120)", "unknown"]
    assert [group.label for group in section.groupings[0].groups] == expected
    assert sorted(ages) != sorted(ages, key=natural)  # text order alone would be wrong


def test_an_intersection_with_an_unknown_part_is_unknown(make_evidence, make_plan, found):
    sensitive = {"a": ["x", "x", "unknown", "y"], "b": ["m", "unknown", "m", "m"]}
    section, _ = found(make_evidence(sensitive, label=[0, 1, 1, 0]), make_plan(["a"], intersections=(("a", "b"),)))
    both = section.groupings[1]
    assert both.key == "a&b"
    assert {group.key: group.unknown for group in both.groups} == {
        "a=x&b=m": False,
        "a=y&b=m": False,
        "a=x&b=unknown": True,
        "a=unknown&b=m": True,
    }
    assert sum(group.n for group in both.groups) == 4
    assert sum(group.share for group in both.groups) == pytest.approx(1)


def test_three_columns_intersect(make_evidence, make_plan, found):
    rng = np.random.default_rng(2)
    sensitive = {c: rng.choice(list("xy"), 100).tolist() for c in "abc"}
    label = rng.integers(0, 2, 100)
    _, by_id = found(make_evidence(sensitive, label=label), make_plan(["a"], intersections=(("a", "b", "c"),)))
    for x, y, z in np.ndindex(2, 2, 2):
        key = f"a={'xy'[x]}&b={'xy'[y]}&c={'xy'[z]}"
        here = np.all([np.array(sensitive[c]) == "xy"[v] for c, v in zip("abc", (x, y, z), strict=True)], axis=0)
        assert by_id[f"fairness/selection_rate/{key}"].value == pytest.approx(label[here].mean())


def test_columns_in_another_order_are_the_same_grouping(make_evidence, make_plan, found):
    request = MeasurementRequest(stage="fairness", measure="selection_rate", group_by=(("b", "a"),))
    plan = make_plan(["a"], intersections=(("a", "b"),), requests=[request])
    section, by_id = found(make_evidence({"a": list("xxyy"), "b": list("mnmn")}, label=[0, 1, 1, 0]), plan)
    assert [grouping.key for grouping in section.groupings] == ["a", "a&b"]
    assert not any(isinstance(m, Undefined) and "divided" in m.reason for m in by_id.values())


def test_a_pack_adds_a_grouping(make_evidence, make_plan, found):
    request = MeasurementRequest(stage="fairness", measure="impact_ratio", group_by=(("a", "b"),))
    evidence = make_evidence({"a": list("xxyy"), "b": list("mnmn")}, label=[0, 1, 1, 0])
    section, by_id = found(evidence, make_plan(["a"], requests=[request]))
    assert [grouping.key for grouping in section.groupings] == ["a", "a&b"]
    assert "fairness/impact_ratio/a=x&b=m" in by_id


@pytest.mark.parametrize(
    ("request_", "id", "reason"),
    [
        ({"measure": "happiness", "group_by": (("a",),)}, "fairness/happiness/a", "cannot be measured"),
        ({"measure": "impact_ratio", "group_by": (("race",),)}, "fairness/impact_ratio/race", "not divided by race"),
        (
            {"measure": "impact_ratio", "group_by": (("a",),), "arguments": {"rate": "median"}},
            "fairness/impact_ratio;rate=median/a",
            "takes no arguments",
        ),
    ],
)
def test_what_a_pack_asks_for_in_vain_is_there_with_its_reason(request_, id, reason, make_evidence, make_plan, found):
    plan = make_plan(["a"], requests=[MeasurementRequest(stage="fairness", **request_)])
    _, by_id = found(make_evidence({"a": list("xxyy")}, label=[0, 1, 1, 0]), plan)
    assert isinstance(by_id[id], Undefined)
    assert reason in by_id[id].reason


def test_without_labels_only_what_needs_none_is_measured(make_evidence, make_plan, found):
    section, by_id = found(make_evidence({"a": list("xxyy")}, label=[0, 1, 1, 0]), make_plan(["a"]))
    assert {measure.name for measure in section.measures} == {"selection_rate"}
    assert any("no labels" in note for note in section.notes)
    assert "fairness/demographic_parity/a/difference" in by_id
    assert "fairness/true_positives/a=x" not in by_id


def test_without_sensitive_features_the_section_says_so(make_evidence, make_plan, found):
    section, by_id = found(make_evidence({"a": list("xy")}, label=[0, 1]), make_plan([]))
    assert by_id == {}
    assert section.notes[0].startswith("Nothing was measured by group")


def test_a_reference_that_is_no_group_is_an_error(make_evidence, make_plan, found):
    with pytest.raises(DataError, match=r"sensitive\.reference\.a: there is no group 'z'; found 'x' and 'y'"):
        found(make_evidence({"a": list("xxyy")}, label=[0, 1, 1, 0]), make_plan(["a"], reference={"a": "z"}))


def test_a_column_of_many_values_is_named_not_measured(make_evidence, make_plan, found):
    section, by_id = found(make_evidence({"id": [f"p{i}" for i in range(201)]}, label=[0] * 201), make_plan(["id"]))
    assert by_id == {}
    assert any("201 groups are more than" in note for note in section.notes)


def test_favourable_is_what_selects(make_evidence, make_plan, found):
    evidence = make_evidence({"a": list("xxxyyy")}, target=[0, 1, 1, 0, 1, 1], label=[0, 0, 1, 1, 1, 1], favourable=0)
    section, by_id = found(evidence, make_plan(["a"]))
    assert by_id["fairness/selection_rate/a=x"].value == 2 / 3
    assert by_id["fairness/impact_ratio/a=y"].value == 0.0
    assert section.favourable == "0"
    assert any("The favourable label is 0" in note for note in section.notes)


def test_multiclass_by_group(make_evidence, make_plan, found):
    rng = np.random.default_rng(7)
    group, target, label = rng.choice(list("ab"), 120), rng.integers(0, 3, 120), rng.integers(0, 3, 120)
    evidence = make_evidence({"g": group.tolist()}, target=target, label=label, task="multiclass", classes=3)
    _, by_id = found(evidence, make_plan(["g"]))
    accuracy = [np.mean(target[group == g] == label[group == g]) for g in "ab"]
    assert [by_id[f"fairness/accuracy/g={g}"].value for g in "ab"] == pytest.approx(accuracy)
    assert by_id["fairness/accuracy/g/difference"].value == pytest.approx(abs(accuracy[0] - accuracy[1]))
    assert "fairness/true_positives/g=a" not in by_id


def test_the_favourable_one_of_three_classes_is_selected(make_evidence, make_plan, found):
    rng = np.random.default_rng(8)
    group, label = rng.choice(list("ab"), 200), rng.integers(0, 3, 200)
    made = {"label": label, "task": "multiclass", "classes": 3}
    _, by_id = found(make_evidence({"g": group.tolist()}, **made, favourable=2), make_plan(["g"]))
    rates = [np.mean(label[group == g] == 2) for g in "ab"]
    assert [by_id[f"fairness/selection_rate/g={g}"].value for g in "ab"] == pytest.approx(rates)
    assert by_id["fairness/demographic_parity/g/ratio"].value == pytest.approx(min(rates) / max(rates))
    assert "fairness/selection_reversal/g=a" in by_id
    _, without = found(make_evidence({"g": group.tolist()}, **made), make_plan(["g"]))
    assert not any("selection" in id for id in without)


def test_whether_a_sensitive_column_enters_the_model_is_said(make_evidence, make_plan, found):
    from dataclasses import replace

    for features, said in (({"a": list("xxyy")}, "The model reads a."), ({"b": [1, 2, 3, 4]}, "no sensitive column")):
        evidence = make_evidence({"a": list("xxyy")}, label=[0, 1, 1, 0], features=features)
        evidence = replace(evidence, subject=replace(evidence.subject, model=object()))
        section, _ = found(evidence, make_plan(["a"]))
        assert any(said in note for note in section.notes)


SCORED = {"target": [0, 1, 1, 0, 1, 1], "label": [0, 1, 1, 1, 0, 1], "score": [0.1, 0.9, 0.8, 0.6, 0.4, 0.7]}


@pytest.mark.parametrize(("favourable", "twice"), [(1, False), (0, True)])
def test_each_thing_is_measured_under_one_name_unless_others_are_asked_for(
    favourable, twice, make_evidence, make_plan, found
):
    evidence = make_evidence({"a": list("xxxyyy")}, favourable=favourable, probability=True, **SCORED)
    section, by_id = found(evidence, make_plan(["a"]))
    names = {measure.name for measure in section.measures}
    assert names >= {"selection_rate", "true_positive_rate", "roc_auc", "expected_calibration_error"}
    assert not names & {"recall", "gini", "ks_statistic", "average_precision", "calibration_slope"}
    assert ("predicted_positive_rate" in names) is twice
    section, _ = found(evidence, make_plan(["a"], fairness={"metrics": ["recall", "average_precision"]}))
    assert {measure.name for measure in section.measures} == {"recall", "average_precision"}
    request = MeasurementRequest(stage="fairness", measure="gini", group_by=(("a",),))
    section, by_id = found(evidence, make_plan(["a"], requests=[request]))
    assert "fairness/gini/a=x" in by_id


def test_rows_are_redrawn_a_bounded_number_of_times(make_evidence, make_plan, found, monkeypatch):
    """A metric that is a plain function has no interval but that of redrawn rows."""
    drawn = []
    draw = disaggregate.replicates_by_group
    monkeypatch.setattr(
        disaggregate, "replicates_by_group", lambda *given: drawn.append(given[4].resamples) or draw(*given)
    )
    plain = replace(load("metrics", "average_precision"), compute=lambda sample: float(sample.score[0]))
    monkeypatch.setattr(measure, "load_all", lambda kind: {"average_precision": plain} if kind == "metrics" else {})
    evidence = make_evidence({"a": list("xxxyyy")}, **SCORED)
    section, _ = found(evidence, make_plan(["a"], resamples=2000, fairness={"metrics": ["average_precision"]}))
    assert drawn == [500]
    assert any("500 replicates" in note for note in section.notes)


def test_what_packs_call_few_is_counted(make_evidence, make_plan, found):
    # x: 2 of 3 truly positive, 2 of 3 selected; y: 2 of 3 and 2 of 3. Expected of the rarer choice: 3 * 2/6.
    _, by_id = found(make_evidence({"a": list("xxxyyy")}, **SCORED), make_plan(["a"]))
    assert {key: by_id[f"fairness/{key}"].value for key in ("events/a=x", "events/a=y", "expected_cell/a=y")} == {
        "events/a=x": 1,
        "events/a=y": 1,
        "expected_cell/a=y": 1.0,
    }


def test_what_is_left_out_by_default_is_said(make_evidence, make_plan, found):
    rng = np.random.default_rng(3)
    made = {"target": rng.integers(0, 2, 80), "score": rng.random(80), "label": rng.integers(0, 2, 80)}
    evidence = make_evidence({"g": rng.choice(list("ab"), 80).tolist()}, **made)
    section, by_id = found(evidence, make_plan(["g"]))
    assert "fairness/gini/g=a" not in by_id
    assert any("Gini and KS" in note for note in section.notes)
    named, by_id = found(evidence, make_plan(["g"], fairness={"metrics": ["gini"]}))
    assert "fairness/gini/g=a" in by_id
    assert not any("Gini and KS" in note for note in named.notes)


def test_a_metric_with_arguments_is_measured_by_group_under_its_name(make_evidence, make_plan, found):
    rng = np.random.default_rng(3)
    target, label = rng.integers(0, 2, 90), rng.integers(0, 2, 90)
    sex = np.where(np.arange(90) < 50, "a", "b")
    asked = MeasurementRequest(stage="fairness", measure="f_beta", arguments={"beta": 0.5}, group_by=(("sex",),))
    wrong = asked.model_copy(update={"arguments": {"beta": "much"}})
    plan = make_plan(
        ["sex"],
        requests=(asked, wrong),
        fairness={"metrics": ({"metric": "f_beta", "args": {"beta": 2}}, "equal_opportunity")},
    )
    section, by_id = found(make_evidence({"sex": sex}, target=target, label=label), plan)
    for beta in (0.5, 2):
        for group in "ab":
            mine = sex == group
            expected = fbeta_score(target[mine], label[mine], beta=beta)
            assert by_id[f"fairness/f_beta;beta={beta}/sex={group}"].value == pytest.approx(expected)
        assert by_id[f"fairness/f_beta;beta={beta}/sex/difference"].value >= 0
    assert "fairness/accuracy/sex=a" not in by_id
    assert "fairness/equal_opportunity/sex/difference" in by_id
    assert "found the text 'much'" in by_id["fairness/f_beta;beta=much/sex"].reason
    assert {m.name: m.arguments for m in section.measures}["f_beta;beta=2"] == {"beta": 2.0}


def test_the_power_that_the_spec_asks_for_moves_what_is_detectable(make_evidence, make_plan, found):
    evidence = make_evidence({"g": ["a"] * 100 + ["b"] * 110}, label=[1] * 55 + [0] * 45 + [1] * 66 + [0] * 44)
    short = [
        found(evidence, make_plan(["g"], fairness={"power": power}))[1]["fairness/detectable_difference/g=a"].value
        for power in (0.5, 0.8, 0.95)
    ]
    assert short == sorted(short) and len(set(short)) == 3


def test_an_index_and_a_disparity_bring_the_metrics_that_they_read(make_evidence, make_plan, found):
    evidence = make_evidence({"a": list("xxxyyy")}, **SCORED)
    section, by_id = found(evidence, make_plan(["a"], fairness={"metrics": ["denial_odds_ratio", "average_odds"]}))
    names = {measure.name for measure in section.measures}
    assert names == {"selection_rate", "true_positive_rate", "false_positive_rate"}
    assert [index.name for index in section.indices] == ["denial_odds_ratio"]
    assert {"fairness/denial_odds_ratio/a=y", "fairness/average_odds/a/difference"} <= set(by_id)


def test_a_pack_may_ask_for_an_index_beside_another_reference(make_evidence, make_plan, found):
    request = MeasurementRequest(
        stage="fairness", measure="denial_odds_ratio", group_by=(("g",),), reference="highest_rate"
    )
    evidence = make_evidence({"g": ["a"] * 10 + ["b"] * 10 + ["c"] * 10}, label=[1] * 5 + [0] * 5 + [1] * 8 + [0] * 12)
    plan = make_plan(["g"], requests=[request], reference={"g": "a"})
    _, by_id = found(evidence, plan)
    assert by_id["fairness/denial_odds_ratio/g=b"].value == pytest.approx((2 / 8) / (5 / 5))
    assert by_id["fairness/denial_odds_ratio;reference=highest_rate/g=a"].value == pytest.approx((5 / 5) / (2 / 8))


def test_unequal_base_rates_are_said_to_exclude_equal_error_rates(make_evidence, make_plan, found):
    rng = np.random.default_rng(4)
    group = np.repeat(["a", "b"], 400)
    for base, said in (((0.2, 0.7), True), ((0.5, 0.5), False)):
        target = (rng.random(800) < np.where(group == "a", *base)).astype(int)
        label = np.where(rng.random(800) < 0.8, target, 1 - target)
        section, _ = found(make_evidence({"g": group.tolist()}, target=target, label=label), make_plan(["g"]))
        assert any("cannot all three be equal" in note for note in section.notes) is said


def test_a_regression_is_held_against_the_group_with_the_highest_mean(make_evidence, make_plan, found):
    rng = np.random.default_rng(5)
    group, target = np.repeat(["a", "b", "c"], 50), rng.normal(10, 2, 150)
    score = target + np.repeat([0.0, 3.0, 1.0], 50)
    evidence = make_evidence({"g": group.tolist()}, target=target, score=score, task="regression")
    section, by_id = found(evidence, make_plan(["g"]))
    means = {g: score[group == g].mean() for g in "abc"}
    assert by_id["fairness/mean_score_difference/g=a"].value == pytest.approx(means["a"] - means["b"])
    assert by_id["fairness/mean_score_difference/g=b"].value == 0.0
    gap = by_id["fairness/mean_prediction_parity/g/difference"]
    assert gap.value == pytest.approx(max(means.values()) - min(means.values()))
    assert "fairness/mean_prediction_parity/g/ratio" not in by_id
    assert {"mean_error_parity", "mean_absolute_error_parity"} <= {d.name for d in section.disparities}


def test_classes_are_compared_one_by_one(make_evidence, make_plan, found):
    rng = np.random.default_rng(6)
    group, target, label = rng.choice(list("ab"), 300), rng.integers(0, 3, 300), rng.integers(0, 3, 300)
    evidence = make_evidence({"g": group.tolist()}, target=target, label=label, task="multiclass", classes=3)
    _, by_id = found(evidence, make_plan(["g"]))
    rates = {(g, k): np.mean(label[(group == g) & (target == k)] == k) for g in "ab" for k in range(3)}
    for (g, k), rate in rates.items():
        assert by_id[f"fairness/true_positive_rate/g={g}/class={k}"].value == pytest.approx(rate)
    gaps = [abs(rates["a", k] - rates["b", k]) for k in range(3)]
    assert [by_id[f"fairness/true_positive_rate/g/difference/class={k}"].value for k in range(3)] == pytest.approx(gaps)
    assert by_id["fairness/class_equal_opportunity/g/difference"].value == pytest.approx(max(gaps))
    assert by_id["fairness/class_equal_opportunity_mean/g/difference"].value == pytest.approx(np.mean(gaps))
