"""No method of the catalogue asks the model for more rows than the budget of predictions allows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from audit import catalogue
from audit.attribution.budget import of_rows, within_budget
from audit.declarations.attribution import Attributed, AttributionMethod, MethodNotRunError

METHODS: dict[str, AttributionMethod] = {
    name: catalogue.load("attributions", name) for name in catalogue.names("attributions")
}
ROWS, CASES = 120, 10


class Counting:
    """Counts the rows of the outermost calls, by what is called; what it calls of itself is one prediction, not two."""

    inside_ = False

    def predict(self, X: Any) -> Any:
        return self._counted("predict", X)

    def predict_proba(self, X: Any) -> Any:
        return self._counted("predict_proba", X)

    def _counted(self, what: str, X: Any) -> Any:
        if self.inside_:
            return getattr(super(), what)(X)
        self.inside_ = True
        self.asked_ = {**getattr(self, "asked_", {})}
        self.asked_[what] = self.asked_.get(what, 0) + len(X)
        try:
            return getattr(super(), what)(X)
        finally:
            self.inside_ = False


class CountedBayes(Counting, GaussianNB):
    """Nothing but predictions."""


class CountedTree(Counting, DecisionTreeClassifier):
    """A single tree."""


class CountedForest(Counting, RandomForestClassifier):
    """A forest."""


class CountedLogistic(Counting, LogisticRegression):
    """A linear model."""

    def decision_function(self, X: Any) -> Any:
        return self._counted("decision_function", X)


def data(columns: int) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(columns)
    frame = pd.DataFrame(rng.normal(size=(ROWS, columns)), columns=[f"c{j}" for j in range(columns)])
    return frame, (frame.c0 + 0.5 * frame.iloc[:, -1] + rng.normal(size=ROWS) > 0).astype(int).to_numpy()


def kinds() -> Iterator[Any]:
    yield CountedBayes()
    yield CountedLogistic()
    yield CountedTree(max_depth=3, random_state=0)
    yield CountedForest(3, max_depth=3, random_state=0)


def spent(method: AttributionMethod, model: Any, ground: Any) -> tuple[int, Attributed] | None:
    """Return the rows that a method asked for, and what it found; None where it does not fit the model."""
    if method.needs - ground.model.capabilities:
        return None
    model.asked_ = {}
    try:
        found = method.attribute(ground)
    except MethodNotRunError:
        return None
    # The evidence made by hand asks for the label of a row beside its score: that is one prediction.
    return max(model.asked_.values(), default=0), found


def assert_within(asked: int, ground: Any) -> None:
    # What is exact costs no predictions, but is held against the model's own output of the rows, and of the background.
    assert asked <= ground.budget + len(ground.rows) + len(ground.background)


# What some methods need before they run at all: groups, a direction, and a training table to fit on.
ASKED: dict[str, Any] = {
    "rows": 100, "background": 50, "refits": 3, "groups": {"two": ["c0", "c1"]}, "monotone": {"c0": "increasing"}
}  # fmt: skip


def with_labels(evidence: Any, y: np.ndarray) -> Any:
    subject = evidence.subject
    train = replace(subject.train, target=y.astype(np.int64), target_raw=pd.Series(y))
    return replace(evidence, subject=replace(subject, train=train))


@pytest.mark.parametrize("columns", [3, 8, 30])
@pytest.mark.parametrize("name", METHODS)
def test_a_method_keeps_to_the_budget(
    name: str, columns: int, evidence: Callable[..., Any], ground: Callable[..., Any]
) -> None:
    frame, y = data(columns)
    ran = 0
    for kind in kinds():
        model = kind.fit(frame, y)
        for budget in (1000, 20_000):
            made = ground(with_labels(evidence(model, frame, y, train=frame), y), budget=budget, **ASKED)
            found = spent(METHODS[name], model, made)
            if found is not None:
                ran += 1
                assert_within(found[0], made)
    # Two count every coalition, of up to twelve columns.
    assert ran or (name in ("exact_shap", "conditional_linear_shap") and columns == 30)


def test_a_method_that_overspends_is_told(evidence: Callable[..., Any], ground: Callable[..., Any]) -> None:
    frame, y = data(8)
    model = CountedBayes().fit(frame, y)
    made = ground(evidence(model, frame, y, train=frame), budget=1000, rows=100)
    double = replace(METHODS["shap"], attribute=lambda g: METHODS["shap"].attribute(replace(g, budget=3000)))
    found = spent(double, model, made)
    assert found is not None
    with pytest.raises(AssertionError):
        assert_within(found[0], made)


@pytest.mark.parametrize(
    "name", ["exact_shap", "permutation_shap", "kernel_shap", "grouped_shap", "partition_shap", "lime"]
)
def test_a_smaller_budget_is_told_and_widens_what_it_leaves(
    name: str, evidence: Callable[..., Any], ground: Callable[..., Any]
) -> None:
    frame, y = data(8)
    model = GaussianNB().fit(frame, y)
    whole = ground(evidence(model, frame, y, train=frame), budget=1_000_000, rows=100, background=20)
    small = replace(whole, budget=12_000)
    texts, found = [], {}
    for made in (whole, small, small):
        found[made.budget] = METHODS[name].attribute(made)
        texts.append(json.dumps(found[made.budget].facts.model_dump(mode="json")))
    assert texts[1] == texts[2] != texts[0]
    told = " ".join(found[12_000].facts.notes)
    assert "within the budget" in told and "within the budget" not in " ".join(found[1_000_000].facts.notes)

    def width(attributed: Attributed) -> float:
        (first,) = [o.measured for o in attributed.observations if o.id.endswith("/global/c0")]
        return float(first.high - first.low)

    assert width(found[12_000]) > width(found[1_000_000]) or name == "lime"


def test_single_cases_take_half_of_few_rows_and_the_rest_is_told(
    evidence: Callable[..., Any], ground: Callable[..., Any]
) -> None:
    frame, y = data(8)
    made = ground(evidence(GaussianNB().fit(frame, y), frame, y, train=frame), rows=50)
    assert len(made.chosen) == CASES
    for most in (1, 2, 5, 12, 30):
        fewer = of_rows(made, most)
        assert len(fewer.rows) <= most and fewer.sampled >= 1
        assert len(fewer.chosen) == min(CASES, most // 2)
        for (row, why), (old, reason) in zip(fewer.chosen, made.chosen, strict=False):
            assert why == reason and fewer.rows.iloc[row].equals(made.rows.iloc[old])
    with pytest.raises(MethodNotRunError, match=r"One row costs 100,003 predictions, and .* allows 30,000"):
        within_budget(made, 100_000)
