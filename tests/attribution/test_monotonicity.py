"""Declared directions, against models that keep them and models that do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

NAME = "monotonicity"


class Formula(RegressorMixin, BaseEstimator):
    def __init__(self, formula: Callable[[pd.DataFrame], Any]) -> None:
        self.formula = formula

    def fit(self, X: pd.DataFrame, y: Any = None) -> Formula:
        self.feature_names_in_, self.n_features_in_ = np.array(X.columns, dtype=object), X.shape[1]
        return self

    def predict(self, X: pd.DataFrame) -> Any:
        return np.asarray(self.formula(X), dtype=float)


def found(run: Callable[..., Any], model: Any, frame: pd.DataFrame, **monotone: str) -> tuple[Any, dict[str, Any]]:
    section, observations = run(model, frame, None, spec={"methods": [NAME], "monotone": monotone})
    return section.methods[0], {o.id.removeprefix(f"attribution/{NAME}/"): o.measured for o in observations}


def grid(n: int = 200) -> pd.DataFrame:
    return pd.DataFrame({"a": np.arange(n) % 5.0, "b": np.where(np.arange(n) < 0.3 * n, -1.0, 1.0)})


def test_steps_that_go_the_wrong_way_are_counted(run: Callable[..., Any]) -> None:
    # With b = 1 the prediction rises throughout; with b = -1 it falls by 2 once, from 2 to 3, and rises on.
    model = Formula(lambda x: x.a - 3 * (x.a >= 3) * (x.b < 0)).fit(grid())
    facts, values = found(run, model, grid(), a="increasing")
    assert values["a/wrong_steps"].value == pytest.approx(0.3 / 4)
    assert values["a/rows"].value == pytest.approx(0.3) and values["violation_rate"].value == pytest.approx(0.3)
    assert values["a/rows"].low < 0.3 < values["a/rows"].high and values["a/rows"].n == 200
    assert values["a/largest"].value == pytest.approx(2)
    assert "a: increasing, declared in the spec." in facts.notes
    # The opposite declaration is broken by all other steps.
    _, values = found(run, model, grid(), a="decreasing")
    assert values["a/wrong_steps"].value == pytest.approx(1 - 0.3 / 4)
    assert values["a/largest"].value == pytest.approx(4)


def test_a_direction_that_is_kept_has_a_share_of_zero_and_an_interval_above_it(run: Callable[..., Any]) -> None:
    model = Formula(lambda x: np.exp(x.a) + x.b).fit(grid())
    _, values = found(run, model, grid(), a="increasing", b="increasing")
    assert values["violation_rate"].value == 0 and 0 < values["violation_rate"].high < 0.03
    assert values["a/largest"].value == values["b/largest"].value == 0


def test_constraints_of_the_model_are_read(run: Callable[..., Any]) -> None:
    frame = grid().assign(a=np.random.default_rng(0).normal(size=200))
    y = frame.a + frame.b
    model = HistGradientBoostingRegressor(max_iter=3, monotonic_cst={"a": 1}).fit(frame, y)
    facts, values = found(run, model, frame)
    assert facts.notes == ("a: increasing, declared by the model's own constraint.",)
    assert values["a/rows"].value == 0 and "b/rows" not in values
    facts, values = found(run, model, frame, a="decreasing")
    assert "The model's own constraint says the opposite of a: increasing." in facts.notes
    assert values["a/wrong_steps"].value > 0


def test_constraints_turn_round_with_the_explained_class(run: Callable[..., Any]) -> None:
    frame = grid().assign(a=np.random.default_rng(0).normal(size=200))
    label = (frame.a > 0).astype(int).to_numpy()
    model = DecisionTreeClassifier(monotonic_cst=[1, 0]).fit(frame, label)
    for positive, direction in ((1, "increasing"), (0, "decreasing")):
        section, observations = run(model, frame, label, spec={"methods": [NAME]}, positive=positive)
        assert section.methods[0].notes == (f"a: {direction}, declared by the model's own constraint.",)
        assert next(o for o in observations if o.id.endswith("violation_rate")).measured.value == 0


@pytest.mark.parametrize(
    ("library", "make"), [("lightgbm", "LGBMRegressor"), ("xgboost", "XGBRegressor")], ids=["lightgbm", "xgboost"]
)
def test_constraints_of_boosting_libraries_are_read(library: str, make: str, run: Callable[..., Any]) -> None:
    module = pytest.importorskip(library)
    frame = grid().assign(a=np.random.default_rng(0).normal(size=200))
    more = {"verbosity": -1} if library == "lightgbm" else {}
    constrained = (-1, 1) if library == "xgboost" else [-1, 1]
    model = getattr(module, make)(n_estimators=5, monotone_constraints=constrained, n_jobs=1, **more)
    facts, values = found(run, model.fit(frame, frame.b - frame.a), frame)
    assert {
        "a: decreasing, declared by the model's own constraint.",
        "b: increasing, declared by the model's own constraint.",
    } == set(facts.notes)
    assert values["violation_rate"].value == 0


def test_what_has_no_order_or_no_declaration_is_told(run: Callable[..., Any]) -> None:
    frame = grid().assign(kind="x")
    frame.loc[::2, "kind"] = "y"
    model = Formula(lambda x: x.a).fit(frame)
    _, values = found(run, model, frame, kind="increasing", a="increasing")
    assert values["kind/rows"].kind == "undefined" and values["a/rows"].value == 0
    facts, values = found(run, model, frame)
    assert facts.status == "not_run" and "attribution.monotone" in facts.reason and not values
    several = LogisticRegression().fit(grid(), np.arange(200) % 3)
    assert "each class" in found(run, several, grid(), a="increasing")[0].reason
