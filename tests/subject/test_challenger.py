"""A challenger is loaded, matched with the tables and predicted as the model is, under the very same rules."""

import hashlib
import os
import pickle
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from audit.errors import DataError, ModelError

WHOLE = load_breast_cancer(as_frame=True).frame.rename(columns=lambda c: c.replace(" ", "_"))
COLUMNS = [c for c in WHOLE.columns if c != "target"]
TRAIN, TEST = WHOLE.iloc[:300].reset_index(drop=True), WHOLE.iloc[300:].reset_index(drop=True)


def fitted(columns, estimator=None):
    estimator = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)) if estimator is None else estimator
    return estimator.fit(TRAIN[columns], TRAIN["target"])


MODEL, OTHER = fitted(COLUMNS[:5]), fitted(COLUMNS[5:8])
SPEC = {
    "model": {"path": "m.skops"},
    "challenger": {"path": "old.skops", "name": "last year"},
    "data": {"test": "t.csv", "target": "target"},
}


def spec(**changes):
    return {**SPEC, **changes}


def evidence(case, told=SPEC, other=OTHER, test=TEST, **files):
    found = {} if other is None else {"challenger": ("old.skops", other)}
    return case.evidence(told, model=("m.skops", MODEL), test=("t.csv", test), **found, **files)


def planted(mark):
    class Planted:
        def __reduce__(self):
            return os.mkdir, (str(mark),)

    return pickle.dumps(Planted())


def test_it_reads_columns_of_its_own_from_the_same_rows(case):
    found = evidence(case)
    assert found.challenger.sample.score == pytest.approx(OTHER.predict_proba(TEST[COLUMNS[5:8]])[:, 1])
    assert found.headline.sample.score == pytest.approx(MODEL.predict_proba(TEST[COLUMNS[:5]])[:, 1])
    assert (found.challenger.sample.target == found.headline.sample.target).all()
    assert found.subject.challenger.facts.name == "last year"
    roles = {c.name: c.role for c in found.headline.table.facts.columns}
    assert [roles[c] for c in COLUMNS[:8]] == ["feature"] * 5 + ["challenger"] * 3
    assert COLUMNS[8] in found.headline.table.facts.ignored
    assert list(found.headline.table.features.columns) == COLUMNS[:5]


@pytest.mark.parametrize("told", [{}, {"trust": ["pickle"]}, {"trust": ["memory"], "sha256": "right"}])
def test_a_planted_command_in_it_does_not_run_without_trust_and_digest(case, told):
    mark = case.folder / "mark"
    content = planted(mark)
    told = {**told, "sha256": hashlib.sha256(content).hexdigest()} if "sha256" in told else told
    with pytest.raises(ModelError) as caught:
        evidence(case, spec(challenger={"path": "old.pkl", **told}), content)
    assert not mark.exists()
    assert caught.value.problems[0].place == "challenger.path: old.skops"
    assert "challenger." in caught.value.problems[0].hint or "challenger.sha256" in str(caught.value)


def test_trust_in_the_model_is_no_trust_in_the_challenger(case):
    content = pickle.dumps(MODEL)
    model = {"path": "m.pkl", "trust": ["pickle"], "sha256": hashlib.sha256(content).hexdigest()}
    files = {"model": ("m.pkl", content), "test": ("t.csv", TEST)}
    with pytest.raises(ModelError, match=r"challenger\.path: old\.pkl: is a pickle file"):
        case.evidence(spec(model=model, challenger={"path": "old.pkl"}), challenger=("old.pkl", content), **files)
    own = {"path": "old.pkl", "trust": ["pickle"], "sha256": "0" * 64}
    with pytest.raises(ModelError, match="expected sha256 0000"):
        case.evidence(spec(model=model, challenger=own), challenger=("old.pkl", content), **files)


CODE = """
from sklearn.base import BaseEstimator, ClassifierMixin
class Ruled(ClassifierMixin, BaseEstimator):
    def fit(self, rows, target):
        self.classes_ = [0, 1]
        self.feature_names_in_ = ["mean_radius"]
        return self
    def predict(self, rows):
        return (rows["mean_radius"] {sign} 14).astype(int)
"""


@pytest.mark.parametrize("stems", [("rule", "rule"), ("rule", "former")])
def test_its_code_may_name_its_classes_as_the_code_of_the_model_does(case, stems, monkeypatch):
    monkeypatch.delattr(sys.modules["__main__"], "Ruled", raising=False)
    saved = b"\x80\x04\x8c\x08__main__\x8c\x05Ruled\x93)\x81}(\x8c\x08classes_("
    saved += b"K\x00K\x01t\x8c\x11feature_names_in_(\x8c\x0bmean_radiustub."
    digest = hashlib.sha256(saved).hexdigest()
    files = {"model": ("m.pkl", saved), "challenger": ("old.pkl", saved), "test": ("t.csv", TEST)}
    for role, folder, stem, sign in (("code", "now", stems[0], "<"), ("challenger_code", "then", stems[1], ">=")):
        (case.folder / folder).mkdir()
        files[role] = (f"{folder}/{stem}.py", CODE.replace("{sign}", sign))
    sections = [
        {"path": name, "trust": ["pickle"], "sha256": digest, "code": [f"{folder}/{stem}.py"]}
        for name, folder, stem in (("m.pkl", "now", stems[0]), ("old.pkl", "then", stems[1]))
    ]
    found = case.evidence(spec(model=sections[0], challenger=sections[1]), **files)
    expected = (TEST["mean_radius"] < 14).to_numpy().astype(int)
    assert (found.headline.sample.label == expected).all()
    assert (found.challenger.sample.label == 1 - expected).all()


def test_a_missing_column_of_it_is_told(case):
    with pytest.raises(DataError) as caught:
        evidence(case, test=TEST.drop(columns=COLUMNS[6]))
    assert f"lacks 1 of the 3 columns that the challenger reads: {COLUMNS[6]!r}" in str(caught.value)


def test_other_classes_and_another_task_are_told(case):
    iris = load_iris(as_frame=True)
    strange = LogisticRegression(max_iter=500).fit(TRAIN[COLUMNS[:2]], TRAIN["target"].map({0: "a", 1: "b"}))
    with pytest.raises(ModelError, match=r"knows the classes a, b; those of this audit are 0, 1"):
        evidence(case, other=strange)
    with pytest.raises(ModelError, match=r"predicts regression; the task of this audit is binary"):
        evidence(case, other=LinearRegression().fit(TRAIN[COLUMNS[:2]], TRAIN["target"]))
    three = LogisticRegression(max_iter=500).fit(TRAIN[COLUMNS[:2]].iloc[:150], iris.target)
    with pytest.raises(ModelError, match=r"predicts multiclass; the task of this audit is binary"):
        evidence(case, other=three)


def test_scores_on_another_scale_are_decided_where_that_scale_decides(case):
    margin = fitted(COLUMNS[:3], make_pipeline(StandardScaler(), LinearSVC(random_state=0)))
    found = evidence(case, spec(decision={"threshold": 0.3}), other=margin)
    assert found.subject.challenger.threshold == 0.0
    assert (found.challenger.sample.label == margin.predict(TEST[COLUMNS[:3]])).all()
    same = evidence(case, spec(decision={"threshold": 0.3}))
    assert same.subject.challenger.threshold == 0.3
    assert (same.challenger.sample.label == (same.challenger.sample.score >= 0.3)).all()


def test_columns_of_the_same_table_are_a_challenger(case):
    table = TEST.assign(old=np.linspace(0, 1, len(TEST)), band=np.arange(len(TEST)) % 2)
    columns = {"predictions": {"score": "old", "label": "band"}}
    found = evidence(case, spec(challenger=columns), other=None, test=table)
    assert (found.challenger.sample.score == table["old"]).all()
    assert (found.challenger.sample.label == table["band"]).all()
    assert found.subject.challenger.threshold is None
    assert found.subject.challenger.facts.name == "challenger"
    scorecard = table.assign(old=300 + 500 * table["old"])
    points = evidence(case, spec(challenger={"predictions": {"score": "old"}}), other=None, test=scorecard)
    assert points.challenger.sample.label is None, "0.5 means nothing to a scorecard"


def test_a_column_of_it_that_is_missing_or_holds_another_label_is_told(case):
    with pytest.raises(DataError, match=r"has no column 'old', which challenger\.predictions\.score names"):
        evidence(case, spec(challenger={"predictions": {"score": "old"}}), other=None)
    with pytest.raises(DataError, match=r"holds 'maybe'"):
        columns = {"predictions": {"label": "old"}}
        evidence(case, spec(challenger=columns), other=None, test=TEST.assign(old=["maybe", *["1"] * (len(TEST) - 1)]))


def test_no_feature_of_a_model_without_names_is_a_column_of_predictions(case):
    bare = make_pipeline(StandardScaler(), LogisticRegression()).fit(TRAIN[COLUMNS].to_numpy(), TRAIN["target"])
    table = TEST.assign(old=0.5)
    files = {"model": ("m.skops", bare), "test": ("t.csv", table)}
    found = case.evidence(spec(challenger={"predictions": {"score": "old"}}), **files)
    assert list(found.headline.table.features.columns) == COLUMNS


FACTORY = """
from sklearn.tree import DecisionTreeClassifier
def make(depth): return DecisionTreeClassifier(max_depth=depth, random_state=0)
"""


def test_a_factory_is_fitted_on_the_training_rows(case):
    (case.folder / "rivals.py").write_text(FACTORY)
    told = spec(
        challenger={"estimator": "rivals:make", "params": {"depth": 2}},
        data={"test": "t.csv", "train": "u.csv", "target": "target"},
        performance={"cross_validation": False},
    )
    found = evidence(case, told, other=None, train=("u.csv", TRAIN))
    expected = DecisionTreeClassifier(max_depth=2, random_state=0).fit(TRAIN[COLUMNS], TRAIN["target"])
    assert found.challenger.sample.score == pytest.approx(expected.predict_proba(TEST[COLUMNS])[:, 1])


ALONE = {"train": "u.csv", "target": "target"}


class TestOutOfFold:
    def test_it_is_fitted_again_in_the_very_same_folds(self, case):
        found = case.evidence(
            spec(data=ALONE), model=("m.skops", MODEL), challenger=("old.skops", OTHER), train=("u.csv", TRAIN)
        )
        expected = cross_val_predict(
            OTHER, TRAIN[COLUMNS[5:8]], TRAIN["target"], cv=list(found.folds), method="predict_proba"
        )
        assert found.challenger.scope == "out_of_fold"
        assert found.challenger.sample.score == pytest.approx(expected[:, 1])

    def test_columns_are_taken_as_they_are(self, case):
        table = TRAIN.assign(old=np.linspace(0, 1, len(TRAIN)), month=[1] * 40 + list(range(260)))
        data = {**ALONE, "time": "month"}
        told = spec(
            data=data,
            challenger={"predictions": {"score": "old"}},
            performance={"cross_validation": {"by": "time"}},
        )
        found = case.evidence(told, model=("m.skops", MODEL), train=("u.csv", table))
        tested = np.sort(np.concatenate([test for _, test in found.folds]))
        assert len(tested) < len(table)
        assert (found.challenger.sample.score == table["old"].to_numpy()[tested]).all()

    def test_one_that_cannot_be_fitted_again_says_why_there_is_none(self, case):
        lightgbm = pytest.importorskip("lightgbm")
        data = lightgbm.Dataset(TRAIN[COLUMNS[:3]], TRAIN["target"])
        text = lightgbm.train({"objective": "binary", "verbose": -1}, data, 5).model_to_string()
        found = case.evidence(
            spec(data=ALONE), model=("m.skops", MODEL), challenger=("old.txt", text), train=("u.csv", TRAIN)
        )
        assert found.challenger is None
        assert "cannot be fitted again in each fold" in found.no_challenger


def test_without_one_there_is_none(case):
    found = case.evidence(spec(challenger=None), model=("m.skops", MODEL), test=("t.csv", TEST))
    assert (found.challenger, found.no_challenger, found.subject.challenger) == (None, "", None)


def test_rows_without_a_label_are_left_out_of_both(case):
    table = TEST.copy()
    table["target"] = table["target"].astype(object)
    table.loc[[0, 5], "target"] = None
    found = evidence(case, spec(challenger={"predictions": {"score": "old"}}), other=None, test=table.assign(old=0.25))
    assert len(found.challenger.sample.score) == len(found.headline.sample.score) == len(TEST) - 2
    assert pd.isna(table["target"]).sum() == 2
