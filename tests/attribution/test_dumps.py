"""LightGBM and XGBoost trees, read from what these libraries save, against their own attributions of the same rows."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from audit.attribution import boosters
from audit.attribution.boosters import Booster, booster_of
from audit.attribution.dumps import LightGBMTrees
from audit.attribution.explained import Explained

N = 400


@pytest.fixture(autouse=True)
def _never_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boosters, "_FEW_OPERATIONS", 0)


def frame(holes: bool) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    found = pd.DataFrame(
        {
            "a": rng.normal(size=N),
            "b": rng.integers(-1, 2, N).astype(float),
            "c": pd.Categorical(rng.choice(list("abcdefghijklmnop"), N)),
            "d": pd.Categorical(rng.integers(0, 300, N)),
            "noise": np.zeros(N),
        }
    )
    for column in "abcd" if holes else ():
        found.loc[rng.random(N) < 0.15, column] = np.nan
    return found


def numbers(holes: bool) -> np.ndarray:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(N, 6))
    x[:, 1] = rng.integers(-1, 2, N)
    x[rng.random(x.shape) < (0.15 if holes else 0)] = np.nan
    return x


def labels(kind: str) -> np.ndarray:
    whole = frame(False)
    odd = whole.c.isin(list("acegk")) ^ (whole.a > 0) ^ (whole.d.astype(int) % 3 == 0)
    return {"binary": odd.astype(int), "multiclass": odd.astype(int) + (whole.b > 0), "regression": odd + whole.a}[
        kind
    ].to_numpy()


def fitted(library: str, kind: str, rows: Any, **options: Any) -> Any:
    module = pytest.importorskip(library)
    name = {"lightgbm": "LGBM", "xgboost": "XGB"}[library] + ("Regressor" if kind == "regression" else "Classifier")
    usual = {"n_estimators": 12, "n_jobs": 1}
    usual |= {"verbose": -1, "min_child_samples": 5} if library == "lightgbm" else {"enable_categorical": True}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(module, name)(**usual | options).fit(rows, labels(kind))


def both(model: Any, columns: tuple[int, ...], rows: Any) -> tuple[Explained, Explained]:
    booster = booster_of(model, columns)
    assert booster is not None
    output = booster.output(rows)
    ours = booster._by_own_trees(rows, output)
    assert ours is not None
    return ours, booster._by_library(rows, output)


def agree(ours: Explained, theirs: Explained, tolerance: float) -> None:
    np.testing.assert_allclose(ours.values, theirs.values, atol=tolerance)
    np.testing.assert_allclose(ours.base, theirs.base, atol=tolerance)
    assert ours.additivity_error() < tolerance


CLASSES: dict[str, tuple[int, ...]] = {"binary": (1,), "multiclass": (0, 1, 2), "regression": ()}
TOLERANCE = {"lightgbm": 1e-8, "xgboost": 1e-5}
LISTS: dict[str, dict[str, Any]] = {
    "lightgbm": {"cat_smooth": 1, "min_data_per_group": 2, "max_cat_to_onehot": 2},
    "xgboost": {"max_cat_to_onehot": 1},
}


@pytest.mark.parametrize("library", TOLERANCE)
@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("holes", [False, True])
def test_missing_values_and_lists_of_categories(library: str, kind: str, holes: bool) -> None:
    model = fitted(library, kind, frame(holes), **LISTS[library])
    for seen in (False, True):
        ours, theirs = both(model, CLASSES[kind], frame(seen))
        agree(ours, theirs, TOLERANCE[library])
        assert not ours.values[:, 4].any()


OPTIONS: list[tuple[str, dict[str, Any]]] = [
    ("lightgbm", {"zero_as_missing": True}),
    ("lightgbm", {"use_missing": False}),
    ("lightgbm", {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6}),
    ("lightgbm", {"boosting": "dart"}),
    ("lightgbm", {"sigmoid": 2.0}),
    ("xgboost", {"booster": "dart", "rate_drop": 0.5}),
    ("xgboost", {"missing": 0.0}),
    ("xgboost", {"num_parallel_tree": 3, "subsample": 0.5}),
    ("xgboost", {"base_score": 0.2}),
    ("xgboost", {"grow_policy": "lossguide", "max_depth": 0, "max_leaves": 40}),
    ("xgboost", {"tree_method": "exact", "enable_categorical": False}),
]


@pytest.mark.parametrize(("library", "options"), OPTIONS)
@pytest.mark.parametrize("holes", [False, True])
def test_each_way_of_growing_and_of_missing(library: str, options: dict[str, Any], holes: bool) -> None:
    model = fitted(library, "binary", numbers(holes), **options)
    agree(*both(model, (0,), numbers(True)), TOLERANCE[library])


@pytest.mark.parametrize("library", TOLERANCE)
def test_an_early_stop_counts(library: str) -> None:
    module = pytest.importorskip(library)
    x, y = numbers(True), labels("binary")
    held = {"eval_set": [(x[300:], y[300:])]}
    if library == "lightgbm":
        model = module.LGBMClassifier(n_estimators=200, n_jobs=1, verbose=-1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(x[:300], y[:300], callbacks=[module.early_stopping(3, verbose=False)], **held)
    else:
        model = module.XGBClassifier(n_estimators=200, n_jobs=1, early_stopping_rounds=3)
        model.fit(x[:300], y[:300], verbose=False, **held)
    agree(*both(model, (1,), x), TOLERANCE[library])


def test_categories_in_another_order_are_the_same_categories() -> None:
    model = fitted("xgboost", "binary", frame(True), **LISTS["xgboost"])
    turned = frame(True)
    turned["c"] = turned.c.cat.reorder_categories(list("ponmlkjihgfedcba"))
    np.testing.assert_allclose(both(model, (1,), turned)[0].values, both(model, (1,), frame(True))[0].values)


def test_a_few_rows_are_left_to_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    booster = booster_of(fitted("lightgbm", "binary", numbers(False)), (1,))
    assert booster is not None
    asked: list[int] = []
    spied = replace(booster, own=lambda: asked.append(1))  # type: ignore[arg-type,return-value]
    monkeypatch.setattr(boosters, "_FEW_OPERATIONS", booster.cost() * 20)
    spied.explain(numbers(False)[:20])
    assert asked == []
    spied.explain(numbers(False)[:21])
    assert asked == [1]


def test_trees_that_do_not_add_up_give_way_to_the_library() -> None:
    booster = booster_of(fitted("lightgbm", "binary", numbers(False)), (1,))
    assert isinstance(booster, Booster)
    right = booster.own()
    assert isinstance(right, LightGBMTrees)
    wrong = replace(booster, own=lambda: replace(right, trees=right.trees[1:]))
    rows = numbers(False)
    np.testing.assert_array_equal(wrong.explain(rows).values, booster._by_library(rows, booster.raw(rows)).values)


def test_a_model_saved_in_an_unknown_way_is_left_to_the_library() -> None:
    booster = booster_of(fitted("xgboost", "binary", numbers(False)), (1,))
    assert booster is not None
    rows = numbers(False)
    unknown = replace(booster, own=lambda: {}["learner"])
    np.testing.assert_array_equal(unknown.explain(rows).values, booster._by_library(rows, booster.raw(rows)).values)
