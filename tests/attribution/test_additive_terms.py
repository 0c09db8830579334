"""Terms of additive models, against the sums that they are fitted as, and models that are no such sums."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, SplineTransformer
from sklearn.tree import DecisionTreeClassifier

NAME = "additive_terms"


def data(n: int = 300) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=n), "b": rng.uniform(size=n), "kind": rng.choice(["x", "y"], n)})
    return frame, (np.sin(2 * frame.a) + frame.b**2 + (frame.kind == "x") + 0.1 * rng.normal(size=n)).to_numpy()


def found(run: Callable[..., Any], *args: Any, methods: str = NAME, **more: Any) -> tuple[Any, dict[str, Any]]:
    section, observations = run(*args, spec={"methods": [methods], **more})
    return section.methods[0], {o.id.removeprefix(f"attribution/{methods}/"): o.measured for o in observations}


def splined(last: Any, frame: pd.DataFrame, y: Any) -> Any:
    splines = make_column_transformer((SplineTransformer(5), ["a", "b"]), (OneHotEncoder(), ["kind"]))
    return make_pipeline(splines, last).fit(frame, y)


def test_splines_are_summed_to_the_function_of_each_column(run: Callable[..., Any]) -> None:
    frame, y = data()
    model = splined(Ridge(1e-3), frame, y)
    facts, values = found(run, model, frame, y)
    assert facts.status == "done" and facts.additivity_error < 1e-9
    effects = {e.feature: e for e in facts.effects}
    # By hand: coefficients times splines, up to a constant.
    widths = {"a": slice(0, 7), "b": slice(7, 14), "kind": slice(14, 16)}
    for name, part in widths.items():
        at = effects[name].categories or effects[name].x
        grid = pd.DataFrame({c: [frame[c].iloc[0]] * len(at) for c in frame})
        grid[name] = list(at)
        expected = model[0].transform(grid)[:, part] @ model[1].coef_[part]
        y_ = np.array(effects[name].lines[0].y)
        assert y_ - y_[0] == pytest.approx(expected - expected[0], abs=1e-9)
    # The base value and the terms of a row are its prediction.
    assert facts.base[""] == pytest.approx(model.predict(frame).mean(), abs=1e-9)
    assert values["change/b"].value == pytest.approx(0.9, abs=0.25) and values["global/a"].low > 0.4


def test_boosted_trees_without_interactions_are_one_on_the_log_odds(run: Callable[..., Any]) -> None:
    frame, y = data()
    frame = frame[["a", "b"]]
    stumps = GradientBoostingClassifier(n_estimators=20, max_depth=1, random_state=0).fit(frame, y > 1)
    facts, _ = found(run, stumps, frame, y > 1)
    assert facts.status == "done" and facts.scale == "log-odds" and facts.additivity_error < 1e-9
    apart = HistGradientBoostingRegressor(max_iter=5, interaction_cst="no_interactions").fit(frame, y)
    assert found(run, apart, frame, y)[0].status == "done"
    deep = GradientBoostingClassifier(n_estimators=20, max_depth=3, random_state=0).fit(frame, y > 1)
    facts, values = found(run, deep, frame, y > 1)
    assert facts.status == "not_run" and "no sum of functions" in facts.reason and not values


def test_what_adds_up_on_one_scale_does_not_on_another(run: Callable[..., Any]) -> None:
    frame, y = data()
    model = splined(LogisticRegression(), frame, y > 1)
    assert found(run, model, frame, y > 1)[0].scale == "log-odds"
    assert found(run, model, frame, y > 1, scale="probability")[0].status == "not_run"
    forest = RandomForestRegressor(5, random_state=0).fit(frame[["a", "b"]], y)
    assert found(run, forest, frame[["a", "b"]], y)[0].status == "not_run"


def test_several_classes_have_terms_of_their_own(run: Callable[..., Any]) -> None:
    frame, y = data()
    label = np.digitize(y, [0.5, 1.5])
    facts, values = found(run, splined(LogisticRegression(), frame, label), frame, label)
    assert {line.class_ for line in facts.effects[0].lines} == {"0", "1", "2"} and "change/a/class=1" in values


def test_the_path_of_a_case_is_the_one_that_scikit_learn_takes(run: Callable[..., Any]) -> None:
    frame, y = data()
    frame, label = frame[["a", "b"]], (y > 1).astype(int)
    model = DecisionTreeClassifier(max_depth=4, random_state=0).fit(frame, label)
    facts, _ = found(run, model, frame, label, methods="tree", local={"rows": 5})
    (detail,) = facts.details
    assert detail.rows[0] == ("case", "path", "training rows", "prediction") and len(detail.rows) == 6
    for _, path, rows, _ in detail.rows[1:]:
        held = np.ones(len(frame), dtype=bool)
        for test in path.split(" and "):
            name, sign, limit = test.split(" ")
            held &= (frame[name] <= float(limit)) == (sign == "≤")
        # The bounds are rounded to four digits; the rows that meet them are those of the leaf.
        assert int(rows) == pytest.approx(int(held.sum()), abs=2)
        assert len(set(model.apply(frame[held]))) <= 2
