"""Exact path-dependent Shapley values, compiled and plain, against enumeration of every coalition and against shap."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from math import factorial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import make_classification
from sklearn.ensemble import ExtraTreesRegressor, GradientBoostingClassifier, RandomForestClassifier

from audit import guard
from audit.attribution import compiled, forests, quadrature
from audit.attribution.forests import forest_of
from audit.attribution.paths import path_operations, path_values
from audit.attribution.quadrature import operations, tree_values
from audit.attribution.shallow import library_operations, library_values
from audit.attribution.trees import FlatTree, expected

Way = Callable[[tuple[FlatTree, ...], np.ndarray], np.ndarray]
both_ways = pytest.mark.parametrize("way", [tree_values, path_values])


def grown(rng: np.random.Generator, columns: int, depth: int, outputs: int = 1) -> FlatTree:
    """A random tree that meets features again, with missing values, categories and uneven covers."""
    left, right, feature, threshold, missing, category, cover, value = ([] for _ in range(8))
    categories: list[np.ndarray] = []

    def grow(level: int, weight: float) -> int:
        node = len(left)
        for column in (left, right):
            column.append(-1)
        feature.append(int(rng.integers(columns)))
        threshold.append(float(rng.normal()))
        missing.append(bool(rng.random() < 0.5))
        category.append(-1)
        cover.append(weight)
        value.append(rng.normal(size=outputs))
        if level < depth and rng.random() < 0.85:
            if feature[node] == 0:
                category[node] = len(categories)
                categories.append(rng.random(256) < 0.5)
            share = rng.uniform(0.05, 0.95)
            left[node] = grow(level + 1, weight * share)
            right[node] = grow(level + 1, weight * (1 - share))
        return node

    grow(0, 100.0)
    return FlatTree(
        left=np.array(left),
        right=np.array(right),
        feature=np.array(feature),
        threshold=np.array(threshold),
        missing_left=np.array(missing),
        category=np.array(category),
        categories=np.array(categories or [np.zeros(256, dtype=bool)]),
        cover=np.array(cover),
        value=np.array(value),
    )


def rows_for(rng: np.random.Generator, n: int, columns: int) -> np.ndarray:
    x = rng.normal(size=(n, columns))
    x[:, 0] = rng.integers(0, 20, n)
    x[rng.random((n, columns)) < 0.15] = np.nan
    return x


def goes_left(tree: FlatTree, node: int, row: np.ndarray) -> bool:
    v = row[tree.feature[node]]
    if np.isnan(v):
        return bool(tree.missing_left[node])
    if tree.category[node] >= 0:
        return bool(tree.categories[tree.category[node], int(v)])
    return bool(v <= tree.threshold[node])


def worth(tree: FlatTree, row: np.ndarray, known: set[int], node: int = 0) -> np.ndarray:
    """Algorithm 1 of Lundberg et al. 2018: expectation over unknown features by cover."""
    left, right = tree.left[node], tree.right[node]
    if left < 0:
        return tree.value[node]
    if tree.feature[node] in known:
        return worth(tree, row, known, left if goes_left(tree, node, row) else right)
    share = tree.cover[left] / tree.cover[node]
    return share * worth(tree, row, known, left) + (1 - share) * worth(tree, row, known, right)


def enumerated(tree: FlatTree, row: np.ndarray) -> np.ndarray:
    d = len(row)
    phi = np.zeros((d, tree.value.shape[1]))
    for i in range(d):
        others = [j for j in range(d) if j != i]
        for size in range(d):
            share = factorial(size) * factorial(d - size - 1) / factorial(d)
            for coalition in combinations(others, size):
                phi[i] += share * (worth(tree, row, {*coalition, i}) - worth(tree, row, set(coalition)))
    return phi


@both_ways
@pytest.mark.parametrize("seed", range(6))
def test_equals_the_enumeration_of_all_coalitions(seed: int, way: Way) -> None:
    rng = np.random.default_rng(seed)
    columns = int(rng.integers(2, 6))
    tree = grown(rng, columns, depth=7, outputs=2)
    x = rows_for(rng, 70, columns)
    found = way((tree,), x)
    for i in (0, 1, 63, 64, 69):
        np.testing.assert_allclose(found[i], enumerated(tree, x[i]), atol=1e-12)


def by_coalition(trees: tuple[FlatTree, ...], row: np.ndarray) -> np.ndarray:
    """The definition over all 2**d coalitions, each valued once."""
    d = len(row)
    value = [sum(worth(tree, row, {j for j in range(d) if code >> j & 1}) for tree in trees) for code in range(2**d)]
    phi = np.zeros((d, trees[0].value.shape[1]))
    for i in range(d):
        for code in range(2**d):
            if not code >> i & 1:
                size = code.bit_count()
                phi[i] += (
                    factorial(size) * factorial(d - size - 1) / factorial(d) * (value[code | 1 << i] - value[code])
                )
    return phi


@both_ways
@settings(max_examples=12, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1), depth=st.integers(0, 6), outputs=st.integers(1, 3))
def test_random_ensembles_of_eight_columns(way: Way, seed: int, depth: int, outputs: int) -> None:
    rng = np.random.default_rng(seed)
    # The last column is read by no tree, and columns 5 and 6 by one tree as the other's are by its twin.
    one = grown(rng, 7, depth, outputs)
    twin = replace(one, feature=np.array([0, 1, 2, 3, 4, 6, 5])[one.feature])
    x = rows_for(rng, 33, 8)
    x[:, 6] = x[:, 5]
    found = way((one, twin), x)
    np.testing.assert_allclose(found[32], by_coalition((one, twin), x[32]), atol=1e-11)
    assert not found[:, 7].any()
    np.testing.assert_allclose(found[:, 5], found[:, 6], atol=1e-11)
    base = expected(one) + expected(twin)
    whole = worth(one, x[0], set(range(8))) + worth(twin, x[0], set(range(8)))
    np.testing.assert_allclose(base + found[0].sum(axis=0), whole, atol=1e-11)


@both_ways
def test_a_double_that_ignores_cover_fails_the_enumeration(way: Way) -> None:
    rng = np.random.default_rng(0)
    tree = grown(rng, 4, depth=6)
    x = rows_for(rng, 5, 4)
    wrong = way((replace(tree, cover=np.ones_like(tree.cover)),), x)
    assert not np.allclose(wrong[0], enumerated(tree, x[0]), atol=1e-6)


@both_ways
def test_fever_and_cough(way: Way) -> None:
    # Lundberg et al. 2018, figure 1: both models give each symptom its due; model B favours cough by its own weight.
    def model(extra: float) -> FlatTree:
        return FlatTree(
            left=np.array([1, 2, -1, -1, 5, -1, -1]),
            right=np.array([4, 3, -1, -1, 6, -1, -1]),
            feature=np.array([0, 1, 0, 0, 1, 0, 0]),
            threshold=np.full(7, 0.5),
            missing_left=np.zeros(7, dtype=bool),
            category=np.full(7, -1),
            categories=np.zeros((1, 256), dtype=bool),
            cover=np.array([4.0, 2, 1, 1, 2, 1, 1]),
            value=np.array([0.0, 0, 0, extra, 0, 0, 80 + extra])[:, None],
        )

    both = np.array([[1.0, 1.0]])
    np.testing.assert_allclose(way((model(0.0),), both)[0, :, 0], [30, 30])
    np.testing.assert_allclose(way((model(10.0),), both)[0, :, 0], [30, 35])
    assert expected(model(0.0))[0] == pytest.approx(20)


@pytest.mark.parametrize(("few", "some"), [(0, 0), (0, np.inf), (np.inf, 0)])
def test_equals_shap(few: float, some: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forests, "_FEW_OPERATIONS", few)
    monkeypatch.setattr(forests, "_SOME_OPERATIONS", some)
    X, y = make_classification(300, 7, n_informative=4, random_state=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shap = pytest.importorskip("shap")
        for model in (
            RandomForestClassifier(15, random_state=0).fit(X, y),
            ExtraTreesRegressor(15, random_state=0).fit(X, X[:, 0] + y),
            GradientBoostingClassifier(n_estimators=15, random_state=0).fit(X, y),
        ):
            columns = (1,) if hasattr(model, "classes_") else ()
            theirs = np.asarray(shap.TreeExplainer(model).shap_values(X[:80]))
            theirs = theirs[:, :, 1] if theirs.ndim == 3 else theirs
            forest = forest_of(model, columns)
            assert forest is not None
            ours = forest.explain(X[:80], 7)
            np.testing.assert_allclose(ours.values[:, :, 0], theirs, atol=1e-9)
            assert ours.additivity_error() < 1e-12


@both_ways
def test_a_stump_without_a_split_attributes_nothing(way: Way) -> None:
    tree = grown(np.random.default_rng(0), 3, depth=0)
    assert not way((tree,), np.zeros((4, 3))).any()
    assert operations((tree,)) >= 1


def test_the_way_is_chosen_by_counting_and_small_jobs_need_no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = make_classification(300, 7, n_informative=4, random_state=1)
    forest = forest_of(RandomForestClassifier(15, random_state=0).fit(X, y), (1,))
    assert forest is not None
    taken: list[str] = []
    for name in ("path_values", "library_values", "tree_values"):
        real: Way = getattr(forests, name)

        def spied(*given: Any, name: str = name, real: Way = real) -> np.ndarray:
            taken.append(name)
            return real(*given)

        monkeypatch.setattr(forests, name, spied)
    monkeypatch.setattr(forests, "_FEW_OPERATIONS", path_operations(forest.trees) * 20)
    monkeypatch.setattr(forests, "_SOME_OPERATIONS", library_operations(forest.trees) * 30)
    small, some, large = (forest.explain(X[:n], 7).values for n in (20, 30, 31))
    assert taken == ["path_values", "library_values", "tree_values"]
    np.testing.assert_allclose(small, large[:20], atol=1e-12)
    np.testing.assert_allclose(some, large[:30], atol=1e-12)


def test_a_cache_that_fails_costs_only_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def failing(_: Any, keep: bool) -> Any:
        asked.append(keep)
        if keep:
            raise OSError("No space left on device")
        return "compiled for this run"

    monkeypatch.setattr(compiled, "_built", failing)
    assert compiled.compiled.__wrapped__(None) == "compiled for this run" and asked == [True, False]
    # A double that does not look after the cache ends the stage.
    assert "No space left" in str(guard.attempt(failing, None, True))


@pytest.mark.parametrize("way", [tree_values])
def test_the_number_of_threads_changes_no_byte(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    trees, x = tuple(grown(rng, 5, depth=6) for _ in range(5)), rows_for(rng, 300, 5)
    found = []
    for threads in (1, 2, 3):
        monkeypatch.setattr(compiled, "_processors", lambda threads=threads: threads)
        found.append(way(trees, x).tobytes())
    assert found[0] == found[1] == found[2]


def test_without_a_compiler_the_numbers_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    tree, x = grown(rng, 4, depth=5, outputs=2), rows_for(rng, 40, 4)
    found = tree_values((tree,), x)
    monkeypatch.setattr(quadrature, "compiled", lambda _: guard.attempt(int, "no compiler"))
    np.testing.assert_allclose(tree_values((tree,), x), found, atol=1e-12)


def test_the_library_knows_missing_values_but_no_lists_of_categories() -> None:
    rng = np.random.default_rng(6)
    tree, x = grown(rng, 4, depth=6, outputs=2), rows_for(rng, 30, 4)
    assert library_operations((tree,)) == np.inf
    bare = replace(tree, category=np.full(tree.nodes, -1))
    np.testing.assert_allclose(library_values((bare,), x), path_values((bare,), x), atol=1e-12)


_ASK = """
from audit.attribution import quadrature
kernels = quadrature._kernels()
print(sum(sum(f.stats.cache_hits.values()) for f in (kernels.tables, kernels.walk)))
"""


def test_compiled_work_is_kept_and_a_broken_file_of_it_is_no_obstacle(tmp_path: Path) -> None:
    def asked() -> str:
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(
            [sys.executable, "-c", _ASK], env=environment, capture_output=True, text=True, check=True
        ).stdout.strip()

    assert [asked(), asked()] == ["0", "2"]
    for file in tmp_path.rglob("*.nbc"):
        file.write_bytes(b"broken")
    assert asked() == "0"
