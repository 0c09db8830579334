"""Fairlearn's MetricFrame agrees on random tables with ties, weights, absent classes and groups of one."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pytest
from fairlearn.metrics import (
    MetricFrame,
    demographic_parity_difference,
    demographic_parity_ratio,
    equal_opportunity_difference,
    equalized_odds_difference,
    equalized_odds_ratio,
    false_negative_rate,
    false_positive_rate,
    mean_prediction,
    selection_rate,
    true_negative_rate,
    true_positive_rate,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    brier_score_loss,
    log_loss,
    mean_absolute_error,
    precision_score,
    roc_auc_score,
)

from audit.catalogue import load
from audit.declarations.metric import Sample
from audit.estimation.estimate import estimate
from audit.records.measured import Estimate, Exact, Undefined
from audit.records.spec import IntervalSpec

# fairlearn's or scikit-learn's function, and the rows that it needs one of each of: without them we say undefined,
# and they say 0 or nothing.
RATES = {
    "selection_rate": (selection_rate, ()),
    "true_positive_rate": (true_positive_rate, ("positive",)),
    "false_negative_rate": (false_negative_rate, ("positive",)),
    "false_positive_rate": (false_positive_rate, ("negative",)),
    "true_negative_rate": (true_negative_rate, ("negative",)),
    "precision": (partial(precision_score, zero_division=0), ("selected",)),
    "accuracy": (accuracy_score, ()),
    "balanced_accuracy": (balanced_accuracy_score, ("positive", "negative")),
    "brier_score": (brier_score_loss, ()),
    "log_loss": (partial(log_loss, labels=[0, 1]), ()),
    "roc_auc": (roc_auc_score, ("positive", "negative")),
}
OF_SCORES = ("brier_score", "log_loss", "roc_auc")
NEEDED = {
    "positive": lambda table: table.target == 1,
    "negative": lambda table: table.target == 0,
    "selected": lambda table: table.label == 1,
}


@dataclass
class Rows:
    group: np.ndarray
    other: np.ndarray
    target: np.ndarray
    label: np.ndarray
    score: np.ndarray
    weight: np.ndarray | None
    kind: str = "frequency"

    def of(self, rows):
        weight = None if self.weight is None else self.weight[rows]
        columns = (self.group, self.other, self.target, self.label, self.score)
        return Rows(*(column[rows] for column in columns), weight, self.kind)

    @property
    def mass(self):
        return np.ones(len(self.group)) if self.weight is None else self.weight


@st.composite
def tables(draw):
    """Few rows, so that classes are absent, groups have one row, scores are tied and weights leave groups empty."""
    n, groups = draw(st.integers(1, 40)), draw(st.integers(1, 4))
    kind = draw(st.sampled_from(["none", "frequency", "sampling"]))
    base, rng = draw(st.sampled_from([0.1, 0.5, 1.0])), np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    names = [*"abcd"[:groups], *(["unknown"] if draw(st.booleans()) else [])]
    weight = rng.integers(0, 4, n).astype(float) if kind == "frequency" else rng.integers(0, 9, n) / 4
    weight[rng.integers(n)] = 1.0
    return Rows(
        group=rng.choice(names, n),
        other=rng.choice(["x", "y"], n),
        target=(rng.random(n) < base).astype(int),
        label=(rng.random(n) < draw(st.sampled_from([0.0, 0.3, 0.8]))).astype(int),
        score=rng.integers(0, 5, n) / 8 + 0.25,
        weight=None if kind == "none" else weight,
        kind="sampling" if kind == "sampling" else "frequency",
    )


def frame(names, table, sensitive):
    metrics = {name: RATES[name][0] for name in names}
    params = {"sample_params": {name: {"sample_weight": table.weight} for name in names}}
    return MetricFrame(
        metrics=metrics,
        y_true=table.target,
        y_pred=table.score if names[0] in OF_SCORES else table.label,
        sensitive_features=sensitive,
        **({} if table.weight is None else params),
    )


def close(measured, expected):
    return not isinstance(measured, Undefined) and measured.value == pytest.approx(expected, abs=1e-12)


def is_defined(name, table):
    return all((table.mass[NEEDED[need](table)] > 0).any() for need in RATES[name][1]) and table.mass.sum() > 0


def measured_of(table, names, make_evidence, make_plan, found):
    evidence = make_evidence(
        {"g": table.group.tolist(), "h": table.other.tolist()},
        target=table.target,
        label=table.label,
        score=table.score,
        probability=True,
        weight=table.weight,
        weight_kind=table.kind,
    )
    fairness = {"metrics": list(names), "flip": False, "proxies": False}
    plan = make_plan(["g"], intersections=(("g", "h"),), resamples=100, fairness=fairness)
    return found(evidence, plan)[1]


def agrees(table, names, by_id):
    """Assert that our groups, gaps and ratios are fairlearn's, and scikit-learn's, on the rows that weigh anything."""
    weighing = table.of(table.mass > 0)
    each = {value: weighing.of(weighing.group == value) for value in set(table.group)}
    defined = {name: {value for value, rows in each.items() if is_defined(name, rows)} for name in names}
    frames = {}
    for name in names:
        for value in set(table.group) - defined[name]:
            assert isinstance(by_id[f"fairness/{name}/g={value}"], Undefined), (name, value)
        if not defined[name]:
            continue
        # Rates that have a value in the same groups share a frame, which is what takes the time.
        alike = tuple(n for n in names if defined[n] == defined[name])
        if alike not in frames:
            rows = weighing.of(np.isin(weighing.group, [*defined[name]]))
            frames[alike] = frame(alike, rows, {"g": rows.group})
        by_group = frames[alike].by_group[name]
        for value in defined[name]:
            assert close(by_id[f"fairness/{name}/g={value}"], by_group[value]), (name, value)
        _gaps_agree(name, by_group.drop("unknown", errors="ignore"), frames[alike], by_id)


def _gaps_agree(name, by_group, whole, by_id):
    gap, ratio = (by_id[f"fairness/{name}/g/{form}"] for form in ("difference", "ratio"))
    if len(by_group) < 2:
        assert isinstance(gap, Undefined) and isinstance(ratio, Undefined), name
        return
    same = len(by_group) == len(whole.by_group)
    expected = whole.difference()[name] if same else by_group.max() - by_group.min()
    assert close(gap, expected), name
    assert gap.low <= gap.value <= gap.high
    if by_group.max():
        assert close(ratio, whole.ratio()[name] if same else by_group.min() / by_group.max()), name
    else:
        assert isinstance(ratio, Undefined), name


@given(
    table=tables(), names=st.lists(st.sampled_from([n for n in RATES if n not in OF_SCORES]), min_size=3, max_size=3)
)
@settings(max_examples=420, deadline=None)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning", "ignore:y_pred contains classes")
def test_rates_and_gaps(table, names, make_evidence, make_plan, found):
    names = tuple(dict.fromkeys(names))
    by_id = measured_of(table, names, make_evidence, make_plan, found)
    agrees(table, names, by_id)
    overall = Sample(
        target=table.target, label=table.label, weight=table.weight, weight_kind=table.kind, classes=2, positive=1
    )
    for name in names:
        if is_defined(name, table):
            weighing = table.of(table.mass > 0)
            expected = RATES[name][0](weighing.target, weighing.label, sample_weight=weighing.weight)
            assert close(estimate(load("metrics", name), overall, IntervalSpec(resamples=100), 0), expected)


@given(table=tables())
@settings(max_examples=80, deadline=None)
def test_scores_with_ties(table, make_evidence, make_plan, found):
    agrees(table, OF_SCORES, measured_of(table, OF_SCORES, make_evidence, make_plan, found))


@given(table=tables())
@settings(max_examples=30, deadline=None)
def test_intersections(table, make_evidence, make_plan, found):
    by_id = measured_of(table, ["selection_rate"], make_evidence, make_plan, found)
    pairs = set(zip(table.group, table.other, strict=True))
    for g, h in pairs:
        rows = table.of((table.group == g) & (table.other == h))
        count = (rows.mass > 0).sum() if table.kind == "sampling" else rows.mass.sum()
        key = f"g={g}&h={h}"
        if rows.mass.sum():
            assert close(by_id[f"fairness/selection_rate/{key}"], np.average(rows.label, weights=rows.mass))
            assert by_id[f"fairness/selection_rate/{key}"].n == count
        else:
            assert isinstance(by_id[f"fairness/selection_rate/{key}"], Undefined)
    assert sum(id.startswith("fairness/count/g=") and "&" in id for id in by_id) == len(pairs)


FIXED = Rows(
    group=np.array([*"aaaabbbbbb", "unknown", "unknown"]),
    other=np.array([*"xy" * 6]),
    target=np.array([1, 1, 1, 1, 0, 0, 1, 1, 0, 1, 1, 0]),
    label=np.array([1, 1, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1]),
    score=np.arange(12) / 12,
    weight=np.arange(1.0, 13.0),
)
DOUBLES = {
    "a label is misread": lambda rows: replace(rows, label=np.r_[1 - rows.label[:1], rows.label[1:]]),
    "a true label is misread": lambda rows: replace(rows, target=np.r_[1 - rows.target[:1], rows.target[1:]]),
    "weights are ignored": lambda rows: replace(rows, weight=None),
    "a row is in the wrong group": lambda rows: replace(rows, group=np.r_[["b"], rows.group[1:]]),
    "rows of unknown group are compared": lambda rows: replace(
        rows, group=np.where(rows.group == "unknown", "c", rows.group)
    ),
    "scores are put in order of the rows": lambda rows: replace(rows, score=rows.score[::-1]),
}


@pytest.mark.parametrize("double", DOUBLES)
def test_a_bad_double_is_noticed(double, make_evidence, make_plan, found):
    names = ("selection_rate", "true_positive_rate", "false_positive_rate", "precision")
    names = OF_SCORES if "scores" in double else names
    good = measured_of(FIXED, names, make_evidence, make_plan, found)
    agrees(FIXED, names, good)
    bad = measured_of(DOUBLES[double](FIXED), names, make_evidence, make_plan, found)
    with pytest.raises((AssertionError, KeyError)):
        agrees(FIXED, names, bad)


@pytest.mark.parametrize(
    ("id", "change"),
    [
        # Group a has no negatives: 0 for what has no trials is what others say, and what we must not.
        ("fairness/false_positive_rate/g=a", lambda m: Estimate(value=0, low=0, high=1, level=0.95, method="m", n=0)),
        ("fairness/selection_rate/g/ratio", lambda m: m.model_copy(update={"value": 1 / m.value})),
        ("fairness/selection_rate/g/difference", lambda m: m.model_copy(update={"value": -m.value})),
        ("fairness/selection_rate/g/difference", lambda m: m.model_copy(update={"low": m.value + 0.01})),
        ("fairness/false_positive_rate/g/difference", lambda m: Exact(value=0, n=1)),
    ],
)
def test_a_bad_value_is_noticed(id, change, make_evidence, make_plan, found):
    names = ("selection_rate", "false_positive_rate")
    good = measured_of(FIXED, names, make_evidence, make_plan, found)
    with pytest.raises(AssertionError):
        agrees(FIXED, names, good | {id: change(good[id])})


@given(table=tables())
@settings(max_examples=12, deadline=None)
def test_named_disparities(table, make_evidence, make_plan, found):
    # Every group gets each cell of its confusion matrix, so that every rate is defined and above 0.
    group, target = np.concatenate([table.group, list("abcd" * 4)]), np.concatenate([table.target, [0] * 8, [1] * 8])
    label = np.concatenate([table.label, [0] * 4, [1] * 4, [0] * 4, [1] * 4])
    group = np.where(group == "unknown", "a", group)
    weight = None if table.weight is None else np.concatenate([table.weight, np.ones(16)])
    evidence = make_evidence({"g": group.tolist()}, target=target, label=label, weight=weight, weight_kind=table.kind)
    _, by_id = found(evidence, make_plan(["g"], fairness={"metrics": PARTS, "proxies": False}))
    for name, form, compute in DISPARITIES:
        expected = compute(target, label, sensitive_features=group, sample_weight=weight)
        assert close(by_id[f"fairness/{name}/g/{form}"], expected)


PARTS = ["selection_rate", "true_positive_rate", "false_positive_rate"]
DISPARITIES = (
    ("demographic_parity", "difference", demographic_parity_difference),
    ("demographic_parity", "ratio", demographic_parity_ratio),
    ("equalized_odds", "difference", equalized_odds_difference),
    ("equalized_odds", "ratio", equalized_odds_ratio),
    ("equal_opportunity", "difference", equal_opportunity_difference),
)


def test_regression_by_group(make_evidence, make_plan, found):
    rng = np.random.default_rng(3)
    group, target = rng.choice(list("abc"), 90), rng.normal(5, 1, 90)
    score = target + rng.normal(0, 1, 90)
    evidence = make_evidence({"g": group.tolist()}, target=target, score=score, task="regression")
    _, by_id = found(evidence, make_plan(["g"]))
    metrics = {"mean_absolute_error": mean_absolute_error, "mean_prediction": mean_prediction}
    measured = MetricFrame(metrics=metrics, y_true=target, y_pred=score, sensitive_features={"g": group})
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
