"""The interventional game of trees, by tables and pair by pair, against enumeration, shap and plain predictions."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from audit.attribution import compiled, interventional
from audit.attribution.coalitions import counted_values
from audit.attribution.interventional import Interventional, interventional_values
from audit.attribution.output import output_of
from audit.attribution.tabular import interventional_shap
from audit.attribution.trees import FlatTree
from audit.declarations.attribution import MethodNotRunError
from tests.attribution.test_quadrature import goes_left, grown, rows_for

ways = pytest.mark.parametrize("most", [np.inf, -1.0])


def played(
    trees: tuple[FlatTree, ...], x: np.ndarray, background: np.ndarray, owners: list[int] | None = None
) -> Interventional:
    found = interventional_values(
        trees, x, background, np.random.default_rng(0), None if owners is None else np.array(owners)
    )
    assert isinstance(found, Interventional)
    return found


def predicted(tree: FlatTree, row: np.ndarray) -> np.ndarray:
    node = 0
    while tree.left[node] >= 0:
        node = tree.left[node] if goes_left(tree, node, row) else tree.right[node]
    return tree.value[node]


def enumerated(tree: FlatTree, row: np.ndarray, background: np.ndarray, owners: list[int]) -> np.ndarray:
    """The definition: what a player adds to each coalition of the others, averaged over background rows."""
    players = max(owners) + 1

    def worth(coalition: tuple[int, ...]) -> np.ndarray:
        present = np.isin(owners, coalition)
        return np.mean([predicted(tree, np.where(present, row, other)) for other in background], axis=0)

    phi = np.zeros((players, tree.value.shape[1]))
    for i in range(players):
        others = [j for j in range(players) if j != i]
        for size in range(players):
            share = factorial(size) * factorial(players - size - 1) / factorial(players)
            for coalition in combinations(others, size):
                phi[i] += share * (worth((*coalition, i)) - worth(coalition))
    return phi


@ways
@pytest.mark.parametrize("owners", [[0, 1, 2, 3, 4], [1, 0, 1, 2, 0]])
@pytest.mark.parametrize("seed", range(3))
def test_equals_the_enumeration_of_all_coalitions(
    seed: int, owners: list[int], most: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interventional, "_TABLES", most)
    rng = np.random.default_rng(seed)
    tree = grown(rng, 5, depth=6, outputs=2)
    x, background = rows_for(rng, 40, 5), rows_for(rng, 7, 5)
    found = played((tree,), x, background, owners)
    assert found.error is None and found.met == 7
    for i in (0, 1, 39):
        np.testing.assert_allclose(found.values[i], enumerated(tree, x[i], background, owners), atol=1e-12)


def test_a_double_that_shuffles_the_background_within_columns_fails() -> None:
    rng = np.random.default_rng(0)
    tree, x, background = grown(rng, 4, depth=6), rows_for(rng, 9, 4), rows_for(rng, 9, 4)
    wrong = played((tree,), x, rng.permuted(background, axis=0))
    right = [enumerated(tree, row, background, [0, 1, 2, 3]) for row in x]
    assert not np.allclose(wrong.values, right, atol=1e-6)


@ways
def test_the_number_of_threads_changes_no_byte(most: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interventional, "_TABLES", most)
    rng = np.random.default_rng(4)
    trees = tuple(grown(rng, 5, depth=6) for _ in range(5))
    x, background = rows_for(rng, 50, 5), rows_for(rng, 20, 5)
    found = []
    for threads in (1, 2, 3):
        monkeypatch.setattr(compiled, "_processors", lambda threads=threads: threads)
        found.append(played(trees, x, background).values.tobytes())
    assert found[0] == found[1] == found[2]


def test_a_sample_of_the_background_is_right_on_average_and_knows_its_error(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    trees = tuple(grown(rng, 5, depth=6) for _ in range(8))
    x, background = np.repeat(rows_for(rng, 3, 5), 61, axis=0), rows_for(rng, 61, 5)
    exact = played(trees, x[::61], background).values
    monkeypatch.setattr(interventional, "_TABLES", -1.0)
    monkeypatch.setattr(interventional, "_TESTS", 0)
    found = played(trees, x, background)
    assert found.met == 8 and found.error is not None
    for i in range(3):
        part = slice(61 * i, 61 * i + 61)
        values, error = found.values[part], found.error[part]
        # 61 rows in a row meet each of the 61 background rows 8 times: their mean is the exact value.
        np.testing.assert_allclose(values.mean(axis=0), exact[i], atol=1e-12)
        assert values.var(axis=0).sum() == pytest.approx((error**2).mean(axis=0).sum(), rel=0.4)


def test_equals_the_definition_on_lightgbm_with_lists_of_categories(evidence: Any, ground: Any) -> None:
    lightgbm = pytest.importorskip("lightgbm")
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"a": rng.normal(size=300), "b": pd.Categorical(rng.choice(list("stuvwxyz"), 300))})
    rows["c"] = np.where(rng.random(300) < 0.2, np.nan, rng.normal(size=300))
    labels = ((rows.a > 0) ^ rows.b.isin(list("suw")) ^ (rows.c > 1)).astype(int)
    model = lightgbm.LGBMClassifier(n_estimators=10, n_jobs=1, verbose=-1, cat_smooth=1, max_cat_to_onehot=2)
    model.fit(rows, labels)
    whole = ground(evidence(model, rows, labels), rows=20, background=50, local=False, scale="raw")
    found = interventional_shap.attribute(whole)
    # Columns that no tree merges: the definition, through predictions alone.
    counted = counted_values(lambda frame: output_of(whole, frame), whole.rows, whole.background)
    np.testing.assert_allclose(found.values, counted.values, atol=1e-9)
    np.testing.assert_allclose(found.base, counted.base, atol=1e-9)
    assert "exact" in found.facts.game and found.facts.additivity_error < 1e-9


def pipeline(model: Any) -> Any:
    return make_pipeline(
        make_column_transformer((OneHotEncoder(), ["city"]), (OrdinalEncoder(), ["grade"]), remainder="passthrough"),
        model,
    )


def made(rng: np.random.Generator, n: int = 300) -> tuple[pd.DataFrame, np.ndarray]:
    rows = pd.DataFrame(
        {"age": rng.normal(40, 9, n), "city": rng.choice(list("abcd"), n), "grade": rng.choice(["lo", "hi"], n)}
    )
    old = (rows.age > 41).to_numpy().astype(int)
    return rows, old + rows.city.isin(["a", "c"]).to_numpy() + (rows.grade == "hi").to_numpy()


def test_an_encoded_column_is_absent_as_a_whole(evidence: Any, ground: Any) -> None:
    rows, codes = made(np.random.default_rng(0))
    model = pipeline(RandomForestClassifier(12, random_state=0)).fit(rows, codes)
    whole = ground(evidence(model, rows, codes), rows=15, background=40, local=False)
    found = interventional_shap.attribute(whole)
    counted = counted_values(lambda frame: output_of(whole, frame), whole.rows, whole.background)
    np.testing.assert_allclose(found.values, counted.values, atol=1e-9)


def test_deep_leaves_are_sampled_and_still_add_up(evidence: Any, ground: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, codes = made(np.random.default_rng(1))
    rows["nothing"] = 0.0
    model = pipeline(RandomForestRegressor(8, random_state=0)).fit(rows, codes.astype(float))
    whole = ground(evidence(model, rows, codes.astype(float)), rows=60, background=40, local=False)
    exact = interventional_shap.attribute(whole)
    monkeypatch.setattr(interventional, "_TABLES", -1.0)
    monkeypatch.setattr(interventional, "_TESTS", 0)
    found = interventional_shap.attribute(whole)
    assert found.facts.additivity_error < 1e-9 and "sampled against 8 of them" in found.facts.game
    assert "standard error" in " ".join(found.facts.notes) and not found.values[:, 3].any()
    assert any(o.id == "attribution/interventional_shap/sampling_error" for o in found.observations)
    apart = np.abs(found.values - exact.values)[:, :3] / np.maximum(found.error[:, :3], 1e-12)
    assert np.quantile(apart, 0.9) < 3


def test_it_says_why_not(evidence: Any, ground: Callable[..., Any]) -> None:
    rows, codes = made(np.random.default_rng(2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        forest = pipeline(RandomForestClassifier(3, random_state=0)).fit(rows, codes)
    whole = ground(evidence(forest, rows, codes), rows=5, background=5, local=False)
    with pytest.raises(MethodNotRunError, match="permutation_shap"):
        interventional_shap.attribute(replace(whole, scale="log_odds"))
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        linear = pipeline(LogisticRegression(max_iter=5)).fit(rows, codes)
    with pytest.raises(MethodNotRunError, match="no trees"):
        interventional_shap.attribute(ground(evidence(linear, rows, codes), rows=5, background=5, local=False))
