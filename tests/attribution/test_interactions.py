"""Shapley interaction values of trees, against the definition and against shap, and the pairs that are told."""

from __future__ import annotations

import warnings
from dataclasses import replace
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from audit.attribution.forests import forest_of
from audit.attribution.interactions import pair_values
from audit.attribution.tabular import shap_interactions
from audit.attribution.trees import FlatTree
from audit.declarations.attribution import MethodNotRunError
from tests.attribution.test_quadrature import grown, rows_for, worth


def enumerated(tree: FlatTree, row: np.ndarray) -> np.ndarray:
    d = len(row)
    phi = np.zeros((d, d, tree.value.shape[1]))
    for i, j in combinations(range(d), 2):
        others = [k for k in range(d) if k not in (i, j)]
        for size in range(d - 1):
            share = factorial(size) * factorial(d - size - 2) / factorial(d - 1)
            for coalition in combinations(others, size):
                s = set(coalition)
                both, one, two, none = (worth(tree, row, s | extra) for extra in ({i, j}, {i}, {j}, set()))
                phi[i, j] += share * (both - one - two + none)
        phi[j, i] = phi[i, j]
    return phi


@pytest.mark.parametrize("seed", range(3))
def test_equals_the_enumeration_of_all_coalitions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tree, x = grown(rng, 4, depth=6, outputs=2), rows_for(rng, 20, 4)
    found = pair_values((tree,), x)
    for i in (0, 7, 19):
        np.testing.assert_allclose(found[i], enumerated(tree, x[i]), atol=1e-12)


def test_a_double_that_ignores_cover_fails_the_enumeration() -> None:
    rng = np.random.default_rng(0)
    tree, x = grown(rng, 4, depth=6), rows_for(rng, 5, 4)
    wrong = pair_values((replace(tree, cover=np.ones_like(tree.cover)),), x)
    assert not np.allclose(wrong, [enumerated(tree, row) for row in x], atol=1e-6)


def test_equals_shap() -> None:
    X, y = make_classification(300, 7, n_informative=4, random_state=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shap = pytest.importorskip("shap")
        model = RandomForestClassifier(15, max_depth=6, random_state=0).fit(X, y)
        theirs = np.array(shap.TreeExplainer(model).shap_interaction_values(X[:20]))[..., 1]
    forest = forest_of(model, (1,))
    assert forest is not None
    ours = pair_values(forest.trees, forest.read(X[:20]))[..., 0]
    theirs[:, np.arange(7), np.arange(7)] = 0.0
    np.testing.assert_allclose(ours, 2 * theirs, atol=1e-8)


def test_the_pair_that_is_multiplied_comes_first(evidence: Any, ground: Any) -> None:
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(rng.normal(size=(400, 4)), columns=["a&b", "c", "d", "e"])
    target = (4 * np.sign(rows["a&b"] * rows.d) + rows.c).to_numpy()
    model = RandomForestRegressor(20, max_depth=6, random_state=0).fit(rows, target)
    found = shap_interactions.attribute(ground(evidence(model, rows, target), rows=50))
    assert found.observations[0].id == "attribution/shap_interactions/global/a%26b&d"
    first, second = (o.measured for o in found.observations[:2])
    assert first.low > second.high > 0 and first.n == 50
    assert found.facts.details[0].rows[1][:2] == ("a&b", "d")


def test_it_says_why_not(evidence: Any, ground: Any) -> None:
    from sklearn.linear_model import LinearRegression

    rows = pd.DataFrame(np.random.default_rng(0).normal(size=(40, 3)), columns=list("abc"))
    model = LinearRegression().fit(rows, rows.a)
    with pytest.raises(MethodNotRunError, match="no trees"):
        shap_interactions.attribute(ground(evidence(model, rows, rows.a.to_numpy()), rows=5))
