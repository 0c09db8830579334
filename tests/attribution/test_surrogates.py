"""Surrogates: what they say of a model that is one of them, of one that is not, and how they are tried."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from audit.attribution.surrogates import explained_share

NAMES = ["surrogate_tree", "surrogate_rules", "surrogate_linear"]


def data(n: int = 900, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, 3)), columns=["a", "b", "c"])
    return frame, (2 * frame.a - frame.b + rng.normal(size=n)).to_numpy()


def found(run: Callable[..., Any], *args: Any, methods: list[str] = NAMES, **more: Any) -> tuple[dict[str, Any], Any]:
    section, observations = run(*args, spec={"methods": methods, **more.pop("spec", {})}, **more)
    return {m.name: m for m in section.methods}, {o.id.removeprefix("attribution/"): o.measured for o in observations}


def test_a_tree_is_followed_wholly_by_a_tree_and_drawn_as_it_is(run: Callable[..., Any]) -> None:
    frame, _ = data()
    y = np.where(frame.a <= 0.5, np.where(frame.b <= -0.2, 1.0, 2.0), 5.0)
    model = DecisionTreeRegressor().fit(frame, y)
    facts, values = found(run, model, data(seed=1)[0], None, train=frame)
    assert values["surrogate_tree/fidelity"].value == pytest.approx(1, abs=1e-3)
    root, *rest = facts["surrogate_tree"].drawn
    assert root.test.startswith("a ≤ 0.5") or root.test.startswith("a ≤ 0.4")
    leaves = {round(n.value[""], 6): n for n in rest if not n.children}
    assert set(leaves) == {1, 2, 5}
    assert leaves[5].n == int((frame.a > 0.5).sum()) and leaves[5].share == pytest.approx((frame.a > 0.5).mean())
    no = facts["surrogate_tree"].drawn[root.children[1]]
    assert no.value[""] == 5  # yes is the first child, no the second
    # A linear model cannot follow it.
    assert values["surrogate_linear/fidelity"].high < 0.95


def test_a_linear_model_is_followed_wholly_by_weights(run: Callable[..., Any]) -> None:
    frame, y = data()
    model = LinearRegression().fit(frame, y)
    facts, values = found(run, model, data(seed=1)[0], None, train=frame)
    assert values["surrogate_linear/fidelity"].value == pytest.approx(1, abs=1e-9)
    header, *rows = facts["surrogate_linear"].table
    weights = {row[0]: float(row[header.index("weight")]) for row in rows}
    assert weights == {name: pytest.approx(w, rel=1e-3) for name, w in zip(frame, model.coef_, strict=True)}
    assert values["surrogate_tree/fidelity"].high < 0.97


def test_rules_of_the_model_are_found(run: Callable[..., Any]) -> None:
    frame, _ = data(2000)
    both = (frame.a > 0.2) & (frame.b <= 0.4)
    model = DecisionTreeRegressor(random_state=0).fit(frame, 3.0 * both)
    facts, values = found(run, model, data(seed=1)[0], None, train=frame, methods=["surrogate_rules"])
    assert values["surrogate_rules/fidelity"].value > 0.97
    assert values["surrogate_rules/fidelity"].value <= values["surrogate_rules/fidelity/train"].value + 0.02
    header, strongest, *_ = facts["surrogate_rules"].table
    line = dict(zip(header, strongest, strict=True))
    assert line["rule"].startswith("a > 0.") and " and b ≤ 0." in line["rule"]
    assert float(line["adds"]) == pytest.approx(3, abs=0.3)
    assert len(facts["surrogate_rules"].table) <= 13


def test_fidelity_is_told_of_other_rows_than_those_fitted_on(run: Callable[..., Any]) -> None:
    # A model that has learnt noise by heart is followed on its rows by chance, and elsewhere less.
    rng = np.random.default_rng(0)
    frame, other = (pd.DataFrame(rng.normal(size=(400, 6)), columns=list("abcdef")) for _ in range(2))
    model = RandomForestRegressor(20, random_state=0).fit(frame, rng.normal(size=400))
    facts, values = found(run, model, other, None, train=frame, methods=["surrogate_tree"])
    held, seen = values["surrogate_tree/fidelity"], values["surrogate_tree/fidelity/train"]
    assert held.value < seen.value and held.n == 400
    assert "400 of 400 training rows" in " ".join(facts["surrogate_tree"].notes)
    # Without a training table the sampled rows are parted.
    _, alone = found(run, model, other, None, methods=["surrogate_tree"])
    assert alone["surrogate_tree/fidelity"].n == 134 and alone["surrogate_tree/fidelity/train"].n == 266


def test_fidelity_is_what_scikit_learn_calls_r2_and_its_interval_covers() -> None:
    rng = np.random.default_rng(0)
    hits = 0
    for i in range(300):
        model = rng.gamma(2.0, size=(400, 1))
        says = model + rng.normal(size=(400, 1)) * 0.5
        measured: Any = explained_share(model, says, np.ones(400), False, 0.95)
        if not i:
            assert measured.value == pytest.approx(r2_score(model, says))
            double: Any = explained_share(model, says, np.full(400, 2.0), False, 0.95)
            assert double.high - double.low < measured.high - measured.low
        hits += measured.low <= 1 - 0.25 / 2 <= measured.high
    assert hits >= 300 * 0.95 - 3.3 * np.sqrt(300 * 0.95 * 0.05)
    constant = explained_share(np.ones((50, 1)), np.ones((50, 1)), np.ones(50), False, 0.95)
    assert constant.kind == "undefined"


def test_decisions_of_binary_models_pipelines_and_categories(run: Callable[..., Any]) -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {"job": rng.choice(["x", "y", "z"], 800), "flag": rng.random(800) < 0.5, "n": rng.normal(size=800)}
    )
    frame.loc[:50, "n"] = np.nan
    frame["job"] = frame.job.astype("category")
    label = ((frame.job == "x") & (frame.n.fillna(1) > 0)).astype(int).to_numpy()
    encode = make_column_transformer((OneHotEncoder(), ["job"]), remainder="passthrough")
    model = make_pipeline(encode, DecisionTreeClassifier(max_depth=4, random_state=0)).fit(frame, label)
    facts, values = found(run, model, frame, label)
    tests = [node.test for node in facts["surrogate_tree"].drawn if node.test]
    assert "job = x" in tests and any(test.startswith("n ≤ ") for test in tests)
    assert values["surrogate_tree/agreement"].value > 0.97 and values["surrogate_tree/agreement"].high <= 1
    root = facts["surrogate_tree"].drawn[0]
    yes, no = (facts["surrogate_tree"].drawn[i] for i in root.children)
    assert root.test == "job = x" and yes.value[""] > no.value[""]
    assert yes.share == pytest.approx((frame.job[:533] == "x").mean(), abs=0.1)


def test_several_classes_and_scores_without_a_threshold(run: Callable[..., Any]) -> None:
    frame, y = data()
    label = np.digitize(y, [-1, 1])
    model = RandomForestClassifier(10, random_state=0).fit(frame, label)
    facts, values = found(run, model, frame, label)
    assert set(facts["surrogate_tree"].drawn[0].value) == {"0", "1", "2"}
    assert 0.6 < values["surrogate_tree/agreement"].value <= 1
    assert {row[1] for row in facts["surrogate_rules"].table[1:]} == {"0", "1", "2"}
    svm = LinearSVC().fit(frame, y > 0)
    _, values = found(run, svm, frame, y > 0)
    assert values["surrogate_tree/agreement"].kind == "undefined" and values["surrogate_tree/fidelity"].value > 0.5


def test_too_few_rows_are_told(run: Callable[..., Any]) -> None:
    frame, y = data(60)
    facts, values = found(run, LinearRegression().fit(frame, y), frame, y)
    assert {m.status for m in facts.values()} == {"not_run"} and not values
