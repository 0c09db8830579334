"""Fairlearn's MetricFrame agrees on random tables with ties, weights, absent classes and groups of one."""

from collections import Counter

import numpy as np
import pytest
from fairlearn.metrics import (
    MetricFrame,
    demographic_parity_difference,
    demographic_parity_ratio,
    equal_opportunity_difference,
    equalized_odds_difference,
    equalized_odds_ratio,
    false_positive_rate,
    mean_prediction,
    selection_rate,
    true_positive_rate,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import mean_absolute_error, precision_score

from audit.records.measured import Undefined

RATES = {
    "selection_rate": selection_rate,
    "true_positive_rate": true_positive_rate,
    "false_positive_rate": false_positive_rate,
    "precision": precision_score,
}
# What has no trials in a group: we say undefined, scikit-learn and fairlearn say 0.
TRIALS = {
    "true_positive_rate": lambda t, p: (t == 1).any(),
    "false_positive_rate": lambda t, p: (t == 0).any(),
    "precision": lambda t, p: (p == 1).any(),
}


@st.composite
def tables(draw):
    n = draw(st.integers(4, 40))
    cells = st.tuples(
        st.sampled_from("abcd"), st.sampled_from("xy"), st.integers(0, 1), st.integers(0, 1), st.integers(1, 4)
    )
    rows = draw(st.lists(cells, min_size=n, max_size=n))
    group, other, target, label, weight = (np.array(column) for column in zip(*rows, strict=True))
    return group, other, target, label, weight if draw(st.booleans()) else None


def frame(metrics, target, label, weight, sensitive):
    params = {} if weight is None else {"sample_params": {name: {"sample_weight": weight} for name in metrics}}
    return MetricFrame(metrics=metrics, y_true=target, y_pred=label, sensitive_features=sensitive, **params)


def close(measured, expected):
    return not isinstance(measured, Undefined) and measured.value == pytest.approx(expected, abs=1e-12)


@given(table=tables())
@settings(max_examples=200, deadline=None)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
def test_rates_gaps_and_disparities(table, make_evidence, make_plan, found):
    group, other, target, label, weight = table
    if set(target) != {0, 1}:
        target[0], target[1] = 0, 1
    evidence = make_evidence({"g": group.tolist(), "h": other.tolist()}, target=target, label=label, weight=weight)
    plan = make_plan(["g"], intersections=(("g", "h"),), resamples=100, fairness={"metrics": list(RATES)})
    _, by_id = found(evidence, plan)
    measured = frame(RATES, target, label, weight, {"g": group})
    defined = {name: set() for name in RATES}
    for name in RATES:
        for value in set(group):
            here = group == value
            one = by_id[f"fairness/{name}/g={value}"]
            if name in TRIALS and not TRIALS[name](target[here], label[here]):
                assert isinstance(one, Undefined)
            else:
                defined[name].add(value)
                assert close(one, measured.by_group.loc[value, name])
    for name in RATES:
        gap = by_id[f"fairness/{name}/g/difference"]
        if len(defined[name]) < 2:
            assert isinstance(gap, Undefined)
        elif defined[name] == set(group):
            assert close(gap, measured.difference()[name])
            assert gap.low <= gap.value <= gap.high
            if measured.group_max()[name]:
                assert close(by_id[f"fairness/{name}/g/ratio"], measured.ratio()[name])
    for (g, h), w in pairs_of(group, other, weight).items():
        assert by_id[f"fairness/count/g={g}&h={h}"].value == w
        here = (group == g) & (other == h)
        expected = np.average(label[here], weights=None if weight is None else weight[here])
        assert close(by_id[f"fairness/selection_rate/g={g}&h={h}"], expected)
    assert sum(id.startswith("fairness/count/g=") and "&" in id for id in by_id) == len(pairs_of(group, other, weight))


def pairs_of(group, other, weight):
    pairs = Counter()
    for g, h, w in zip(group, other, np.ones(len(group), int) if weight is None else weight, strict=True):
        pairs[g, h] += w
    return pairs


@given(table=tables())
@settings(max_examples=20, deadline=None)
def test_named_disparities(table, make_evidence, make_plan, found):
    group, _, target, label, weight = table
    # Every group gets each cell of its confusion matrix, so that every rate is defined and above 0.
    group, target = np.concatenate([group, list("abcd" * 4)]), np.concatenate([target, [0] * 8, [1] * 8])
    label = np.concatenate([label, [0] * 4, [1] * 4, [0] * 4, [1] * 4])
    weight = None if weight is None else np.concatenate([weight, np.ones(16, int)])
    _, by_id = found(make_evidence({"g": group.tolist()}, target=target, label=label, weight=weight), make_plan(["g"]))
    for name, form, compute in DISPARITIES:
        expected = compute(target, label, sensitive_features=group, sample_weight=weight)
        assert close(by_id[f"fairness/{name}/g/{form}"], expected)


DISPARITIES = (
    ("demographic_parity", "difference", demographic_parity_difference),
    ("demographic_parity", "ratio", demographic_parity_ratio),
    ("equalized_odds", "difference", equalized_odds_difference),
    ("equalized_odds", "ratio", equalized_odds_ratio),
    ("equal_opportunity", "difference", equal_opportunity_difference),
)


def test_a_wrong_rate_is_noticed(make_evidence, make_plan, found):
    # The known-bad double: labels of one row flipped must break the agreement that the test above asserts.
    group, target, label = list("aabb"), [0, 1, 0, 1], np.array([0, 1, 1, 1])
    _, by_id = found(make_evidence({"g": group}, target=target, label=label), make_plan(["g"]))
    label[0] = 1
    wrong = frame({"selection_rate": selection_rate}, target, label, None, {"g": group}).by_group
    assert not close(by_id["fairness/selection_rate/g=a"], wrong.loc["a", "selection_rate"])


def test_regression_by_group(make_evidence, make_plan, found):
    rng = np.random.default_rng(3)
    group, target = rng.choice(list("abc"), 90), rng.normal(5, 1, 90)
    score = target + rng.normal(0, 1, 90)
    evidence = make_evidence({"g": group.tolist()}, target=target, score=score, task="regression")
    _, by_id = found(evidence, make_plan(["g"]))
    metrics = {"mean_absolute_error": mean_absolute_error, "mean_prediction": mean_prediction}
    measured = frame(metrics, target, score, None, {"g": group})
    for name in metrics:
        for value in "abc":
            assert close(by_id[f"fairness/{name}/g={value}"], measured.by_group.loc[value, name])
        assert close(by_id[f"fairness/{name}/g/difference"], measured.difference()[name])
    assert close(by_id["fairness/mean_absolute_error/g/ratio"], measured.ratio()["mean_absolute_error"])
    assert "fairness/mean_error/g/ratio" not in by_id  # it may be negative
    assert not any("selection" in id for id in by_id)


def test_gaps_of_scores_stay_inside_their_bounds(make_evidence, make_plan, found):
    rng = np.random.default_rng(9)
    group, score = rng.choice(list("ab"), 120), rng.random(120)
    target = (rng.random(120) < score).astype(int)
    made = {"target": target, "label": (score >= 0.5).astype(int), "score": score, "probability": True}
    _, by_id = found(make_evidence({"g": group.tolist()}, **made), make_plan(["g"]))
    ratios = {id: m for id, m in by_id.items() if id.endswith("/g/ratio") and not isinstance(m, Undefined)}
    assert len(ratios) > 20
    assert [id for id, m in ratios.items() if not 0 <= m.low <= m.value <= m.high <= 1] == []


def test_scores_by_group(make_evidence, make_plan, found):
    from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

    rng = np.random.default_rng(4)
    group, score = rng.choice(list("ab"), 200), rng.random(200)
    target = (rng.random(200) < score).astype(int)
    evidence = make_evidence(
        {"g": group.tolist()}, target=target, label=(score >= 0.5).astype(int), score=score, probability=True
    )
    _, by_id = found(evidence, make_plan(["g"]))
    for name, compute in {"roc_auc": roc_auc_score, "brier_score": brier_score_loss, "log_loss": log_loss}.items():
        values = [compute(target[group == g], score[group == g]) for g in "ab"]
        assert [by_id[f"fairness/{name}/g={g}"].value for g in "ab"] == pytest.approx(values, abs=1e-9)
        gap = by_id[f"fairness/{name}/g/difference"]
        assert gap.value == pytest.approx(abs(values[0] - values[1]), abs=1e-9)
        assert gap.low <= gap.value <= gap.high
