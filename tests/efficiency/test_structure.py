"""Sizes are what the libraries themselves say, and a thing without size has none."""

import numpy as np
import pytest
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from audit.efficiency.structure import structure

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 4))
Y = (X[:, 0] + RNG.normal(size=120) > 0).astype(int)


def test_a_stump_has_one_tree_of_two_leaves():
    assert structure(DecisionTreeClassifier(max_depth=1).fit(X, Y)) == {"trees": 1, "leaves": 2}


def test_a_forest_of_stumps_is_counted_tree_by_tree():
    model = make_pipeline(StandardScaler(), RandomForestClassifier(7, max_depth=1, random_state=0)).fit(X, Y)
    assert structure(model) == {"trees": 7, "leaves": 14}


def test_boosting_counts_every_stage_and_class():
    three = np.arange(120) % 3
    model = GradientBoostingClassifier(n_estimators=5, max_depth=1, random_state=0).fit(X, three)
    assert structure(model) == {"trees": 15, "leaves": 30}


def test_histogram_boosting_counts_its_leaves():
    model = HistGradientBoostingRegressor(max_iter=4, max_leaf_nodes=2).fit(X, X[:, 0])
    assert structure(model) == {"trees": 4, "leaves": 8}


def test_a_linear_model_inside_a_search_has_a_coefficient_a_column_and_an_intercept():
    model = GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=2).fit(X, Y)
    assert structure(model) == {"parameters": 5}


def test_a_network_counts_weights_and_biases_of_every_layer():
    with pytest.warns(Warning, match="Maximum iterations"):
        model = MLPRegressor(hidden_layer_sizes=(3,), max_iter=2, random_state=0).fit(X, X[:, 0])
    assert structure(model) == {"parameters": 4 * 3 + 3 + 3 + 1}


def test_a_model_without_trees_or_coefficients_has_no_size():
    assert structure(GaussianNB().fit(X, Y)) == {}


def test_a_kernel_machine_is_made_of_its_weighted_support_vectors():
    model = SVC().fit(X, Y)
    assert structure(model) == {"parameters": int(model.n_support_.sum()) * (4 + 1) + 1}


def test_lightgbm_leaves_are_those_of_its_own_table():
    lightgbm = pytest.importorskip("lightgbm")
    booster = lightgbm.train({"verbosity": -1, "num_leaves": 3}, lightgbm.Dataset(X, Y.astype(float)), 3)
    table = booster.trees_to_dataframe()
    assert structure(booster) == {"trees": 3, "leaves": int(table["split_feature"].isna().sum())}


def test_xgboost_leaves_are_those_of_its_own_table():
    xgboost = pytest.importorskip("xgboost")
    model = xgboost.XGBClassifier(n_estimators=3, max_depth=2).fit(X, Y)
    table = model.get_booster().trees_to_dataframe()
    assert structure(model) == {"trees": 3, "leaves": int((table["Feature"] == "Leaf").sum())}
