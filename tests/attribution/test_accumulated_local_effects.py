"""Accumulated local effects, against closed forms, against the published algorithm, and by what their bands hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from audit.attribution.accumulated import Local, accumulated, error_of
from audit.attribution.levels import levels_of
from audit.estimation.intervals import student

NAME = "accumulated_local_effects"


class Formula(RegressorMixin, BaseEstimator):
    """A model that is a formula of named columns."""

    def __init__(self, formula: Callable[[pd.DataFrame], Any]) -> None:
        self.formula = formula

    def fit(self, X: pd.DataFrame, y: Any) -> Formula:
        self.feature_names_in_ = np.array(X.columns, dtype=object)
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X: pd.DataFrame) -> Any:
        return np.asarray(self.formula(X), dtype=float)


def effects(run: Callable[..., Any], formula: Any, frame: pd.DataFrame, **more: Any) -> tuple[Any, dict[str, Any]]:
    y = np.asarray(formula(frame), dtype=float)
    spec = {"methods": [NAME], "rows": len(frame), **more.pop("spec", {})}
    section, observations = run(Formula(formula).fit(frame, y), frame, y, spec=spec, **more)
    return section.methods[0], {o.id.removeprefix(f"attribution/{NAME}/"): o.measured for o in observations}


def of(facts: Any, feature: str, key: str = "") -> tuple[np.ndarray, np.ndarray]:
    effect = next(e for e in facts.effects if e.feature == feature)
    return np.array(effect.x), np.array(next(line.y for line in effect.lines if line.key == key))


def normal(n: int = 2000, seed: int = 0, correlation: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, n))
    return pd.DataFrame({"a": a, "b": correlation * a + np.sqrt(1 - correlation**2) * b})


def test_a_sum_of_functions_has_each_of_them_as_its_effect(run: Callable[..., Any]) -> None:
    facts, found = effects(run, lambda x: x.a**2 + 3 * x.b + 5, normal(correlation=0.8))
    x, y = of(facts, "a")
    assert np.allclose(y - y[0], x**2 - x[0] ** 2, atol=1e-12)
    x, y = of(facts, "b")
    assert np.allclose(y - y[0], 3 * (x - x[0]), atol=1e-12)
    # Additive: nothing but the place of the rows makes it uncertain, and a straight line's change hardly that.
    change = found["change/b"]
    assert change.low == pytest.approx(change.value, abs=1e-9) == change.high
    assert found["global/b"].value == pytest.approx(3, rel=0.05)
    assert found["global/b"].low < 3 < found["global/b"].high


def test_effects_are_centred_over_the_rows(run: Callable[..., Any]) -> None:
    facts, _ = effects(run, lambda x: np.exp(x.a) + x.b, normal())
    for effect in facts.effects:
        assert np.interp(normal()[effect.feature], effect.x, effect.lines[0].y).mean() == pytest.approx(0, abs=1e-12)
        assert np.array(effect.density) == pytest.approx(
            np.histogram(normal()[effect.feature], effect.x)[0] / 2000, abs=2e-3
        )


def test_a_product_of_correlated_columns_is_what_apley_and_zhu_derive(run: Callable[..., Any]) -> None:
    # E[d f / d a | a] = E[b | a] = r a, so that the effect is r a^2 / 2; partial dependence would say a E[b] = 0.
    for r in (0.9, 0.0):
        frame = normal(20_000, correlation=r)
        facts, _ = effects(run, lambda x: x.a * x.b, frame, spec={"budget": 1_000_000})
        x, y = of(facts, "a")
        inside = np.abs(x) < 1.7
        expected = r * (x**2 - 1) / 2
        assert np.abs(y - expected)[inside].max() < 0.06
        if r:
            assert np.abs(y)[inside].max() > 0.3  # a double that is flat would be told


def transcribed(values: list[str], order: list[str], f: Callable[[int, str], float]) -> list[float]:
    """The algorithm for factors of Apley's R package ALEPlot, row by row, for a given order of the levels."""
    steps: list[list[float]] = [[] for _ in order[1:]]
    for i, value in enumerate(values):
        k = order.index(value)
        if k + 1 < len(order):
            steps[k].append(f(i, order[k + 1]) - f(i, value))
        if k:
            steps[k - 1].append(f(i, value) - f(i, order[k - 1]))
    level = [0.0]
    for step in steps:
        level.append(level[-1] + sum(step) / len(step))
    mean = sum(level[order.index(v)] for v in values) / len(values)
    return [y - mean for y in level]


def test_categories_agree_with_the_published_algorithm(run: Callable[..., Any]) -> None:
    rng = np.random.default_rng(1)
    # Likeness is told by `b`: north and east are near each other, south stands apart.
    kind = rng.choice(["south", "north", "east"], 400, p=[0.2, 0.5, 0.3])
    b = rng.normal(size=400) + pd.Series(kind).map({"north": 0.0, "east": 1.0, "south": 4.0}).to_numpy()
    frame = pd.DataFrame({"kind": kind, "b": b})
    worth = {"north": 1.0, "east": -2.0, "south": 0.5}

    def formula(x: pd.DataFrame) -> Any:
        return x.kind.astype(str).map(worth).to_numpy(dtype=float) * (1 + x.b.to_numpy() ** 2)

    facts, _ = effects(run, formula, frame)
    effect = next(e for e in facts.effects if e.feature == "kind")
    assert effect.categories == ("north", "east", "south") and effect.ordered_by == "similarity"
    expected = transcribed(list(kind), list(effect.categories), lambda i, v: worth[v] * (1 + b[i] ** 2))
    assert effect.lines[0].y == pytest.approx(expected, abs=1e-12)
    assert effect.density == pytest.approx([(kind == c).mean() for c in effect.categories])
    declared = frame.assign(kind=pd.Categorical(kind, ["south", "east", "north"], ordered=True))
    facts, _ = effects(run, formula, declared)
    effect = next(e for e in facts.effects if e.feature == "kind")
    assert effect.categories == ("south", "east", "north") and effect.ordered_by == "declaration"


def test_numbers_agree_with_the_published_algorithm() -> None:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"a": rng.integers(0, 5, 300).astype(float)})
    change = rng.normal(size=(300, 1))
    levels = levels_of(frame, 0, np.ones(300), 20)
    assert levels is not None and levels.x.tolist() == [0, 1, 2, 3, 4]
    rows = np.arange(300)
    found = accumulated(Local(levels=levels, row=rows, step=levels.place, change=change), np.ones(300), False)
    # ALEPlot: cut(x, z, include.lowest), tapply(mean), cumsum; less the mean over the rows.
    bins = np.maximum(frame.a.to_numpy().astype(int) - 1, 0)
    y = np.concatenate([[0], np.cumsum([change[bins == k, 0].mean() for k in range(4)])])
    expected = y - y[frame.a.to_numpy().astype(int)].mean()
    assert found.y[:, 0] == pytest.approx(expected, abs=1e-12)


def test_bands_and_intervals_hold_what_many_rows_say() -> None:
    truth = 0
    held = np.zeros(4)
    rng = np.random.default_rng(3)

    def drawn(n: int) -> tuple[Any, Any]:
        a = rng.integers(0, 6, n)
        member = rng.random(n) < 0.3
        levels = levels_of(pd.DataFrame({"a": a.astype(float)}), 0, np.ones(n), 20)
        assert levels is not None
        change = (a / 2 + member + rng.normal(size=n) * (1 + a))[:, None]
        local = Local(levels=levels, row=np.arange(n), step=levels.place, change=change)
        return accumulated(local, np.ones(n), False), accumulated(local, np.ones(n), False, member)

    truth, truth_group = drawn(300_000)
    for _ in range(300):
        whole, group = drawn(300)
        told = [
            (whole.y[2, 0], whole.y_influence[:, 2, 0], whole, truth.y[2, 0]),
            (whole.size[0], whole.size_influence[:, 0], whole, truth.size[0]),
            (whole.change[0], whole.change_influence[:, 0], whole, truth.change[0]),
            (group.y[4, 0], group.y_influence[:, 4, 0], group, truth_group.y[4, 0]),
        ]
        for i, (value, influence, one, expected) in enumerate(told):
            low, high = student(float(value), float(error_of(influence, np.ones(300), False)), one.freedom, 0.95)
            held[i] += low <= expected <= high
    assert (held >= 300 * 0.95 - 3.3 * np.sqrt(300 * 0.95 * 0.05)).all(), held
    assert (held < 300).all()  # bands that hold always would be too wide


def test_a_row_that_counts_twice_is_two_rows(run: Callable[..., Any]) -> None:
    frame = normal(200)
    doubled = pd.concat([frame, frame.iloc[:50]], ignore_index=True)
    weight = np.where(np.arange(200) < 50, 2.0, 1.0)
    once, found = effects(run, lambda x: x.a * x.b + x.a, frame, weight=weight)
    twice, expected = effects(run, lambda x: x.a * x.b + x.a, doubled)
    assert of(once, "a")[1] == pytest.approx(of(twice, "a")[1], abs=1e-9)
    for id, measured in expected.items():
        assert found[id].value == pytest.approx(measured.value, abs=1e-9)
        assert found[id].low == pytest.approx(measured.low, abs=1e-9), id


def test_groups_have_effects_of_their_own(run: Callable[..., Any]) -> None:
    frame = normal(1500).assign(sex=np.where(np.arange(1500) % 3, 1.0, 0.0))
    groups = pd.DataFrame({"sex": np.where(frame.sex > 0, "female", "male"), "rare": "many"})
    groups.loc[:10, "rare"] = "few"
    facts, found = effects(run, lambda x: x.a * (1 + x.sex) + x.b, frame, sensitive=groups)
    x, male = of(facts, "a", "sex=male")
    _, female = of(facts, "a", "sex=female")
    assert male - male[0] == pytest.approx(x - x[0], abs=1e-9)
    assert female - female[0] == pytest.approx(2 * (x - x[0]), abs=1e-9)
    low, high = found["change/a/sex=male"], found["change/a/sex=female"]
    assert high.value == pytest.approx(2 * low.value) and high.n == 1000 and low.n == 500
    # Equal shapes are equal curves, wherever the rows of a group stand.
    assert of(facts, "b", "sex=male")[1] == pytest.approx(of(facts, "b", "sex=female")[1], abs=1e-9)
    keys = {line.key for line in facts.effects[0].lines}
    assert keys == {"", "sex=male", "sex=female", "rare=many"}
    assert "rare=few" in " ".join(facts.notes)


def test_pipelines_missing_values_and_several_classes(run: Callable[..., Any]) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "number": rng.normal(size=400),
            "text": rng.choice(["x", "y", "z"], 400),
            "constant": 1,
            "flag": rng.random(400) < 0.5,
        }
    )
    frame.loc[:39, "number"] = np.nan
    frame.loc[30:49, "text"] = None
    label = np.digitize(frame.number.fillna(0) + (frame.text == "x"), [-0.5, 1])
    encode = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["text"]), (SimpleImputer(), ["number", "constant", "flag"])
    )
    model = make_pipeline(encode, RandomForestClassifier(20, random_state=0)).fit(frame, label)
    section, observations = run(model, frame, label, spec={"methods": [NAME]})
    (facts,) = section.methods
    assert facts.status == "done" and facts.scale == "probability"
    assert set(facts.features) == {"number", "text", "flag"} and "constant" in " ".join(facts.notes)
    ids = {o.id for o in observations}
    assert {f"attribution/{NAME}/global/text", f"attribution/{NAME}/change/number/class=2"} <= ids
    number = next(e for e in facts.effects if e.feature == "number")
    assert number.missing == pytest.approx(0.1) and {line.class_ for line in number.lines} == {"0", "1", "2"}
    assert all(line.n == 360 for line in number.lines)
    # Probabilities of all classes sum to one, so their effects sum to nothing.
    assert np.sum([line.y for line in number.lines], axis=0) == pytest.approx(0, abs=1e-9)
    assert next(e for e in facts.effects if e.feature == "flag").categories == ("False", "True")


def test_a_column_that_the_model_ignores_has_no_effect(run: Callable[..., Any]) -> None:
    _, found = effects(run, lambda x: x.a, normal(300))
    assert (found["global/b"].value, found["global/b"].low, found["global/b"].high) == (0, 0, 0)


def test_a_budget_of_predictions_leaves_fewer_rows(run: Callable[..., Any]) -> None:
    facts, found = effects(run, lambda x: x.a, normal(2000), spec={"budget": 5 * 300})
    assert facts.rows == 300 == found["change/a"].n and "300 of the 2000" in " ".join(facts.notes)


def test_nothing_to_move_is_told(run: Callable[..., Any]) -> None:
    frame = pd.DataFrame({"a": np.ones(50), "b": np.full(50, np.nan)})
    model = LogisticRegression().fit(np.zeros((4, 2)), [0, 1, 0, 1])
    section, _ = run(model, frame.fillna(0.0), np.arange(50) % 2, spec={"methods": [NAME]})
    assert section.methods[0].status == "not_run" and "two values" in section.methods[0].reason
