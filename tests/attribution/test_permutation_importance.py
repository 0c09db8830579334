"""Permutation importance, against scikit-learn's and against arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.svm import LinearSVC

NAME = "permutation_importance"


def data(seed: int = 0, n: int = 600) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, 4)), columns=["strong", "weak", "noise", "constant"]).assign(constant=2.0)
    return frame, 2 * frame.strong.to_numpy() + 0.5 * frame.weak.to_numpy() + rng.normal(size=n)


def found(run: Callable[..., Any], *args: Any, **more: Any) -> tuple[Any, dict[str, Any]]:
    section, observations = run(*args, spec={"methods": [NAME], **more.pop("spec", {})}, **more)
    return section.methods[0], {o.id.rpartition("/")[2]: o.measured for o in observations}


CASES = {
    "regression": (LinearRegression(), lambda y: y, "neg_mean_absolute_error", "increase in mean absolute error"),
    "binary": (LogisticRegression(), lambda y: (y > 0).astype(int), "neg_log_loss", "increase in log loss"),
    "multiclass": (LogisticRegression(), lambda y: np.digitize(y, [-1, 1]), "neg_log_loss", "increase in log loss"),
    "scores": (LinearSVC(), lambda y: (y > 0).astype(int), "roc_auc", "decrease in area under the ROC curve"),
    "labels": (LinearSVC(), lambda y: np.digitize(y, [-1, 1]), "accuracy", "increase in error rate"),
}


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_scikit_learn(case: str, run: Callable[..., Any]) -> None:
    model, labelled, scoring, scale = CASES[case]
    frame, y = data()
    labels = labelled(y)
    model = model.fit(frame, labels)
    facts, values = found(run, model, frame, labels)
    theirs = permutation_importance(model, frame, labels, scoring=scoring, n_repeats=60, random_state=0)
    assert facts.scale == scale
    spread = theirs.importances.std(axis=1) * np.sqrt(1 / 5 + 1 / 60)
    for j, name in enumerate(frame.columns):
        assert abs(values[name].value - theirs.importances_mean[j]) <= 4 * spread[j] + 1e-12, name
        assert values[name].low <= values[name].value <= values[name].high
    assert values["constant"].value == 0
    assert facts.features[:2] == ("strong", "weak")
    # A double that measures another scale is told apart.
    assert abs(2 * values["strong"].value - theirs.importances_mean[0]) > 4 * spread[0]


def test_the_interval_covers_what_many_rows_say(run: Callable[..., Any]) -> None:
    frame, y = data(1, 20_000)
    model = LinearRegression().fit(frame, y)
    truth = permutation_importance(model, frame, y, scoring="neg_mean_absolute_error", n_repeats=5, random_state=0)
    inside = 0
    for seed in range(40):
        part = frame.iloc[seed * 300 : (seed + 1) * 300].reset_index(drop=True)
        _, values = found(run, model, part, y[seed * 300 : (seed + 1) * 300])
        inside += values["strong"].low <= truth.importances_mean[0] <= values["strong"].high
    assert inside >= 33  # 95 % of 40, less what chance takes once in a thousand


def test_rows_that_weigh_more_count_as_more_rows(run: Callable[..., Any]) -> None:
    frame, y = data(n=200)
    model = RandomForestRegressor(5, random_state=0).fit(frame, y)
    _, plain = found(run, model, frame, y)
    _, doubled = found(run, model, frame, y, weight=np.full(200, 2.0))
    assert doubled["strong"].value == pytest.approx(plain["strong"].value)
    assert doubled["strong"].high - doubled["strong"].low < plain["strong"].high - plain["strong"].low


def test_many_columns_share_a_budget_of_predictions(run: Callable[..., Any]) -> None:
    frame, y = data()
    facts, values = found(run, LinearRegression().fit(frame, y), frame, y, spec={"budget": 5 * 4 * 50})
    assert facts.rows == 50 and values["strong"].n == 50
    assert "50 of the 600 sampled rows" in " ".join(facts.notes)


def test_one_call_of_the_model_takes_many_shuffles(run: Callable[..., Any]) -> None:
    frame, y = data()
    calls = []

    class Counting(LinearRegression):
        def predict(self, X: Any) -> Any:
            calls.append(len(X))
            return super().predict(X)

    found(run, Counting().fit(frame, y), frame, y)
    assert len(calls) <= 3 and sum(calls) == 600 + 600 * 4 * 5


def test_without_labels_it_is_not_run(run: Callable[..., Any]) -> None:
    frame, y = data()
    facts, values = found(run, LinearRegression().fit(frame, y), frame, None)
    assert facts.status == "not_run" and "labels" in facts.reason and not values
