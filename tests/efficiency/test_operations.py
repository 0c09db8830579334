"""What one prediction costs is what the libraries' own paths say, and never 0 where it is not known."""

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from audit.efficiency.operations import Operations, depth, operations

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 4))
Y = (X[:, 0] + RNG.normal(size=300) > 0).astype(int)


def nodes_passed(tree, rows):
    """Mean number of nodes on the way to a leaf, the leaf itself aside."""
    return tree.decision_path(rows).sum(axis=1).mean() - 1


def test_a_tree_costs_the_mean_length_of_its_paths():
    model = DecisionTreeClassifier(random_state=0).fit(X, Y)
    assert operations(model).count == pytest.approx(nodes_passed(model, X))
    assert operations(model).unit == "decisions"
    assert depth(model) == model.get_depth()


def test_a_forest_costs_the_sum_of_its_trees():
    model = RandomForestClassifier(5, bootstrap=False, random_state=0).fit(X, Y)
    assert operations(model).count == pytest.approx(sum(nodes_passed(tree, X) for tree in model.estimators_))
    assert depth(model) == max(tree.get_depth() for tree in model.estimators_)


def test_boosted_stumps_cost_one_decision_each():
    assert operations(GradientBoostingClassifier(n_estimators=7, max_depth=1).fit(X, Y)).count == pytest.approx(7)
    assert operations(HistGradientBoostingRegressor(max_iter=6, max_leaf_nodes=2).fit(X, X[:, 0])).count == 6


def test_lightgbm_costs_the_depth_of_the_leaves_that_rows_fall_into():
    lightgbm = pytest.importorskip("lightgbm")
    booster = lightgbm.train({"verbosity": -1, "num_leaves": 6}, lightgbm.Dataset(X, Y.astype(float)), 4)
    table = booster.trees_to_dataframe()
    leaves = table[table["split_feature"].isna()]
    # node_depth of the root is 1.
    passed = ((leaves["node_depth"] - 1) * leaves["count"]).groupby(leaves["tree_index"]).sum() / len(X)
    assert operations(booster).count == pytest.approx(passed.sum())
    assert depth(booster) == table["node_depth"].max() - 1


def test_xgboost_does_not_say_how_many_rows_took_which_way():
    xgboost = pytest.importorskip("xgboost")
    model = xgboost.XGBClassifier(n_estimators=3, max_depth=2).fit(X, Y)
    assert operations(model) is None
    assert depth(model) == 2


def test_linear_models_networks_and_kernel_machines_multiply():
    linear = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)
    assert operations(linear) == Operations(4, "multiplications")
    network = MLPRegressor(hidden_layer_sizes=(3,), max_iter=1, random_state=0)
    with pytest.warns(Warning, match="Maximum iterations"):
        network.fit(X, X[:, 0])
    assert operations(network) == Operations(4 * 3 + 3, "multiplications")
    machine = SVC().fit(X, Y)
    assert operations(machine) == Operations(int(machine.n_support_.sum()) * 4, "multiplications")
    assert depth(linear) is None


def test_what_is_not_known_is_not_nothing():
    assert operations(GaussianNB().fit(X, Y)) is None
