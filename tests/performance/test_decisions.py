"""Costs, net benefit and thresholds, held against arithmetic by hand and loops over rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix, f1_score, precision_score, recall_score

from audit.performance.decisions import decisions
from audit.performance.gauge import Gauge
from audit.performance.measure import measure
from audit.performance.peers import Peer
from audit.records.measured import Estimate, Exact, Measured, Undefined
from audit.records.sections import PeerFacts
from audit.records.spec import CostsSpec, DecisionSpec, IntervalSpec
from audit.subject.evidence import Evidence

Make = Callable[..., Any]
COSTS = CostsSpec(false_positive=1, false_negative=5)
GAUGE = Gauge("binary", IntervalSpec(resamples=200), 0)
RNG = np.random.default_rng(11)
TARGET = (RNG.random(400) < 0.3).astype(int)
SCORE = np.clip(0.25 * TARGET + 0.75 * RNG.random(400), 0, 1).round(2)


def rows(
    supplied: Make, score: Any = SCORE, target: Any = TARGET, threshold: float | None = 0.5, **more: Any
) -> Evidence:
    label = None if threshold is None or score is None else (np.asarray(score) >= threshold).astype(int)
    found = supplied(
        task="binary", classes=("no", "yes"), target=target, score=score, label=more.pop("label", label), **more
    )
    sample = replace(found.headline.sample, threshold=threshold)
    return replace(found, headline=replace(found.headline, sample=sample))


def measured(found: Any) -> dict[str, Measured]:
    return {o.id.removeprefix("performance/"): o.measured for o in found.observations}


def by_hand(label: Any, costs: CostsSpec = COSTS, target: Any = TARGET) -> float:
    (tn, fp), (fn, tp) = confusion_matrix(target, label, labels=[0, 1])
    whole = costs.true_negative * tn + costs.false_positive * fp + costs.false_negative * fn + costs.true_positive * tp
    return float(whole / len(target))


@pytest.mark.parametrize(
    "costs", [COSTS, CostsSpec(false_positive=2, false_negative=1, true_positive=-3, true_negative=0.5)]
)
def test_expected_cost_is_that_of_counting(supplied: Make, costs: CostsSpec) -> None:
    found = measured(decisions(rows(supplied), (), costs, GAUGE))
    assert found["expected_cost"].value == pytest.approx(by_hand(SCORE >= 0.5, costs))
    assert found["expected_cost/all_positive"].value == pytest.approx(by_hand(np.ones(400), costs))
    assert found["expected_cost/all_negative"].value == pytest.approx(by_hand(np.zeros(400), costs))
    for name in ("expected_cost", "expected_cost/all_positive", "expected_cost/all_negative"):
        assert isinstance(found[name], Estimate)
        assert found[name].low < found[name].value < found[name].high
        assert found[name].method == "mover_wilson"


@pytest.mark.parametrize(
    ("costs", "threshold"),
    # Elkan (2001), equation 2: p* = (c10 - c00) / (c10 - c00 + c01 - c11); German credit costs 1 and 5 give 1 / 6.
    [
        (COSTS, 1 / 6),
        (CostsSpec(false_positive=1, false_negative=1), 0.5),
        (CostsSpec(false_positive=4, false_negative=1), 0.8),
        (CostsSpec(false_positive=2, false_negative=3, true_positive=-1, true_negative=1), 0.2),
    ],
)
def test_the_threshold_of_theory_is_elkans(supplied: Make, costs: CostsSpec, threshold: float) -> None:
    found = measured(decisions(rows(supplied), (), costs, GAUGE))
    assert found["cost_threshold/theory"].value == pytest.approx(threshold)
    assert found["expected_cost/theory_threshold"].value == pytest.approx(by_hand(threshold <= SCORE, costs))


def beside(supplied: Make, scope: str = "train") -> Evidence:
    """Headline rows beside others on which a threshold can be found."""
    rng = np.random.default_rng(12)
    target = (rng.random(300) < 0.3).astype(int)
    score = np.clip(0.25 * target + 0.75 * rng.random(300), 0, 1).round(2)
    other = replace(rows(supplied, score, target).headline, scope=scope)
    return replace(rows(supplied), **{"train" if scope == "train" else "out_of_fold": other})


@pytest.mark.parametrize("scope", ["train", "out_of_fold"])
def test_the_threshold_that_cost_least_is_found_on_other_rows_by_trying_every_one(supplied: Make, scope: str) -> None:
    evidence = beside(supplied, scope)
    other = (evidence.train if scope == "train" else evidence.out_of_fold).sample
    found = decisions(evidence, (), COSTS, GAUGE)
    chosen = measured(found)["cost_threshold/empirical"].value
    tried = [by_hand(other.score >= t, COSTS, other.target) for t in np.arange(-0.005, 1.02, 0.01)]
    assert by_hand(other.score >= chosen, COSTS, other.target) == pytest.approx(min(tried))
    here, there = by_hand(chosen <= SCORE), min(tried)
    assert measured(found)["expected_cost/empirical_threshold"].value == pytest.approx(here)
    assert measured(found)["expected_cost/empirical_threshold/optimism"].value == pytest.approx(here - there)
    assert next(o.scope for o in found.observations if o.id.endswith("cost_threshold/empirical")) == scope


def test_without_other_rows_no_threshold_is_chosen_on_the_very_rows_it_is_measured_on(supplied: Make) -> None:
    found = measured(decisions(rows(supplied), (), COSTS, GAUGE))
    for name in ("cost_threshold/empirical", "expected_cost/empirical_threshold"):
        assert isinstance(found[name], Undefined) and "no other rows" in found[name].reason


def test_out_of_fold_no_row_chooses_its_own_threshold(supplied: Make) -> None:
    rng = np.random.default_rng(1)
    target, score, fold = rng.integers(0, 2, 300), rng.random(300), np.arange(300) % 3 + 1
    evidence = rows(supplied, score, target)
    evidence = replace(evidence, headline=replace(evidence.headline, scope="out_of_fold", fold=fold))
    costs = CostsSpec(false_positive=1, false_negative=1)
    found = measured(decisions(evidence, (), costs, GAUGE))
    label = np.zeros(300, dtype=int)
    for k in (1, 2, 3):
        edges = np.unique(np.append(score[fold != k], 1.1))
        each = [by_hand(score[fold != k] >= t, costs, target[fold != k]) for t in edges]
        label[fold == k] = score[fold == k] >= edges[int(np.argmin(each))]
    # On scores that say nothing the best threshold is luck, which the honest figure does not take along.
    assert found["expected_cost/empirical_threshold"].value == pytest.approx(by_hand(label, costs, target), abs=0.03)
    assert found["expected_cost/empirical_threshold/optimism"].value > 0


def net_benefit(target: Any, score: Any, at: float) -> float:
    """Vickers and Elkin (2006), row by row."""
    total = 0.0
    for truth, probability in zip(target, score, strict=True):
        if probability >= at:
            total += 1 if truth else -at / (1 - at)
    return total / len(target)


def test_net_benefit_is_that_of_a_loop_over_rows(supplied: Make) -> None:
    told = decisions(rows(supplied, threshold=0.4), (), None, GAUGE)
    found = measured(told)
    assert found["net_benefit"].value == pytest.approx(net_benefit(TARGET, SCORE, 0.4))
    everybody = net_benefit(TARGET, np.ones(400), 0.4)
    assert found["net_benefit/all_positive"].value == pytest.approx(everybody)
    assert found["net_benefit/all_positive/difference"].value == pytest.approx(found["net_benefit"].value - everybody)
    curves = told.curves["net_benefit"]
    for x, y in zip(curves[""].x, curves[""].y, strict=True):
        assert y == pytest.approx(net_benefit(TARGET, SCORE, x))
    for x, y in zip(curves["treat all"].x, curves["treat all"].y, strict=True):
        assert y == pytest.approx(net_benefit(TARGET, np.ones(400), x))
    assert set(curves["treat none"].y) == {0.0}
    assert all(low <= y <= high for low, y, high in zip(curves[""].low, curves[""].y, curves[""].high, strict=True))


def test_treating_all_is_worth_nothing_where_the_threshold_is_the_base_rate(supplied: Make) -> None:
    found = measured(decisions(rows(supplied, threshold=float(TARGET.mean())), (), None, GAUGE))
    assert found["net_benefit/all_positive"].value == pytest.approx(0.0, abs=1e-12)


def test_a_peer_is_weighed_at_the_threshold_of_the_model(supplied: Make) -> None:
    ours, theirs = rows(supplied), rows(supplied, np.sqrt(SCORE), threshold=0.5)
    rival = Peer(PeerFacts(name="challenger", type="other"), theirs.headline.sample)
    found = measured(decisions(ours, (rival,), COSTS, GAUGE))
    value = net_benefit(TARGET, SCORE, 0.5) - net_benefit(TARGET, np.sqrt(SCORE), 0.5)
    assert found["net_benefit/challenger/difference"].value == pytest.approx(value)
    value = by_hand(SCORE >= 0.5) - by_hand(np.sqrt(SCORE) >= 0.5)
    assert found["expected_cost/challenger/difference"].value == pytest.approx(value)
    turned = measured(decisions(theirs, (replace(rival, sample=ours.headline.sample),), COSTS, GAUGE))
    for name in ("net_benefit", "expected_cost"):
        one, other = found[f"{name}/challenger/difference"], turned[f"{name}/challenger/difference"]
        assert (one.value, one.low, one.high) == pytest.approx((-other.value, -other.high, -other.low))


def test_the_threshold_table_is_that_of_scikit_learn(supplied: Make) -> None:
    table = decisions(rows(supplied, threshold=0.35), (), COSTS, GAUGE).curves["threshold_table"]
    assert 0.35 in table["precision"].x
    for name, score in (("precision", precision_score), ("true_positive_rate", recall_score), ("f1", f1_score)):
        for at, value, low, high in zip(table[name].x, table[name].y, table[name].low, table[name].high, strict=True):
            assert value == pytest.approx(score(TARGET, at <= SCORE, zero_division=0))
            assert low <= value <= high
    for at, value in zip(table["expected_cost"].x, table["expected_cost"].y, strict=True):
        assert value == pytest.approx(by_hand(at <= SCORE))
    assert 10 <= len(table["predicted_positive_rate"].x) <= 13


def test_a_weight_of_two_is_the_row_twice_and_weights_of_one_are_none(supplied: Make) -> None:
    twice = decisions(rows(supplied, weight=np.full(400, 2.0)), (), COSTS, GAUGE)
    doubled = decisions(rows(supplied, np.tile(SCORE, 2), np.tile(TARGET, 2)), (), COSTS, GAUGE)
    ones = decisions(rows(supplied, weight=np.ones(400)), (), COSTS, GAUGE)
    assert measured(twice) == measured(doubled)
    assert twice.curves == doubled.curves
    assert measured(ones) == measured(decisions(rows(supplied), (), COSTS, GAUGE))
    sampled = measured(decisions(rows(supplied, weight=np.full(400, 9.0), weight_kind="sampling"), (), COSTS, GAUGE))
    plain = measured(ones)
    for name in ("expected_cost", "net_benefit"):
        one, other = sampled[name], plain[name]
        assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high))
        assert one.method == "mover_wilson_effective_n"


@pytest.mark.parametrize(
    "change",
    [
        {"score": None, "label": TARGET},
        {"score": np.full(400, 0.5)},
        {"target": np.ones(400, dtype=int)},
        {"score": np.where(np.arange(400) == 3, np.nan, SCORE)},
        {"weight": np.zeros(400)},
        {"weight": np.where(TARGET == 1, 0.0, 1.0)},
        {"threshold": None},
        {"threshold": 0.0},
        {"threshold": 1.0},
        {"threshold": 7.0},
    ],
    ids=lambda change: "-".join(change),
)
@pytest.mark.filterwarnings("error")
def test_odd_rows_give_a_value_or_a_reason(supplied: Make, change: dict[str, Any]) -> None:
    found = decisions(rows(supplied, **change), (), COSTS, GAUGE)
    assert all(isinstance(m, Exact | Estimate | Undefined) for m in measured(found).values())
    for curves in found.curves.values():
        for curve in curves.values():
            assert np.isfinite([*curve.x, *curve.y, *(curve.low or ()), *(curve.high or ())]).all()


def test_scores_that_are_no_probabilities_have_no_net_benefit_and_it_is_said(supplied: Make) -> None:
    evidence = rows(supplied, 300 + 500 * SCORE, threshold=600)
    sample = replace(evidence.headline.sample, probability=False)
    evidence = replace(evidence, headline=replace(evidence.headline, sample=sample))
    found = decisions(evidence, (), COSTS, GAUGE)
    assert not any("net_benefit" in o.id for o in found.observations)
    assert "the scores are no probabilities" in found.notes[0]
    assert isinstance(measured(found)["cost_threshold/theory"], Undefined)
    assert "net_benefit" not in found.curves and "cost" in found.curves


def test_a_whole_stage_tells_of_costs_where_the_spec_names_them(evidence: Make, plan: Make, heard: Any) -> None:
    rng = np.random.default_rng(0)
    features = pd.DataFrame(rng.normal(size=(300, 2)), columns=["a", "b"])
    target = np.where(features["a"] + rng.normal(size=300) > 0, "yes", "no")
    made = plan()
    model = LogisticRegression().fit(features, target)
    halves = [(features.iloc[i : i + 150].reset_index(drop=True), target[i : i + 150]) for i in (0, 150)]
    found = evidence(model, task="binary", classes=("no", "yes"), test=halves[1], train=halves[0], plan=made)
    section, observations = measure(found, made, heard)
    assert [m.name for m in section.decisions] == ["net_benefit"]
    assert not any("cost" in o.id for o in observations)
    spec = made.spec.model_copy(update={"decision": DecisionSpec(costs=COSTS)})
    section, observations = measure(found, made.model_copy(update={"spec": spec}), heard)
    assert [m.name for m in section.decisions] == ["expected_cost", "net_benefit"]
    names = {o.id for o in observations}
    assert {"performance/expected_cost", "performance/expected_cost/baseline/difference"} <= names
    assert section.curves["cost"][""].method == "mover_wilson"
