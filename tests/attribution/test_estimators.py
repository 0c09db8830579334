"""Every estimator that scikit-learn lists is attributed on the table's own columns, or says why not; none warns."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor, StackingClassifier, VotingClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, RadiusNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)
from sklearn.svm import SVC
from sklearn.utils import all_estimators

METHODS = ["shap", "kernel_shap", "lime"]
N = 90


def numbers() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(np.abs(rng.normal(size=(N, 3))) + 0.1, columns=["a", "b", "c"])


# What a constructor must be given, and settings that keep the heavy ones small.
GIVEN: dict[str, dict[str, Any]] = {
    "CCA": {"n_components": 1},
    "PLSCanonical": {"n_components": 1},
    "OrthogonalMatchingPursuitCV": {"max_iter": 3},
    "RadiusNeighborsClassifier": {"radius": 10.0},
    "RadiusNeighborsRegressor": {"radius": 10.0},
    "ClassifierChain": {"estimator": LogisticRegression()},
    "FixedThresholdClassifier": {"estimator": LogisticRegression()},
    "GridSearchCV": {"estimator": LogisticRegression(), "param_grid": {"C": [1.0]}, "cv": 2},
    "MultiOutputClassifier": {"estimator": LogisticRegression()},
    "MultiOutputRegressor": {"estimator": Ridge()},
    "OneVsOneClassifier": {"estimator": LogisticRegression()},
    "OneVsRestClassifier": {"estimator": LogisticRegression()},
    "OutputCodeClassifier": {"estimator": LogisticRegression(), "random_state": 0},
    "RegressorChain": {"estimator": Ridge()},
    "SelfTrainingClassifier": {"estimator": LogisticRegression()},
    "StackingClassifier": {"estimators": [("a", LogisticRegression()), ("b", GaussianNB())], "cv": 2},
    "StackingRegressor": {"estimators": [("a", Ridge()), ("b", RandomForestRegressor(3, random_state=0))], "cv": 2},
    "TunedThresholdClassifierCV": {"estimator": LogisticRegression(), "cv": 2},
    "VotingClassifier": {"estimators": [("a", LogisticRegression()), ("b", GaussianNB())], "voting": "soft"},
    "VotingRegressor": {"estimators": [("a", Ridge()), ("b", RandomForestRegressor(3, random_state=0))]},
}
SMALL: dict[str, Any] = {
    "n_estimators": 5, "max_iter": 200, "n_jobs": None, "cv": 2, "random_state": 0, "n_restarts_optimizer": 0,
    "hidden_layer_sizes": (4,), "max_subpopulation": 50, "n_subsamples": 20,
}  # fmt: skip
# Models of several targets at once are no models of one: the subject refuses them by name before anything is measured.
SEVERAL = frozenset({
    "ClassifierChain", "MultiOutputClassifier", "MultiOutputRegressor", "RegressorChain", "MultiTaskElasticNet",
    "MultiTaskElasticNetCV", "MultiTaskLasso", "MultiTaskLassoCV",
})  # fmt: skip
LISTED = [
    *((name, cls, "binary") for name, cls in all_estimators("classifier")),
    *((name, cls, "regression") for name, cls in all_estimators("regressor")),
]
NAMES = [listed for listed in LISTED if listed[0] not in SEVERAL]


def fitted(name: str, cls: Any, frame: pd.DataFrame, y: Any) -> Any:
    """Fit with settings that keep it small; what it warns of while fitting is not ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        given = dict(GIVEN.get(name, {}))
        known = BaseEstimator.get_params(cls(**given), deep=False)
        slim = {key: value for key, value in SMALL.items() if key in known and key not in given}
        if name.startswith("HistGradient"):
            slim["max_iter"] = 5
        elif slim.get("max_iter"):
            slim["max_iter"] = max(known["max_iter"] or 0, slim["max_iter"])
        return cls(**given, **slim).fit(frame, y)


def assert_told(section: Any, columns: list[str]) -> None:
    for facts in section.methods:
        if facts.status == "done":
            assert set(facts.features) == set(columns), facts.name
            assert facts.scale and facts.game and facts.rows
            if facts.additivity_error is not None:
                assert facts.additivity_error < 1e-6, facts
        else:
            # What breaks is not the same as what does not fit.
            assert facts.status == "not_run" and facts.reason, (facts.name, facts.reason)


SPEC: dict[str, Any] = {
    "methods": METHODS, "rows": 6, "background": 3, "local": {"rows": 2}, "lime": {"samples": 100}, "budget": 2_000
}  # fmt: skip


@pytest.mark.parametrize(("name", "cls", "task"), NAMES, ids=[name for name, *_ in NAMES])
def test_each_listed_estimator_is_attributed_or_says_why_not(
    name: str, cls: Any, task: str, run: Callable[..., Any]
) -> None:
    frame = numbers()
    value = (frame.a + 0.3 * frame.b).to_numpy()
    y: Any = (value > 1).astype(int) if task == "binary" else value
    if name == "IsotonicRegression":
        frame = frame[["a"]]
    model = fitted(name, cls, frame, y)
    section, _ = run(model, frame, y, spec=SPEC)
    assert_told(section, list(frame.columns))
    assert section.methods[0].status == "done", section.methods[0].reason


def mixed() -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(1)
    city = rng.choice(["north", "south", None], 120)
    frame = pd.DataFrame({
        "age": np.where(rng.random(120) < 0.1, np.nan, rng.normal(40, 10, 120)),
        "income": rng.lognormal(3, 1, 120),
        "city": pd.array(city, dtype=object),
        "grade": pd.Categorical(rng.choice(["lo", "mid", "hi"], 120)),
        "flag": rng.random(120) < 0.5,
    })  # fmt: skip
    return frame, np.where((frame.age.fillna(40) > 40) | (city == "north"), "yes", "no")


def columns(**parts: Any) -> Any:
    """A ColumnTransformer for the mixed table, with other ways for some columns."""
    chosen = {
        "number": make_pipeline(SimpleImputer(), StandardScaler()),
        "text": OneHotEncoder(handle_unknown="ignore"),
        "grade": OrdinalEncoder(),
        **parts,
    }
    return make_column_transformer(
        (chosen["number"], ["age", "income"]),
        (chosen["text"], ["city"]),
        (chosen["grade"], ["grade"]),
        ("passthrough", ["flag"]),
    )


def forest() -> Any:
    return RandomForestClassifier(4, max_depth=4, random_state=0)


def after(*steps: Any, **parts: Any) -> Any:
    return make_pipeline(columns(**parts), *steps)


def imputed(then: Any) -> Any:
    return make_pipeline(SimpleImputer(), then)


def encoder() -> Any:
    return TargetEncoder(random_state=0)


EXACT, THROUGH = "path-dependent", "predictions alone"
TWO = [("a", after(LogisticRegression())), ("b", after(forest()))]
PIPELINES: dict[str, tuple[Any, str]] = {
    "one-hot and ordinal": (after(forest()), EXACT),
    "one-hot, logistic": (after(LogisticRegression()), "linear model"),
    "target encoding": (after(forest(), text=encoder()), EXACT),
    "target encoding of both": (after(forest(), text=encoder(), grade=encoder()), EXACT),
    "missing indicator": (after(forest(), number=SimpleImputer(add_indicator=True, strategy="median")), EXACT),
    "bins": (after(forest(), number=imputed(KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf"))), EXACT),
    "splines": (after(forest(), number=imputed(SplineTransformer(3))), EXACT),
    "selected columns": (after(SelectKBest(k=3), forest()), EXACT),
    "neighbours impute": (after(forest(), number=KNNImputer()), THROUGH),
    "polynomials": (after(forest(), number=imputed(PolynomialFeatures())), THROUGH),
    "principal components": (after(PCA(3), forest()), THROUGH),
    "union": (after(FeatureUnion([("same", "passthrough"), ("pca", PCA(1))]), forest()), THROUGH),
    "function": (after(forest(), number=imputed(FunctionTransformer(np.log1p))), THROUGH),
    "calibrated": (CalibratedClassifierCV(after(forest()), cv=2), THROUGH),
    "voting": (VotingClassifier(TWO, voting="soft"), THROUGH),
    "hard voting": (VotingClassifier(TWO), THROUGH),
    "stacking": (StackingClassifier(TWO[1:], cv=2), THROUGH),
    "support vectors": (after(SVC()), THROUGH),
    "neighbours": (after(KNeighborsClassifier()), THROUGH),
    "perceptron": (after(MLPClassifier((4,), random_state=0)), THROUGH),
    "bayes": (after(GaussianNB()), THROUGH),
    "search": (GridSearchCV(after(forest()), {"randomforestclassifier__max_depth": [2]}, cv=2), EXACT),
    "tuned threshold": (TunedThresholdClassifierCV(after(forest()), cv=2), EXACT),
    "pipeline in a pipeline": (after(Pipeline([("in", make_pipeline(StandardScaler(), forest()))])), EXACT),
}


@pytest.mark.parametrize("name", PIPELINES)
def test_each_pipeline_is_attributed_on_the_columns_of_the_table(name: str, run: Callable[..., Any]) -> None:
    model, way = PIPELINES[name]
    frame, y = mixed()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(frame, y)
    section, _ = run(model, frame, y, spec=SPEC, train=frame)
    assert_told(section, list(frame.columns))
    assert all(facts.status == "done" for facts in section.methods), [f.reason for f in section.methods]
    shap = section.methods[0]
    assert way in f"{shap.game} {' '.join(shap.notes)}", (shap.game, shap.notes)
    if name == "principal components":
        assert "PCA mixes columns" in shap.notes[0]


def test_a_model_that_fails_on_perturbed_rows_is_told_in_its_own_words(run: Callable[..., Any]) -> None:
    frame = numbers()
    y = (frame.a > 1).astype(int).to_numpy()
    model = RadiusNeighborsClassifier(radius=0.4).fit(frame, y)
    section, observations = run(model, frame, y, spec=SPEC)
    for facts in section.methods:
        assert facts.status == "error" and "neighbor" in facts.reason
    assert not observations
