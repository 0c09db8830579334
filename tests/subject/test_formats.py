"""Every format brings back a model that predicts as the saved one did."""

import hashlib
import pickle
from pathlib import Path

import joblib
import lightgbm
import numpy as np
import pandas as pd
import pytest
import skops.io
import xgboost
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from audit import catalogue
from audit.errors import MissingDependencyError, ModelError

BINARY = load_breast_cancer(as_frame=True).frame.iloc[:200, -6:]
SEVERAL = load_iris(as_frame=True).frame
VALUES = load_diabetes(as_frame=True).frame.iloc[:200]
SPEC = {"model": {"path": "m"}, "data": {"test": "t.parquet", "target": "target"}}

MIXED = BINARY.assign(
    kind=np.where(np.arange(len(BINARY)) % 2, "a", "b"), size=np.where(np.arange(len(BINARY)) % 3, "big", None)
)


def mixed_pipeline(last):
    numeric = [c for c in BINARY.columns if c != "target"]
    columns = ColumnTransformer(
        [
            ("n", make_pipeline(SimpleImputer(), StandardScaler()), numeric),
            ("c", OneHotEncoder(handle_unknown="ignore"), ["kind", "size"]),
        ]
    )
    return make_pipeline(columns, last)


def by_category():
    columns = ColumnTransformer(
        [("c", OrdinalEncoder(), ["kind"])], remainder="passthrough", verbose_feature_names_out=False
    )
    return make_pipeline(columns, HistGradientBoostingClassifier(max_iter=3, categorical_features=[0]))


CLASSIFIERS = [
    (BINARY, LogisticRegression(max_iter=5000)),
    (BINARY, DecisionTreeClassifier()),
    (BINARY, RandomForestClassifier(5)),
    (BINARY, GradientBoostingClassifier(n_estimators=5)),
    (BINARY, HistGradientBoostingClassifier(max_iter=5)),
    (BINARY, AdaBoostClassifier(n_estimators=3)),
    (BINARY, GridSearchCV(DecisionTreeClassifier(), {"max_depth": [1, 2]}, cv=2)),
    (SEVERAL, ExtraTreesClassifier(5)),
    (SEVERAL, HistGradientBoostingClassifier(max_iter=5)),
    (SEVERAL, GradientBoostingClassifier(n_estimators=3, max_leaf_nodes=4)),
    (SEVERAL, CalibratedClassifierCV(RandomForestClassifier(3), cv=2)),
    (SEVERAL, VotingClassifier([("a", DecisionTreeClassifier()), ("b", RandomForestClassifier(3))], voting="soft")),
    (SEVERAL, StackingClassifier([("a", DecisionTreeClassifier(ccp_alpha=0.01))], LogisticRegression(), cv=2)),
    (SEVERAL.iloc[::5], make_pipeline(StandardScaler(), MLPClassifier((4,), max_iter=2000, tol=0.1))),
    (MIXED, mixed_pipeline(LogisticRegression(max_iter=5000))),
    (MIXED, mixed_pipeline(RandomForestClassifier(3))),
    (MIXED.drop(columns="size"), by_category()),
]
REGRESSORS = [
    LinearRegression(),
    GradientBoostingRegressor(n_estimators=3),
    HistGradientBoostingRegressor(max_iter=3),
    BaggingRegressor(n_estimators=3, max_features=0.5),
]


def same_score(evidence, expected, rtol=1e-12):
    score = evidence.headline.predictions.score
    expected = np.asarray(expected)
    # The order of sums in a product of matrices depends on the layout of the table: the last bit may differ.
    np.testing.assert_allclose(score, expected if expected.shape == score.shape else expected[:, 1], rtol=rtol)


@pytest.mark.parametrize(("frame", "model"), CLASSIFIERS, ids=lambda v: type(v).__name__)
def test_skops_classifier_loads_without_trust(case, frame, model):
    features = frame.drop(columns="target")
    model.fit(features, frame["target"])
    evidence = case.evidence(SPEC, model=("m.skops", model), test=("t.parquet", frame))
    same_score(evidence, model.predict_proba(features))
    assert evidence.subject.task == ("multiclass" if frame["target"].nunique() > 2 else "binary")
    assert evidence.subject.facts.format == "skops"
    assert evidence.subject.facts.trust == ()
    assert evidence.subject.model.features == tuple(features.columns)


@pytest.mark.parametrize("model", REGRESSORS, ids=lambda v: type(v).__name__)
def test_skops_regressor_loads_without_trust(case, model):
    features = VALUES.drop(columns="target")
    model.fit(features, VALUES["target"])
    evidence = case.evidence(SPEC, model=("m.skops", model), test=("t.parquet", VALUES))
    same_score(evidence, model.predict(features))
    assert evidence.subject.task == "regression"
    assert evidence.headline.predictions.label is None


def test_type_and_parameters_say_what_the_model_is(case):
    model = mixed_pipeline(LogisticRegression(C=0.5, max_iter=5000)).fit(MIXED.drop(columns="target"), MIXED["target"])
    facts = case.subject(SPEC, model=("m.skops", model), test=("t.parquet", MIXED)).facts
    assert facts.type == "Pipeline(ColumnTransformer, LogisticRegression)"
    assert facts.parameters["C"] == "0.5"
    assert facts.capabilities == ("decision_function", "linear", "predict", "probability", "refit")
    assert facts.refittable


def test_decision_scores_are_cut_at_zero(case):
    features = BINARY.drop(columns="target")
    model = RidgeClassifier().fit(features, BINARY["target"])
    evidence = case.evidence(SPEC, model=("m.skops", model), test=("t.parquet", BINARY))
    same_score(evidence, model.decision_function(features))
    np.testing.assert_array_equal(evidence.headline.predictions.label, model.predict(features))
    assert evidence.subject.threshold == 0.0
    assert not evidence.headline.predictions.probability


def test_threshold_that_the_model_brings_with_it(case):
    features = BINARY.drop(columns="target")
    model = FixedThresholdClassifier(LogisticRegression(max_iter=5000), threshold=0.9).fit(features, BINARY["target"])
    evidence = case.evidence(SPEC, model=("m.skops", model), test=("t.parquet", BINARY))
    assert evidence.subject.threshold == 0.9
    np.testing.assert_array_equal(evidence.headline.predictions.label, model.predict(features))


def test_positive_class_turns_the_score_round(case):
    features = BINARY.drop(columns="target")
    model = LogisticRegression(max_iter=5000).fit(features, BINARY["target"])
    spec = SPEC | {"decision": {"positive": 0, "favourable": 1, "threshold": 0.7}}
    evidence = case.evidence(spec, model=("m.skops", model), test=("t.parquet", BINARY))
    score = model.predict_proba(features)[:, 0]
    np.testing.assert_allclose(evidence.headline.predictions.score, score, rtol=1e-12)
    np.testing.assert_array_equal(evidence.headline.predictions.label, np.where(score >= 0.7, 0, 1))
    assert (evidence.subject.positive, evidence.subject.favourable) == (0, 1)


@pytest.mark.parametrize("save", ["pickle", "protocol 0", "joblib", "joblib compressed"])
@pytest.mark.parametrize("trust", ["pickle", "joblib"])
def test_pickles_load_when_trusted_and_pinned(case, save, trust):
    model = RandomForestClassifier(3).fit(SEVERAL.drop(columns="target"), SEVERAL["target"])
    path = case.folder / "model.bin"
    if save.startswith("joblib"):
        joblib.dump(model, path, compress=3 if save.endswith("compressed") else 0)
    else:
        path.write_bytes(pickle.dumps(model, protocol=0 if save == "protocol 0" else 4))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    spec = SPEC | {"model": {"path": "model.bin", "trust": [trust], "sha256": digest}}
    evidence = case.evidence(spec, model="model.bin", test=("t.parquet", SEVERAL))
    same_score(evidence, model.predict_proba(SEVERAL.drop(columns="target")))
    assert evidence.subject.facts.format == save.split()[0].replace("protocol", "pickle")
    assert evidence.subject.facts.trust == (trust,)


@pytest.mark.parametrize("frame", [BINARY, SEVERAL], ids=["binary", "multiclass"])
def test_lightgbm_classifier(case, frame):
    features = frame.drop(columns="target")
    model = lightgbm.LGBMClassifier(n_estimators=4, verbose=-1).fit(features, frame["target"])
    evidence = case.evidence(SPEC, model=("m.txt", model.booster_.model_to_string()), test=("t.parquet", frame))
    # The text has `petal_length`, the table `petal length`.
    same_score(evidence, model.predict_proba(features))
    np.testing.assert_array_equal(evidence.headline.predictions.label, model.predict(features))
    assert not evidence.subject.facts.refittable


def test_lightgbm_regressor(case):
    features = VALUES.drop(columns="target")
    model = lightgbm.LGBMRegressor(n_estimators=4, verbose=-1).fit(features, VALUES["target"])
    evidence = case.evidence(SPEC, model=("m.txt", model.booster_.model_to_string()), test=("t.parquet", VALUES))
    same_score(evidence, model.predict(features))


@pytest.mark.parametrize("saved", ["text", "pickle"])
def test_lightgbm_reads_text_columns_as_the_categories_of_the_file(case, saved):
    rng = np.random.default_rng(0)
    frame = SEVERAL.assign(kind=rng.choice(["u", "v", "w"], len(SEVERAL)))
    features = frame.drop(columns="target").astype({"kind": "category"})
    target = (frame["kind"] == "v") ^ (frame["target"] == 1)
    model = lightgbm.LGBMClassifier(n_estimators=5, min_data_per_group=1, cat_smooth=0, verbose=-1).fit(
        features, target
    )
    content = model.booster_.model_to_string() if saved == "text" else pickle.dumps(model.booster_)
    digest = hashlib.sha256(content.encode() if saved == "text" else content).hexdigest()
    spec = SPEC | {"model": {"path": "m", "trust": ["pickle"], "sha256": digest}}
    evidence = case.evidence(spec, model=("m", content), test=("t.parquet", frame.assign(target=target)))
    same_score(evidence, model.predict_proba(features))
    assert evidence.subject.facts.parameters["categorical column kind"] == "values u, v, w"


def test_booster_score_is_that_of_the_positive_class_when_labels_have_names(case):
    features = BINARY.drop(columns="target")
    model = lightgbm.LGBMClassifier(n_estimators=4, verbose=-1).fit(features, BINARY["target"])
    frame = BINARY.assign(target=np.where(BINARY["target"] == 1, "bad", "good"))
    spec = SPEC | {"decision": {"positive": "bad"}}
    evidence = case.evidence(spec, model=("m.txt", model.booster_.model_to_string()), test=("t.parquet", frame))
    same_score(evidence, model.predict_proba(features))


@pytest.mark.parametrize("suffix", ["json", "ubj"])
@pytest.mark.parametrize("kind", ["binary", "multiclass", "softmax", "regression", "dart"])
def test_xgboost(case, kind, suffix):
    frame = {"binary": BINARY, "regression": VALUES, "dart": BINARY}.get(kind, SEVERAL)
    features = frame.drop(columns="target")
    make = xgboost.XGBRegressor if kind == "regression" else xgboost.XGBClassifier
    options = {"softmax": {"objective": "multi:softmax"}, "dart": {"booster": "dart"}}.get(kind, {})
    model = make(n_estimators=4, **options).fit(features, frame["target"])
    model.save_model(case.folder / f"m.{suffix}")
    evidence = case.evidence(SPEC, model=f"m.{suffix}", test=("t.parquet", frame))
    if kind == "softmax":
        np.testing.assert_array_equal(evidence.headline.predictions.label, model.predict(features))
        np.testing.assert_allclose(evidence.headline.predictions.score.sum(axis=1), 1)
    else:
        expected = model.predict(features) if kind == "regression" else model.predict_proba(features)
        # The wrapper sums dropped trees in another order, in 32 bits.
        same_score(evidence, expected, rtol=1e-6 if kind == "dart" else 1e-12)


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "{{7*7}}", "x" * 200, "年龄", "🙂", "=cmd()", 'a,"b"\nc', " padded "]
)
def test_hostile_column_names_go_through(case, name):
    frame = SEVERAL.rename(columns={"petal length (cm)": name})
    model = HistGradientBoostingClassifier(max_iter=3).fit(frame.drop(columns="target"), frame["target"])
    for table in ("t.parquet", "t.csv"):
        evidence = case.evidence(SPEC, model=("m.skops", model), test=(table, frame))
        same_score(evidence, model.predict_proba(frame.drop(columns="target")))
        assert name in evidence.subject.model.features


@pytest.mark.parametrize(
    ("library", "content"), [("lightgbm", b"tree\nmax\nmax_feature_idx=0"), ("xgboost", b'{"learner"')]
)
def test_missing_library_names_the_command(case, monkeypatch, library, content):
    import sys

    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingDependencyError, match=rf"pip install 'model-audit\[{library}\]'"):
        case.subject(SPEC, model=("m", content), test=("t.parquet", BINARY))


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"PK\x03\x04 not a zip", b"\x89HDF\r\n", b"{}", b"tree", b"\x08\x07"]
)
def test_unknown_content_is_refused(case, content):
    with pytest.raises(ModelError) as error:
        case.subject(SPEC, model=("m.skops", content), test=("t.parquet", BINARY))
    if content:
        assert "is of no known format" in str(error.value)
        assert str(error.value).endswith("Known: CatBoost binary, joblib, LightGBM text, pickle, skops, XGBoost JSON.")


def test_formats_are_told_apart_by_content(case):
    formats = catalogue.load_all("model_formats")
    features, target = SEVERAL.drop(columns="target"), SEVERAL["target"]
    forest = RandomForestClassifier(2).fit(features, target)
    joblib.dump(forest, case.folder / "m.joblib")
    booster = lightgbm.LGBMClassifier(n_estimators=1, verbose=-1).fit(features, target).booster_
    trees = xgboost.XGBClassifier(n_estimators=1).fit(features, target)
    trees.save_model(case.folder / "m.json")
    trees.save_model(case.folder / "m.ubj")
    contents = {
        "skops": skops.io.dumps(forest),
        "pickle": pickle.dumps(forest),
        "joblib": (case.folder / "m.joblib").read_bytes(),
        "lightgbm": booster.model_to_string().encode(),
        "xgboost": (case.folder / "m.json").read_bytes(),
        "xgboost ": Path(case.folder / "m.ubj").read_bytes(),
    }
    for name, content in contents.items():
        assert [f.name for f in formats.values() if f.recognises(content)] == [name.strip()]


def test_frame_has_no_pandas_warning_left():
    # The tables above are built once for all tests; none of these may have been changed by one.
    pd.testing.assert_frame_equal(SEVERAL, load_iris(as_frame=True).frame)
