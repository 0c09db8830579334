"""Importance of groups, within like rows, and without a column: against closed forms, arithmetic and refits by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.compose import make_column_transformer
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeRegressor


class Formula(RegressorMixin, BaseEstimator):
    def __init__(self, formula: Callable[[pd.DataFrame], Any]) -> None:
        self.formula = formula

    def fit(self, X: pd.DataFrame, y: Any = None) -> Formula:
        self.feature_names_in_, self.n_features_in_ = np.array(X.columns, dtype=object), X.shape[1]
        return self

    def predict(self, X: pd.DataFrame) -> Any:
        return np.asarray(self.formula(X), dtype=float)


def found(run: Callable[..., Any], name: str, *args: Any, **more: Any) -> tuple[Any, dict[str, Any]]:
    section, observations = run(*args, spec={"methods": [name], **more.pop("spec", {})}, **more)
    return section.methods[0], {o.id.rpartition("/")[2].removeprefix("group="): o.measured for o in observations}


def correlated(n: int = 1000, r: float = 0.9, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    a, b, c = rng.normal(size=(3, n))
    return pd.DataFrame({"a": a, "b": r * a + np.sqrt(1 - r**2) * b, "c": c})


def test_a_group_is_shuffled_as_one(run: Callable[..., Any]) -> None:
    # Two equal columns that the model takes from each other: each alone matters, both together do not.
    frame = correlated(r=1.0)
    model = Formula(lambda x: x.a - x.b + x.c).fit(frame)
    y = frame.c.to_numpy()
    facts, values = found(run, "grouped_importance", model, frame, y)
    assert facts.groups == {"a + b": ("a", "b")} and set(values) == {"a + b", "c"}
    assert values["a + b"].value == pytest.approx(0, abs=1e-12)
    _, alone = found(run, "permutation_importance", model, frame, y)
    assert alone["a"].low > 0.5 and alone["b"].low > 0.5
    # Told by the spec, and a lone column is what scikit-learn says of it.
    facts, values = found(run, "grouped_importance", model, frame, y, spec={"groups": {"pair": ["b", "c"]}})
    assert facts.groups == {"pair": ("b", "c")} and set(values) == {"pair", "a"}
    theirs = permutation_importance(model, frame, y, scoring="neg_mean_absolute_error", n_repeats=40, random_state=0)
    assert values["a"].value == pytest.approx(theirs.importances_mean[0], rel=0.05)
    assert values["a"].low < theirs.importances_mean[0] < values["a"].high


def test_without_groups_there_is_nothing_to_shuffle(run: Callable[..., Any]) -> None:
    frame = correlated(r=0.0)
    facts, values = found(run, "grouped_importance", Formula(lambda x: x.a).fit(frame), frame, frame.a.to_numpy())
    assert facts.status == "not_run" and "attribution.groups" in facts.reason and not values


@pytest.mark.parametrize("r", [0.0, 0.6, 0.9])
def test_what_other_columns_say_is_left_in_place(r: float, run: Callable[..., Any]) -> None:
    # y is a; a value drawn anew among like rows is off by |N(0, 2 (1 - r^2))|, of mean 2 sqrt((1 - r^2) / pi).
    frame = correlated(3000, r)
    model = Formula(lambda x: x.a).fit(frame)
    facts, values = found(
        run, "conditional_importance", model, frame, frame.a.to_numpy(), spec={"rows": 3000, "budget": 60_000}
    )
    expected = 2 * np.sqrt((1 - r**2) / np.pi)
    assert values["a"].value == pytest.approx(expected, rel=0.06)
    assert (values["b"].value, values["c"].value) == (0, 0)
    if r == 0.9:
        _, plain = found(run, "permutation_importance", model, frame, frame.a.to_numpy())
        assert plain["a"].low > 2 * values["a"].value  # a double that shuffles freely would be told
    assert facts.features[0] == "a"


def test_a_decoy_of_the_cause_is_told_from_it(run: Callable[..., Any]) -> None:
    # The model is fitted on cause and decoy; the decoy adds nothing to what the cause says.
    rng = np.random.default_rng(1)
    frame = correlated(1000, 0.95).assign(kind=rng.choice(["x", "y"], 1000))
    y = 2 * frame.a.to_numpy() + rng.normal(size=1000)
    encode = make_column_transformer((OneHotEncoder(), ["kind"]), remainder="passthrough")
    model = make_pipeline(encode, DecisionTreeRegressor(min_samples_leaf=20, random_state=0)).fit(frame, y)
    _, plain = found(run, "permutation_importance", model, frame, y)
    _, values = found(run, "conditional_importance", model, frame, y)
    assert values["a"].value < plain["a"].value / 2 and values["a"].low > 0
    assert abs(values["b"].value) < plain["a"].value / 10
    assert values["kind"].value == pytest.approx(plain["kind"].value, abs=0.05)


def test_dropping_a_column_is_fitting_without_it(run: Callable[..., Any], evidence: Any, measure_evidence: Any) -> None:
    rng = np.random.default_rng(2)
    train, test = correlated(400, 0.8, 1), correlated(300, 0.8, 2)
    y, truth = (2 * f.a + f.b + rng.normal(size=len(f)) for f in (train, test))
    model = LinearRegression().fit(train, y)
    facts, values = dropped(evidence, measure_evidence, model, train, y, test, truth)
    before = np.abs(model.predict(test) - truth)
    for name in train.columns:
        kept = [c for c in train.columns if c != name]
        after = np.abs(LinearRegression().fit(train[kept], y).predict(test[kept]) - truth)
        assert values[name].value == pytest.approx((after - before).mean(), abs=1e-9)
        assert values[name].low < values[name].value < values[name].high
    assert facts.scale == "increase in mean absolute error" and "4 models" in facts.notes[0]
    assert facts.features[0] == "a"


def test_pipelines_classes_and_few_refits(evidence: Any, measure_evidence: Any) -> None:
    rng = np.random.default_rng(3)
    train, test = (correlated(300, 0.2, s).assign(kind=rng.choice(["x", "y", "z"], 300)) for s in (1, 2))
    y, truth = ((f.a + 2 * (f.kind == "x") + rng.normal(size=300) > 0.5).astype(int) for f in (train, test))
    encode = make_column_transformer((OneHotEncoder(), ["kind"]), remainder="passthrough")
    model = make_pipeline(encode, LogisticRegression()).fit(train, y)
    facts, values = dropped(evidence, measure_evidence, model, train, y, test, truth.to_numpy())
    assert facts.features[:2] in (("a", "kind"), ("kind", "a")) and values["kind"].low > 0
    facts, values = dropped(evidence, measure_evidence, model, train, y, test, truth.to_numpy(), refits=3)
    assert set(values) == {"a", "kind"} and "Left out" in facts.notes[1] and "b, c" in facts.notes[1]


def test_drop_column_needs_a_training_table(run: Callable[..., Any]) -> None:
    frame = correlated(100)
    facts, _ = found(run, "drop_column", LinearRegression().fit(frame, frame.a), frame, frame.a.to_numpy())
    assert facts.status == "not_run" and "data.train" in facts.reason


def dropped(
    evidence: Any, measure_evidence: Any, model: Any, train: Any, y: Any, test: Any, truth: Any, **spec: Any
) -> tuple[Any, dict[str, Any]]:
    from dataclasses import replace

    whole = evidence(model, test, np.asarray(truth), train=train)
    labelled = replace(whole.subject.train, target_raw=pd.Series(np.asarray(y)), target=np.asarray(y))
    whole = replace(whole, subject=replace(whole.subject, train=labelled))
    section, observations = measure_evidence(whole, methods=["drop_column"], **spec)
    return section.methods[0], {o.id.rpartition("/")[2]: o.measured for o in observations}
