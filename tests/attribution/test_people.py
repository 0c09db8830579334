"""What single people are told on odd tables: a value or a reason, never a warning; and weights count people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import credit
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from audit.attribution.people.measure import nobody
from audit.records.spec import AttributionSpec


def odd(name: str) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=80), "b": rng.integers(0, 3, 80).astype(float)})
    y = (frame.a > 0).astype(int).to_numpy()
    match name:
        case "constant":
            frame["b"] = 1.0
        case "all missing":
            frame["b"] = np.nan
        case "some missing":
            frame.loc[::3, "a"] = np.nan
        case "one column":
            frame = frame[["a"]]
        case "few rows":
            frame, y = frame.iloc[:4].reset_index(drop=True), np.array([0, 1, 0, 1])
        case "huge":
            frame["a"] *= 1e30
        case "copies":
            frame, y = frame.iloc[[0, 1] * 40].reset_index(drop=True), np.array([0, 1] * 40)
        case "infinite":
            frame["b"] = np.where(frame.b > 1, np.inf, -np.inf)
        case "booleans":
            frame["b"] = frame.b > 1
        case "integers":
            frame["b"] = frame.b.astype("Int64")
    return frame, y


class Bounded(ClassifierMixin, BaseEstimator):
    """A model that takes infinite values, as boosters do."""

    def __init__(self, tree: Any) -> None:
        self.tree, self.classes_, self.feature_names_in_ = tree, tree.classes_, tree.feature_names_in_

    def predict_proba(self, rows: pd.DataFrame) -> np.ndarray:
        return self.tree.predict_proba(rows.replace(np.inf, 9).replace(-np.inf, 0))

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        return self.classes_[self.predict_proba(rows).argmax(axis=1)]


@pytest.mark.parametrize(
    "name",
    [
        "constant",
        "all missing",
        "some missing",
        "one column",
        "few rows",
        "huge",
        "infinite",
        "copies",
        "booleans",
        "integers",
    ],
)
def test_odd_tables_are_told_of_without_a_warning(name: str, evidence: Callable[..., Any]) -> None:
    frame, y = odd(name)
    model = DecisionTreeClassifier(max_depth=3, random_state=0).fit(frame.replace(np.inf, 9).replace(-np.inf, 0), y)
    if name == "infinite":
        model = Bounded(model)
    facts, found = credit.people(credit.favouring(evidence(model, frame, y, train=frame), 1), ())
    assert {facts.neighbours.status, facts.counterfactuals.status, facts.reasons.status} == {"done"}
    assert facts.persons and set(found) >= {"attribution/reasons/coverage", "attribution/counterfactuals/found"}
    for measured in found.values():
        if measured.kind == "estimate":
            assert measured.low is None or measured.low <= measured.value + 1e-12


def test_a_constant_model_turns_everybody_or_nobody_down(evidence: Callable[..., Any]) -> None:
    frame, y = odd("plain")
    model = DummyClassifier(strategy="constant", constant=1).fit(frame, y)
    for favourable, status in ((1, "done"), (0, "not_run")):
        facts, _ = credit.people(credit.favouring(evidence(model, frame, y, train=frame), favourable), ())
        assert facts.reasons.status == status
        assert all(not p.neighbours for p in facts.persons)
    assert {p.counterfactual.status for p in facts.persons} == {"none_found"}


def test_a_weight_counts_people_and_a_row_of_none_does_not_count(evidence: Callable[..., Any]) -> None:
    train, paid = credit.applications(400, 0)
    model = credit.MODELS["logistic"]().fit(train, paid)
    test, y = credit.applications(120, 1)
    times = np.random.default_rng(0).integers(0, 4, 120)
    told = []
    for rows, labels, weight in (
        (test, y, times.astype(float)),
        (test.iloc[np.repeat(np.arange(120), times)].reset_index(drop=True), np.repeat(y, times), None),
    ):
        whole = credit.favouring(evidence(model, rows, labels, train=train, weight=weight), 1)
        told.append(credit.people(whole, counterfactuals=False)[1])
    weighted, repeated = told
    for id in ("coverage", "number", "rise", "turned", "withheld", "given/debt"):
        one, other = (found[f"attribution/reasons/{id}"] for found in (weighted, repeated))
        assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high), abs=1e-9)


def test_missing_values_and_categories_go_through_a_boosting(evidence: Callable[..., Any]) -> None:
    train, paid = credit.applications(300, 0)
    train = train.astype(dict.fromkeys(credit.TEXTS, "category"))
    model = HistGradientBoostingClassifier(max_iter=5, categorical_features="from_dtype", random_state=0)
    model.fit(train, paid)
    facts, _ = credit.people(credit.favouring(evidence(model, train, paid, train=train), 1), rows=4)
    assert facts.reasons.status == facts.counterfactuals.status == "done"


def test_without_a_model_the_reason_is_told() -> None:
    facts = nobody(AttributionSpec(), "There is no model to ask.")
    assert facts is not None and {facts.reasons.status, facts.counterfactuals.status} == {"not_run"}
    assert facts.persons == () and "no model" in facts.reasons.reason
    assert nobody(AttributionSpec(local=False), "There is no model to ask.") is None


def test_a_model_that_fails_on_changed_rows_is_told_and_ends_nothing(evidence: Callable[..., Any]) -> None:
    frame, y = odd("plain")
    whole = credit.favouring(evidence(LogisticRegression().fit(frame, y), frame, y, train=frame), 1)
    sound = whole.subject.predictions

    def failing(model: Any, rows: Any) -> Any:
        if len(rows.features) not in (80,):
            raise ValueError("it fell over")
        return sound(model, rows)

    broken = replace(whole, subject=replace(whole.subject, predictions=failing))
    facts, found = credit.people(broken, ())
    assert facts.reasons.status == facts.counterfactuals.status == "error"
    assert "fell over" in facts.reasons.reason and facts.neighbours.status == "done" and not found
