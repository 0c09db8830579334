"""Every kind of model is explained, on the right columns, on the right scale, or says why not."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge, RidgeClassifier, SGDClassifier
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from audit.attribution import explain as room
from audit.attribution.boosters import booster_of
from audit.attribution.forests import forest_of
from audit.attribution.linear import dense
from audit.subject.estimator import Identity

N = 160


def rows() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": rng.normal(40, 10, N),
            "income": rng.lognormal(3, 1, N),
            "city": rng.choice(["a", "b", "c"], N),
            "grade": rng.choice(["lo", "mid", "hi"], N),
            "noise": rng.normal(size=N),
            "more": rng.normal(size=N),
        }
    )
    frame.loc[rng.random(N) < 0.1, "age"] = np.nan
    return frame


def categories(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(city=frame.city.astype("category"), grade=frame.grade.astype("category"))


def target(frame: pd.DataFrame, kind: str) -> Any:
    old = frame.age.fillna(40) > 41
    match kind:
        case "binary":
            return np.where(old | (frame.city == "b"), "yes", "no")
        case "multiclass":
            return np.array(["low", "middle", "top"])[old.astype(int) + (frame.income > 25).astype(int)]
        case _:
            return (frame.age.fillna(40) + 10 * (frame.city == "b") + frame.noise).to_numpy()


def encoded(*then: Any) -> Pipeline:
    first = make_column_transformer(
        (make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), ["age", "income"]),
        (OneHotEncoder(handle_unknown="ignore"), ["city"]),
        (OrdinalEncoder(categories=[["lo", "mid", "hi"]]), ["grade"]),
        remainder="passthrough",
    )
    return make_pipeline(first, *then)


PATH, EXACT, SAMPLED = "path-dependent", "exact for a linear model", "sampled by permutations"
MODELS: dict[str, tuple[Any, str, str, str]] = {
    "logistic": (encoded(LogisticRegression(max_iter=500)), "binary", EXACT, "log-odds"),
    "softmax": (encoded(LogisticRegression(max_iter=500)), "multiclass", EXACT, "raw score (before softmax)"),
    "ridge": (encoded(Ridge()), "regression", EXACT, "unit of the target"),
    "poisson": (encoded(PoissonRegressor()), "regression", EXACT, "log of the target"),
    "linear svc": (encoded(LinearSVC()), "binary", EXACT, "decision score"),
    "linear svc of three": (encoded(LinearSVC()), "multiclass", EXACT, "decision score"),
    "ridge classifier": (encoded(RidgeClassifier()), "binary", EXACT, "decision score"),
    "sgd hinge": (encoded(SGDClassifier(random_state=0)), "binary", EXACT, "decision score"),
    "lda": (encoded(LinearDiscriminantAnalysis()), "multiclass", EXACT, "raw score (before softmax)"),
    "search": (
        GridSearchCV(encoded(Ridge()), {"ridge__alpha": [0.1, 1]}, cv=2),
        "regression",
        EXACT,
        "unit of the target",
    ),
    "own threshold": (
        FixedThresholdClassifier(encoded(LogisticRegression()), threshold=0.3),
        "binary",
        EXACT,
        "log-odds",
    ),
    "tree": (encoded(DecisionTreeClassifier(max_depth=4)), "multiclass", PATH, "probability"),
    "forest": (encoded(RandomForestClassifier(10, random_state=0)), "binary", PATH, "probability"),
    "forest of three": (encoded(RandomForestClassifier(10, random_state=0)), "multiclass", PATH, "probability"),
    "extra trees": (encoded(ExtraTreesClassifier(10, random_state=0)), "binary", PATH, "probability"),
    "forest regression": (encoded(RandomForestRegressor(10, random_state=0)), "regression", PATH, "unit of the target"),
    "boosting": (encoded(GradientBoostingClassifier(n_estimators=10)), "binary", PATH, "log-odds"),
    "exponential": (
        encoded(GradientBoostingClassifier(n_estimators=9, loss="exponential")),
        "binary",
        PATH,
        "raw score (half the log-odds)",
    ),
    "boosting of three": (
        encoded(GradientBoostingClassifier(n_estimators=10)),
        "multiclass",
        PATH,
        "raw score (before softmax)",
    ),
    "boosting regression": (
        encoded(GradientBoostingRegressor(n_estimators=10)),
        "regression",
        PATH,
        "unit of the target",
    ),
    "boosting on a model": (
        encoded(GradientBoostingRegressor(n_estimators=5, init=Ridge())),
        "regression",
        SAMPLED,
        "unit of the target",
    ),
    "histogram": (HistGradientBoostingClassifier(max_iter=10), "binary", PATH, "log-odds"),
    "histogram of three": (
        HistGradientBoostingClassifier(max_iter=10),
        "multiclass",
        PATH,
        "raw score (before softmax)",
    ),
    "histogram regression": (HistGradientBoostingRegressor(max_iter=10), "regression", PATH, "unit of the target"),
    "histogram poisson": (
        HistGradientBoostingRegressor(max_iter=10, loss="poisson"),
        "regression",
        PATH,
        "log of the target",
    ),
    "pca": (encoded(PCA(3), LogisticRegression()), "binary", SAMPLED, "probability"),
    "svc": (encoded(SVC()), "binary", SAMPLED, "score"),
    "svc of three": (encoded(SVC()), "multiclass", SAMPLED, "score"),
    "svr": (encoded(SVR()), "regression", SAMPLED, "unit of the target"),
    "neighbours": (encoded(KNeighborsClassifier()), "multiclass", SAMPLED, "probability"),
    "perceptron": (
        encoded(MLPClassifier((5,), max_iter=2000, tol=1e-2, random_state=0)),
        "binary",
        SAMPLED,
        "probability",
    ),
    "bayes": (encoded(GaussianNB()), "binary", SAMPLED, "probability"),
    "calibrated": (encoded(CalibratedClassifierCV(LinearSVC(), cv=2)), "binary", SAMPLED, "probability"),
    "voting": (
        VotingClassifier([("a", encoded(LogisticRegression())), ("b", encoded(GaussianNB()))], voting="soft"),
        "binary",
        SAMPLED,
        "probability",
    ),
    "hard voting": (
        VotingClassifier([("a", encoded(LogisticRegression())), ("b", encoded(GaussianNB()))]),
        "binary",
        SAMPLED,
        "predicted label (1 for the class, 0 for another)",
    ),
    "stacking": (StackingClassifier([("a", encoded(GaussianNB()))], cv=2), "binary", SAMPLED, "probability"),
    "ada boost": (encoded(AdaBoostClassifier(n_estimators=5)), "binary", SAMPLED, "probability"),
    "changed target": (
        TransformedTargetRegressor(encoded(Ridge()), func=np.log1p, inverse_func=np.expm1),
        "regression",
        SAMPLED,
        "unit of the target",
    ),
}


def fitted(model: Any, frame: pd.DataFrame, labels: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(frame, labels)


def shap_of(section: Any) -> Any:
    return next(m for m in section.methods if m.name == "shap")


@pytest.mark.parametrize("name", MODELS)
def test_each_model_is_explained_on_its_original_columns(name: str, run: Callable[..., Any]) -> None:
    model, kind, game, scale = MODELS[name]
    frame = categories(rows()) if name.startswith("histogram") else rows()
    labels = target(frame, kind)
    model = fitted(model, frame, labels)
    section, observations = run(model, frame, labels, spec={"methods": ["shap"], "background": 40})
    facts = shap_of(section)
    assert (facts.status, facts.scale, game in facts.game) == ("done", scale, True), (
        facts.reason,
        facts.game,
        facts.notes,
    )
    assert set(facts.features) == set(frame.columns)
    assert facts.additivity_error < 1e-9
    values = [o for o in observations if "/global/" in o.id]
    assert len(values) == 6 * (4 if kind == "multiclass" else 1)
    assert len(facts.cases) == 10
    for case in facts.cases:
        assert case.prediction == pytest.approx(case.base + sum(c.attribution for c in case.contributions))
        assert case.class_ == {"binary": "yes", "regression": None}.get(kind, case.decided)


@pytest.mark.parametrize("library", ["lightgbm", "xgboost"])
@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression"])
def test_boosters_attribute_themselves(library: str, kind: str, run: Callable[..., Any]) -> None:
    module = pytest.importorskip(library)
    frame = categories(rows())
    labels = target(frame, kind)
    codes = labels if kind == "regression" else np.unique(labels, return_inverse=True)[1]
    name = {"lightgbm": "LGBM", "xgboost": "XGB"}[library] + ("Regressor" if kind == "regression" else "Classifier")
    options = {"verbose": -1} if library == "lightgbm" else {"enable_categorical": True}
    model = fitted(getattr(module, name)(n_estimators=8, n_jobs=1, **options), frame, codes)
    section, _ = run(model, frame, codes, spec={"methods": ["shap"]})
    facts = shap_of(section)
    assert facts.status == "done" and PATH in facts.game, (facts.reason, facts.notes)
    assert facts.additivity_error < 1e-4
    assert set(facts.features[:3]) & {"age", "income", "city"}
    raw = getattr(model, "booster_", None) or model.get_booster()
    columns = {"binary": (1,), "multiclass": (0, 1, 2), "regression": ()}[kind]
    bare, whole = booster_of(raw, columns), booster_of(model, columns)
    assert bare is not None and whole is not None
    np.testing.assert_allclose(bare.explain(frame).values, whole.explain(frame).values, atol=1e-12)


@pytest.mark.parametrize("name", ["logistic", "linear svc", "forest", "boosting", "svc", "histogram"])
def test_the_other_class_gets_the_opposite(name: str, run: Callable[..., Any]) -> None:
    model, kind, _, _ = MODELS[name]
    frame = categories(rows()) if name == "histogram" else rows()
    labels = target(frame, kind)
    model = fitted(model, frame, labels)
    base = [shap_of(run(model, frame, labels, spec={"methods": ["shap"]}, positive=p)[0]).base[""] for p in (0, 1)]
    scale = shap_of(run(model, frame, labels, spec={"methods": ["shap"]})[0]).scale
    assert sum(base) == pytest.approx(1.0 if scale == "probability" else 0.0, abs=1e-9)


LOG, VALUE, SOFTMAX, SOFTPLUS = (
    "log of the target",
    "unit of the target",
    "raw score (before softmax)",
    "raw score (before softplus)",
)
FLAVOURS: dict[str, tuple[str, str, dict[str, Any], str, str]] = {
    "forest of xgboost": ("xgboost", "XGBRFClassifier", {}, "binary", "log-odds"),
    "dropout of xgboost": ("xgboost", "XGBClassifier", {"booster": "dart", "rate_drop": 0.3}, "binary", "log-odds"),
    "squared log error": ("xgboost", "XGBRegressor", {"objective": "reg:squaredlogerror"}, "positive", VALUE),
    "hinge": ("xgboost", "XGBClassifier", {"objective": "binary:hinge"}, "binary", ""),
    "linear booster": ("xgboost", "XGBRegressor", {"booster": "gblinear"}, "regression", ""),
    "vector leaves": ("xgboost", "XGBClassifier", {"multi_strategy": "multi_output_tree"}, "multiclass", ""),
    "forest of lightgbm": ("lightgbm", "LGBMClassifier", {"boosting_type": "rf"}, "binary", "log-odds"),
    "forest regression": ("lightgbm", "LGBMRegressor", {"boosting_type": "rf"}, "regression", VALUE),
    "forest of three": ("lightgbm", "LGBMClassifier", {"boosting_type": "rf"}, "multiclass", SOFTMAX),
    "dropout of lightgbm": ("lightgbm", "LGBMClassifier", {"boosting_type": "dart"}, "binary", "log-odds"),
    "root of the target": ("lightgbm", "LGBMRegressor", {"reg_sqrt": True}, "positive", "square root of the target"),
    "intensities": ("lightgbm", "LGBMRegressor", {"objective": "cross_entropy_lambda"}, "share", SOFTPLUS),
    "catboost": ("catboost", "CatBoostClassifier", {}, "binary", "log-odds"),
    "catboost of three": ("catboost", "CatBoostClassifier", {}, "multiclass", SOFTMAX),
    "catboost regression": ("catboost", "CatBoostRegressor", {}, "regression", VALUE),
    "catboost of counts": ("catboost", "CatBoostRegressor", {"loss_function": "Poisson"}, "positive", LOG),
    "linear leaves": ("lightgbm", "LGBMRegressor", {"linear_tree": True}, "regression", ""),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", FLAVOURS)
def test_every_flavour_of_booster_is_exact_or_says_why_not(name: str, run: Callable[..., Any]) -> None:
    library, kind, options, task, scale = FLAVOURS[name]
    module = pytest.importorskip(library)
    frame = rows()[["age", "income", "noise", "more"]].fillna(40)
    value = target(rows(), "regression")
    labels = {
        "binary": (value > np.median(value)).astype(int),
        "multiclass": np.digitize(value, np.quantile(value, [0.3, 0.6])),
        "positive": np.exp(value / 20),
        "share": (value > np.median(value)).astype(float),
    }.get(task, value)
    quiet = {
        "xgboost": {"n_jobs": 1},
        "lightgbm": {"n_jobs": 1, "verbose": -1, "bagging_freq": 1, "bagging_fraction": 0.6},
        "catboost": {"verbose": 0, "allow_writing_files": False},
    }[library]
    model = fitted(getattr(module, kind)(n_estimators=6, **quiet, **options), frame, labels)
    facts = shap_of(run(model, frame, labels, spec={"methods": ["shap"], "rows": 40})[0])
    assert facts.status == "done" and facts.additivity_error < 1e-5, facts.reason
    if scale:
        assert (PATH in facts.game, facts.scale) == (True, scale), facts.notes
    else:
        assert PATH not in facts.game
        assert facts.notes[0].startswith("Explained through its predictions alone, because")


def test_one_hot_columns_are_summed_back(evidence: Callable[..., Any], ground: Callable[..., Any]) -> None:
    frame = rows()
    labels = target(frame, "binary")
    model = fitted(MODELS["forest"][0], frame, labels)
    _, explained = room.explain(ground(evidence(model, frame, labels), local=False, rows=N))
    matrix = dense(model[:-1].transform(ground(evidence(model, frame, labels), local=False, rows=N).rows))
    forest = forest_of(model[-1], (1,))
    assert forest is not None
    inner = forest.explain(matrix, matrix.shape[1]).values[:, :, 0]
    names = [n.partition("__")[2] for n in model[:-1].get_feature_names_out()]
    for j, column in enumerate(frame.columns):
        mine = [
            i for i, n in enumerate(names) if n in (column, f"missingindicator_{column}") or n.startswith(f"{column}_")
        ]
        assert len(mine) == {"city": 3, "age": 2}.get(column, 1)
        np.testing.assert_allclose(explained.values[:, j, 0], inner[:, mine].sum(axis=1), atol=1e-14)
    # A double that leaves one encoded column out is told apart.
    assert (
        np.abs(
            explained.values[:, 2, 0] - inner[:, [i for i, n in enumerate(names) if n == "city_a"]].sum(axis=1)
        ).max()
        > 0.01
    )


def test_a_column_that_no_tree_splits_on_gets_exactly_nothing(run: Callable[..., Any]) -> None:
    frame = rows().assign(constant=1.0)
    labels = target(frame, "binary")
    for name in ("forest", "boosting"):
        _, observations = run(fitted(MODELS[name][0], frame, labels), frame, labels, spec={"methods": ["shap"]})
        assert next(o for o in observations if o.id == "attribution/shap/global/constant").measured.value == 0


class Mixing(TransformerMixin, BaseEstimator):
    """The user's own step, which mixes columns and names none."""

    def fit(self, X: Any, y: Any = None) -> Mixing:
        self.feature_names_in_ = np.array(X.columns, dtype=object)
        return self

    def transform(self, X: Any) -> Any:
        numbers = np.asarray(X[["income", "noise", "more"]])
        return numbers @ np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


class Flipped(ClassifierMixin, BaseEstimator):
    """Has coefficients that say the opposite of what it predicts."""

    def fit(self, X: Any, y: Any) -> Flipped:
        self.inner_ = LogisticRegression().fit(X[["noise", "more"]], y)
        self.coef_, self.intercept_ = np.zeros((1, 6)), np.zeros(1)
        self.classes_, self.feature_names_in_ = self.inner_.classes_, np.array(X.columns, dtype=object)
        return self

    def decision_function(self, X: Any) -> Any:
        return -self.inner_.decision_function(X[["noise", "more"]])

    def predict(self, X: Any) -> Any:
        return self.classes_[(self.decision_function(X) > 0).astype(int)]


@pytest.mark.parametrize("model", [make_pipeline(Mixing(), RandomForestClassifier(5, random_state=0)), Flipped()])
def test_what_cannot_be_traced_is_explained_through_predictions_and_says_so(
    model: Any, run: Callable[..., Any]
) -> None:
    frame = rows()
    labels = target(frame, "binary")
    facts = shap_of(run(fitted(model, frame, labels), frame, labels, spec={"methods": ["shap"]})[0])
    assert SAMPLED in facts.game
    assert "Explained through its predictions alone, because" in facts.notes[0]
    assert set(facts.features[-2:]) <= {"age", "city", "grade", "income"}


def test_a_model_fitted_on_arrays(run: Callable[..., Any]) -> None:
    frame = rows()[["income", "noise", "more"]]
    labels = target(rows(), "binary")
    for model in (RandomForestClassifier(5, random_state=0), make_pipeline(StandardScaler(), LogisticRegression())):
        facts = shap_of(run(fitted(model, frame.to_numpy(), labels), frame, labels, spec={"methods": ["shap"]})[0])
        assert facts.status == "done" and SAMPLED not in facts.game, facts


def test_the_budget_counts_operations_and_says_what_it_left_out(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = rows()
    labels = target(frame, "binary")
    model = fitted(MODELS["forest"][0], frame, labels)
    forest = forest_of(model[-1], (1,))
    assert forest is not None
    monkeypatch.setattr(room, "_OPERATIONS", forest.cost() * 30)
    facts = shap_of(run(model, frame, labels, spec={"methods": ["shap"]})[0])
    assert (facts.rows, facts.rows_available) == (30, N)
    assert "30 of the 160 sampled rows" in " ".join(facts.notes)
    assert len(facts.cases) == 10


@pytest.mark.parametrize("library", ["lightgbm", "xgboost"])
def test_a_bare_booster_is_explained_through_its_own_encoding(
    library: str, ground: Callable[..., Any], evidence: Callable[..., Any]
) -> None:
    boosters = pytest.importorskip("audit.subject.boosters")
    module = pytest.importorskip(library)
    frame = rows().drop(columns="city" if library == "lightgbm" else ["city", "grade"])
    labels = (target(rows(), "binary") == "yes").astype(int)
    identity = Identity(place="model", name="m", format=library, heard=lambda _: None)
    if library == "lightgbm":
        coded = frame.assign(grade=frame.grade.astype("category"))
        whole = module.LGBMClassifier(n_estimators=8, n_jobs=1, verbose=-1).fit(coded, labels)
        bare = boosters.adapted_lightgbm(whole.booster_, identity, {"grade": ["hi", "lo", "mid"]})
    else:
        coded = frame
        whole = module.XGBClassifier(n_estimators=8, n_jobs=1).fit(coded, labels)
        bare = boosters.adapted_xgboost(whole.get_booster(), identity, "binary:logistic")
    made = replace(ground(evidence(whole, coded, labels), rows=50), model=bare)
    theirs = room.explain(made)[1]
    ours = room.explain(
        replace(made, rows=made.rows.assign(**({"grade": made.rows.grade.astype(str)} if "grade" in frame else {})))
    )[1]
    assert PATH in ours.game, ours.notes
    np.testing.assert_allclose(ours.values, theirs.values)
    np.testing.assert_allclose(
        ours.values, room.explain(ground(evidence(whole, coded, labels), rows=50))[1].values, atol=1e-6
    )
