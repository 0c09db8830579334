"""Only the sensitive column is changed: what moves is what the model's formula says, and nothing else."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from audit.errors import ModelError, Problem
from audit.records.measured import Undefined
from audit.subject.evidence import Predictions

sys.path.insert(0, str(Path(__file__).parents[1] / "simulations"))
from flips import LAWS, held

N = 400


def people(seed=0, n=N):
    rng = np.random.default_rng(seed)
    return {"sex": rng.choice(["f", "m"], n), "income": rng.normal(0, 1, n), "age": rng.integers(18, 80, n)}


def by_sex(frame, weight=0.3):
    return 0.5 + 0.2 * frame["income"].to_numpy(float) + weight * (frame["sex"].to_numpy() == "m")


def audited(make_evidence, score_of, made, sensitive=None, threshold=0.6, task="binary", **more):
    """Evidence whose model answers by a formula, and the calls that it was asked."""
    frame = pd.DataFrame(made)
    asked = []

    def answer(_, table):
        asked.append(table.features)
        score = score_of(table.features)
        label = (score >= threshold).astype(np.int64) if task == "binary" else None
        return Predictions(score.argmax(axis=1) if task == "multiclass" else label, score, False)

    first = answer(None, type("T", (), {"features": frame}))
    asked.clear()
    columns = sensitive or {"sex": frame["sex"].tolist()}
    evidence = make_evidence(columns, label=first.label, score=first.score, task=task, features=made, **more)
    return replace(evidence, subject=replace(evidence.subject, model=object(), predictions=answer)), asked


def test_what_moves_is_what_the_formula_says(make_evidence, make_plan, found):
    made = people()
    evidence, asked = audited(make_evidence, by_sex, made)
    section, by_id = found(evidence, make_plan(["sex"]))
    frame, other = pd.DataFrame(made), pd.DataFrame(made)
    other["sex"] = other["sex"].map({"f": "m", "m": "f"})
    before, after, men = by_sex(frame) >= 0.6, by_sex(other) >= 0.6, frame["sex"] == "m"
    assert by_id["fairness/flip_rate/sex"].value == pytest.approx(np.mean(before != after))
    assert by_id["fairness/flip_rate/sex=f"].value == pytest.approx(np.mean((before != after)[~men]))
    assert by_id["fairness/flip_gain_rate/sex=f"].value == pytest.approx(np.mean((after & ~before)[~men]))
    assert by_id["fairness/flip_loss_rate/sex=f"].value == 0.0
    assert by_id["fairness/flip_loss_rate/sex=m"].value == pytest.approx(np.mean((before & ~after)[men]))
    assert by_id["fairness/flip_rate/sex=f/to=m"].value == by_id["fairness/flip_rate/sex=f"].value
    assert by_id["fairness/flip_score_change/sex=f"].value == pytest.approx(0.3)
    assert by_id["fairness/flip_score_change/sex=m/to=f"].value == pytest.approx(-0.3)
    assert by_id["fairness/flip_absolute_score_change/sex"].value == pytest.approx(0.3)
    assert abs(by_id["fairness/flip_score_change/sex/maximum"].value) == pytest.approx(0.3)
    (fact,) = section.flips
    assert (fact.rows, fact.predictions, fact.stand_ins) == (N, 2 * N, ("f", "m"))
    assert len(asked) == 1 and len(asked[0]) == 2 * N
    assert (asked[0]["income"].to_numpy()[N:] == np.concatenate([made["income"][men], made["income"][~men]])).all()


def test_a_model_that_reads_a_stand_in_only_is_not_moved(make_evidence, make_plan, found):
    # The known-bad double of the test above: the same scores by another column, which the flip does not touch.
    made = people() | {"job": (people()["sex"] == "m").astype(float)}
    evidence, _ = audited(make_evidence, lambda f: by_sex(f, 0) + 0.3 * f["job"].to_numpy(float), made)
    _, by_id = found(evidence, make_plan(["sex"]))
    assert by_id["fairness/flip_rate/sex"].value == 0.0
    assert by_id["fairness/flip_rate/sex"].high > 0
    assert by_id["fairness/flip_absolute_score_change/sex"].value == 0.0
    assert by_id["fairness/proxy_auc/sex/job"].value > 0.99


@pytest.mark.parametrize(("task", "name"), [("binary", "flip_rate"), ("regression", "flip_absolute_score_change")])
def test_a_column_that_the_model_does_not_read_cannot_move_it(task, name, make_evidence, make_plan, found):
    made = people()
    features, groups = {"income": made["income"]}, {"sex": made["sex"]}
    evidence, asked = audited(make_evidence, lambda f: f["income"].to_numpy(float), features, groups, task=task)
    section, by_id = found(evidence, make_plan(["sex"]))
    assert "does not read sex: the answer is zero by construction" in by_id[f"fairness/{name}/sex"].reason
    assert section.flips[0].status == "not_run"
    assert not asked


def test_without_a_model_nobody_can_be_asked(make_evidence, make_plan, found):
    _, by_id = found(make_evidence({"sex": list("fmfm")}, label=[0, 1, 0, 1]), make_plan(["sex"]))
    assert "no model to ask" in by_id["fairness/flip_rate/sex"].reason


def test_it_can_be_switched_off(make_evidence, make_plan, found):
    evidence, asked = audited(make_evidence, by_sex, people())
    section, by_id = found(evidence, make_plan(["sex"], fairness={"flip": False, "proxies": False}))
    assert not [id for id in by_id if "flip" in id or "proxy" in id]
    assert section.flips == section.proxies == ()
    assert not asked


def test_the_middle_value_stands_for_a_bin_of_numbers(make_evidence, make_plan, found):
    made = people()
    bins = np.where(made["age"] < 40, "18 to <40", "40 to 80")
    evidence, asked = audited(make_evidence, lambda f: f["age"].to_numpy(float) / 100, made, {"age": bins.tolist()})
    section, by_id = found(evidence, make_plan(["age"]))
    young, old = np.sort(made["age"][made["age"] < 40]), np.sort(made["age"][made["age"] >= 40])
    middle = [int(values[(len(values) - 1) // 2]) for values in (young, old)]
    assert section.flips[0].stand_ins == tuple(map(str, middle))
    assert by_id["fairness/flip_score_change/age=18 to <40"].value == pytest.approx((middle[1] - young).mean() / 100)
    assert asked[0]["age"].dtype == made["age"].dtype


def test_regression_tells_scores_and_no_decisions(make_evidence, make_plan, found):
    evidence, _ = audited(make_evidence, by_sex, people(), task="regression", target=people()["income"])
    section, by_id = found(evidence, make_plan(["sex"]))
    assert by_id["fairness/flip_score_change/sex=f"].value == pytest.approx(0.3)
    assert not [id for id in by_id if "flip_rate" in id or "flip_gain" in id]
    assert section.flips[0].score == "predicted value"


@pytest.mark.parametrize("favourable", [None, 2])
def test_several_classes(favourable, make_evidence, make_plan, found):
    def three(frame):
        men = frame["sex"].to_numpy() == "m"
        return np.stack([np.full(len(men), 0.5), np.where(men, 0.1, 0.2), np.where(men, 0.6, 0.3)], axis=1)

    evidence, _ = audited(make_evidence, three, people(), task="multiclass", classes=3, favourable=favourable)
    _, by_id = found(evidence, make_plan(["sex"]))
    assert by_id["fairness/flip_rate/sex"].value == 1.0
    # half of |0.1 - 0.2| + |0.6 - 0.3|
    assert by_id["fairness/flip_absolute_score_change/sex"].value == pytest.approx(0.2)
    assert ("fairness/flip_score_change/sex=f" in by_id) is (favourable is not None)
    if favourable is not None:
        assert by_id["fairness/flip_score_change/sex=f"].value == pytest.approx(0.3)
        assert by_id["fairness/flip_gain_rate/sex=f"].value == 1.0
    assert "fairness/flip_rate/sex/maximum" in by_id or favourable is not None


def test_a_weight_of_two_is_the_row_twice(make_evidence, make_plan, found):
    made, weight = people(n=60), np.random.default_rng(1).integers(1, 4, 60)
    twice = {name: np.repeat(values, weight) for name, values in made.items()}
    one, _ = audited(make_evidence, by_sex, made, weight=weight)
    other, _ = audited(make_evidence, by_sex, twice)
    (_, weighted), (_, repeated) = found(one, make_plan(["sex"])), found(other, make_plan(["sex"]))
    flips = [id for id in weighted if "flip" in id]
    assert len(flips) == 15
    for id in flips:
        a, b = weighted[id], repeated[id]
        assert (a.value, a.low, a.high, a.n) == pytest.approx((b.value, b.low, b.high, b.n), abs=1e-12)


def test_sampling_weights_widen_the_interval(make_evidence, make_plan, found):
    made, weight = people(), np.where(np.arange(N) % 2, 1.0, 9.0)
    plain, _ = audited(make_evidence, by_sex, made)
    skewed, _ = audited(make_evidence, by_sex, made, weight=weight, weight_kind="sampling")
    (_, a), (_, b) = (found(e, make_plan(["sex"]))[1:] and found(e, make_plan(["sex"])) for e in (plain, skewed))
    one, other = a["fairness/flip_rate/sex"], b["fairness/flip_rate/sex"]
    assert other.n == one.n == N
    assert other.high - other.low > 1.2 * (one.high - one.low)


def test_rows_are_drawn_and_that_is_said(make_evidence, make_plan, found):
    evidence, asked = audited(make_evidence, by_sex, people(n=3000))
    section, by_id = found(evidence, make_plan(["sex"], fairness={"flip": {"rows": 200}}))
    assert (section.flips[0].rows, section.flips[0].rows_available) == (200, 3000)
    assert by_id["fairness/flip_rate/sex"].n == 200
    assert len(asked[0]) == 400
    _, again = found(evidence, make_plan(["sex"], fairness={"flip": {"rows": 200}}))
    assert again == by_id


def test_rows_of_unknown_group_are_left_as_they_are(make_evidence, make_plan, found):
    made = people()
    made["sex"] = np.where(np.arange(N) < 50, None, made["sex"])
    groups = {"sex": ["unknown" if v is None else v for v in made["sex"]]}
    evidence, _ = audited(make_evidence, by_sex, made, groups)
    section, by_id = found(evidence, make_plan(["sex"]))
    assert section.flips[0].rows == N - 50
    assert "fairness/flip_rate/sex=unknown" not in by_id


def test_one_known_group_has_nothing_to_be_changed_to(make_evidence, make_plan, found):
    made = people() | {"sex": np.full(N, "f")}
    evidence, _ = audited(make_evidence, by_sex, made)
    _, by_id = found(evidence, make_plan(["sex"]))
    assert "no other value" in by_id["fairness/flip_rate/sex"].reason


def test_a_group_of_one_has_an_open_interval(make_evidence, make_plan, found):
    made = people()
    made["sex"] = np.where(np.arange(N) < 1, "f", "m")
    evidence, _ = audited(make_evidence, by_sex, made)
    _, by_id = found(evidence, make_plan(["sex"]))
    lone = by_id["fairness/flip_score_change/sex=f"]
    assert (lone.n, lone.low, lone.high) == (1, None, None)


def test_many_values_are_cut_to_the_largest_groups(make_evidence, make_plan, found):
    rng = np.random.default_rng(2)
    made = people(n=2000) | {"sex": rng.choice([f"v{i:02}" for i in range(14)], 2000)}
    evidence, _ = audited(make_evidence, by_sex, made)
    section, by_id = found(evidence, make_plan(["sex"]))
    counts = pd.Series(made["sex"]).value_counts()
    assert len(section.flips[0].groups) == 8
    assert sum("flip_rate/sex=" in id and "/to=" in id for id in by_id) == 56
    assert section.flips[0].rows_available == counts.iloc[:8].sum()


def test_a_model_that_fails_on_changed_rows_costs_this_number_only(make_evidence, make_plan, found):
    def refuse(_, table):
        raise ModelError(Problem("model", "knows no such value."))

    evidence, _ = audited(make_evidence, by_sex, people())
    evidence = replace(evidence, subject=replace(evidence.subject, predictions=refuse))
    _, by_id = found(evidence, make_plan(["sex"]))
    assert "knows no such value" in by_id["fairness/flip_rate/sex"].reason
    assert not isinstance(by_id["fairness/selection_rate/sex=f"], Undefined)


def test_the_widest_of_many_pairs_is_given_a_wider_interval(make_evidence, make_plan, found):
    rng = np.random.default_rng(5)
    made = people() | {"sex": rng.choice(list("abcd"), N), "noise": rng.normal(0, 1, N)}
    rank = {c: i for i, c in enumerate("abcd")}
    evidence, _ = audited(make_evidence, lambda f: f["noise"].to_numpy() * f["sex"].map(rank).to_numpy(float), made)
    _, by_id = found(evidence, make_plan(["sex"]))
    widest = by_id["fairness/flip_score_change/sex/maximum"]
    pairs = [m for id, m in by_id.items() if "flip_score_change" in id and "/to=" in id]
    plain = next(m for m in pairs if m.value == widest.value)
    assert abs(widest.value) == max(abs(m.value) for m in pairs)
    # Bonferroni over 12 pairs: the normal quantile of 1 - 0.05 / 24 over that of 0.975 is 1.462, Student's a bit more
    assert 1.45 < (widest.high - widest.low) / (plain.high - plain.low) < 1.55
    assert widest.level == plain.level == 0.95


# --- what the intervals hold -----------------------------------------------------------------------


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("n", [30, 120])
def test_the_interval_of_a_mean_change_holds_it(law, n):
    # Three standard errors below 95 %.
    assert held(LAWS[law], n, 300, n) >= 0.95 - 3 * 0.0126


def test_an_interval_that_knows_no_rare_changes_holds_them_half_the_time():
    """The double: where no drawn row moved Student's t has no width, as if none ever would."""
    assert held(LAWS["2 % of rows, upwards"], 30, 300, 30, plain=True) < 0.6


def test_a_model_that_moved_no_row_drawn_might_move_another(make_evidence, make_plan, found):
    evidence, _ = audited(make_evidence, lambda f: by_sex(f, 0), people())
    _, by_id = found(evidence, make_plan(["sex"]))
    for name in ("flip_score_change/sex=f", "flip_absolute_score_change/sex"):
        told = by_id[f"fairness/{name}"]
        assert told.value == 0.0
        assert told.low <= 0.0 < told.high < 0.1
        assert told.method == "hall_t_wilson"
    assert by_id["fairness/flip_absolute_score_change/sex"].low == 0.0
