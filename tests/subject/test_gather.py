"""Headline figures come from rows that the model never saw."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from audit.errors import DataError, ModelError
from audit.estimation.seeds import child_seed

FRAME = load_breast_cancer(as_frame=True).frame.iloc[:150, -5:].reset_index(drop=True)
FEATURES = list(FRAME.columns[:-1])
FACTORY = """
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.neighbors import KNeighborsClassifier
def tree(**params): return DecisionTreeClassifier(**params)
def regressor(): return DecisionTreeRegressor(max_depth=2)
def memory(): return KNeighborsClassifier(1)
def nothing(): return 5
def broken(): raise KeyError("depth")
"""


def factory(case, name="tree", params=None, **more):
    case.write("factories_of_tests.py", FACTORY)
    model = {"estimator": f"factories_of_tests:{name}", "params": params or {}}
    return {"model": model, "data": {"train": "train.csv", "target": "target", **more.pop("data", {})}, **more}


def noise(n=200):
    rng = np.random.default_rng(1)
    return pd.DataFrame({"a": rng.normal(size=n), "b": rng.normal(size=n), "target": rng.permutation(np.arange(n) % 2)})


def test_a_model_that_memorises_its_rows_shows_no_skill(case):
    evidence = case.evidence(factory(case, "memory"), train=("train.csv", noise()))
    assert evidence.headline.scope == "out_of_fold"
    assert evidence.headline is evidence.out_of_fold
    right = (evidence.headline.predictions.label == evidence.headline.table.target).mean()
    assert right < 0.6
    in_sample = evidence.train
    assert (in_sample.predictions.label == in_sample.table.target).all()


def test_held_out_rows_lead_when_there_are_some(case):
    evidence = case.evidence(
        factory(case, "memory", data={"test": "test.csv"}),
        train=("train.csv", FRAME[:100]),
        test=("test.csv", FRAME[100:]),
    )
    assert evidence.headline is evidence.held_out
    assert evidence.headline.table.n == 50
    assert evidence.out_of_fold.table.n == 100
    expected = KNeighborsClassifier(1).fit(FRAME[FEATURES][:100], FRAME["target"][:100]).predict(FRAME[FEATURES][100:])
    np.testing.assert_array_equal(evidence.headline.predictions.label, expected)


def test_out_of_fold_predictions_are_those_of_the_whole_pipeline_refitted(case):
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(FRAME[FEATURES], FRAME["target"])
    spec = {"model": {"path": "m"}, "data": {"train": "train.parquet", "target": "target"}, "seed": 7}
    evidence = case.evidence(spec, model=("m", model), train=("train.parquet", FRAME))
    expected = np.zeros(len(FRAME))
    fold = np.zeros(len(FRAME), dtype=int)
    splitter = StratifiedKFold(5, shuffle=True, random_state=child_seed(7, "cross_validation"))
    for number, (train, test) in enumerate(splitter.split(FRAME[FEATURES], FRAME["target"]), 1):
        fitted = clone(model).fit(FRAME[FEATURES].iloc[train], FRAME["target"].iloc[train])
        expected[test] = fitted.predict_proba(FRAME[FEATURES].iloc[test])[:, 1]
        fold[test] = number
        np.testing.assert_array_equal(evidence.folds[number - 1][0], train)
        np.testing.assert_array_equal(evidence.folds[number - 1][1], test)
    np.testing.assert_allclose(evidence.out_of_fold.predictions.score, expected, rtol=1e-12)
    np.testing.assert_array_equal(evidence.out_of_fold.fold, fold)


def test_scaler_never_sees_the_rows_of_its_test_fold(case):
    case.write(
        "spying.py",
        "from sklearn.base import BaseEstimator, ClassifierMixin\n"
        "import numpy as np\n"
        "class Spy(ClassifierMixin, BaseEstimator):\n"
        "    def fit(self, X, y):\n"
        "        self.seen_, self.classes_ = set(X['a']), np.unique(y)\n"
        "        return self\n"
        "    def predict_proba(self, X):\n"
        "        known = np.array([v in self.seen_ for v in X['a']], dtype=float)\n"
        "        return np.column_stack([1 - known, known])\n"
        "    def predict(self, X):\n"
        "        return self.classes_[self.predict_proba(X).argmax(1)]\n"
        "def make(): return Spy()\n",
    )
    spec = {"model": {"estimator": "spying:make"}, "data": {"train": "train.csv", "target": "target"}}
    evidence = case.evidence(spec, train=("train.csv", noise()))
    assert (evidence.out_of_fold.predictions.score == 0).all()
    assert (evidence.train.predictions.score == 1).all()


def test_groups_stay_together(case):
    frame = FRAME.assign(household=np.arange(len(FRAME)) // 3)
    validation = {"cross_validation": {"folds": 4, "by": "group", "column": "household"}}
    evidence = case.evidence(factory(case, performance=validation), train=("train.csv", frame))
    table = evidence.subject.train
    assert "household" not in table.features.columns
    for train, test in evidence.folds:
        assert not set(table.cv_group[train]) & set(table.cv_group[test])
    assert evidence.out_of_fold.table.n == len(FRAME)


def test_time_never_runs_backwards(case):
    when = pd.date_range("2026-01-01", periods=50).repeat(3)
    frame = FRAME.assign(when=when.strftime("%Y-%m-%d")).sample(frac=1, random_state=0)
    spec = factory(case, performance={"cross_validation": {"folds": 4, "by": "time"}}, data={"time": "when"})
    evidence = case.evidence(spec, train=("train.csv", frame))
    table = evidence.subject.train
    for train, test in evidence.folds:
        assert table.time[train].max() < table.time[test].min()
    # The rows of the first block are never predicted.
    assert evidence.out_of_fold.table.n < len(FRAME)
    assert (evidence.out_of_fold.fold > 0).all()


def test_folds_by_time_follow_the_column_that_they_name(case):
    frame = FRAME.assign(when=np.arange(len(FRAME))[::-1])
    validation = {"cross_validation": {"folds": 4, "by": "time", "column": "when"}}
    evidence = case.evidence(factory(case, performance=validation), train=("train.csv", frame))
    table = evidence.subject.train
    assert "when" not in table.features.columns
    assert {c.name: c.role for c in table.facts.columns}["when"] == "time"
    for train, test in evidence.folds:
        assert table.time[train].max() < table.time[test].min()


@pytest.mark.parametrize("when", [np.arange(150.0), pd.date_range("2026-01-01", periods=150).astype(str)])
def test_rows_without_a_time_are_in_no_fold_and_named(case, when):
    frame = FRAME.assign(when=pd.Series(when, index=FRAME.index).where(np.arange(150) % 3 > 0))
    spec = factory(case, performance={"cross_validation": {"folds": 4, "by": "time"}}, data={"time": "when"})
    evidence = case.evidence(spec, train=("train.csv", frame))
    assert evidence.folds
    for fold in evidence.folds:
        assert all((rows % 3 > 0).all() for rows in fold)
    assert "50 rows of data.train have no time: folds by time leave them out." in case.heard.warnings


def test_fold_that_lacks_a_class_is_left_out_and_named(case):
    frame = noise(60).sort_values("target").assign(when=np.arange(60))
    spec = factory(case, performance={"cross_validation": {"folds": 3, "by": "time"}}, data={"time": "when"})
    evidence = case.evidence(spec, train=("train.csv", frame))
    assert "Fold 1 of 3 was left out: its training rows lack class 1." in case.heard.warnings
    assert len(evidence.folds) == 1 or len(evidence.folds) == 2


def test_no_fold_at_all_gives_the_reason(case):
    frame = noise(60).sort_values("target").assign(when=np.arange(60))
    frame.loc[frame.index[:58], "target"] = 0
    frame.loc[frame.index[58:], "target"] = 1
    spec = factory(
        case, performance={"cross_validation": {"folds": 2, "by": "time"}}, data={"time": "when", "test": "test.csv"}
    )
    evidence = case.evidence(spec, train=("train.csv", frame), test=("test.csv", noise(60).assign(when=0)))
    assert evidence.out_of_fold is None
    assert evidence.no_cross_validation.startswith("no fold could be fitted. Fold 2 of 2 was left out")


def test_too_few_rows_of_a_class(case):
    frame = FRAME.assign(target=(np.arange(len(FRAME)) < 3).astype(int))
    spec = factory(case, data={"test": "test.csv"})
    evidence = case.evidence(spec, train=("train.csv", frame), test=("test.csv", frame))
    assert evidence.out_of_fold is None
    assert evidence.folds == ()
    assert evidence.no_cross_validation == "class 1 has 3 rows, fewer than 5 folds."


@pytest.mark.parametrize("off", [{"performance": False}, {"performance": {"cross_validation": False}}])
def test_cross_validation_switched_off(case, off):
    spec = factory(case, data={"test": "test.csv"}, **off)
    evidence = case.evidence(spec, train=("train.csv", FRAME), test=("test.csv", FRAME))
    assert evidence.no_cross_validation == "the spec switches it off."
    # It is the headline where there is nothing else.
    spec["data"].pop("test")
    assert case.evidence(spec, train=("train.csv", FRAME)).headline.scope == "out_of_fold"


def test_regression_is_cross_validated(case):
    frame = load_diabetes(as_frame=True).frame
    evidence = case.evidence(factory(case, "regressor"), train=("train.csv", frame))
    assert evidence.subject.task == "regression"
    assert evidence.out_of_fold.sample.classes == 0
    assert evidence.out_of_fold.predictions.label is None


def test_open_random_states_are_closed_by_the_seed(case):
    spec = factory(case, params={"max_features": 1})
    scores = [
        case.evidence({**spec, "seed": seed}, train=("train.csv", noise())).headline.predictions.score
        for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(scores[0], scores[1])
    assert (scores[0] != scores[2]).any()


def test_weights_reach_the_fit(case):
    frame = noise().assign(w=np.where(np.arange(200) % 2, 50.0, 1.0))
    spec = factory(case, params={"max_depth": 1}, data={"weight": {"column": "w"}})
    evidence = case.evidence(spec, train=("train.csv", frame))
    expected = DecisionTreeClassifier(max_depth=1, random_state=0).fit(
        frame[["a", "b"]], frame["target"], sample_weight=frame["w"]
    )
    np.testing.assert_allclose(evidence.train.predictions.score, expected.predict_proba(frame[["a", "b"]])[:, 1])
    assert evidence.subject.train.facts.weight_sum == 5100.0


def test_model_that_takes_no_weights_says_so(case):
    frame = noise().assign(w=1.0)
    case.evidence(factory(case, "memory", data={"weight": {"column": "w"}}), train=("train.csv", frame))
    assert (
        "KNeighborsClassifier takes no weights: it is fitted without them, and measured with them."
        in case.heard.warnings
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("forest", "has no factory 'forest'. It has: DecisionTreeClassifier, DecisionTreeRegressor"),
        ("nothing", "expected a scikit-learn estimator, the factory returned int."),
        ("broken", "KeyError: 'depth'. Check model.params."),
    ],
)
def test_factory_that_makes_no_estimator(case, name, message):
    with pytest.raises(ModelError) as error:
        case.subject(factory(case, name), train=("train.csv", FRAME))
    assert f"model.estimator: factories_of_tests:{name}: " in str(error.value)
    assert message in str(error.value)


def test_factory_whose_module_is_nowhere(case):
    spec = {"model": {"estimator": "nowhere_at_all:make"}, "data": {"train": "train.csv", "target": "target"}}
    with pytest.raises(ModelError) as error:
        case.subject(spec, train=("train.csv", FRAME))
    assert str(error.value) == (
        "model.estimator: nowhere_at_all:make: ModuleNotFoundError: No module named 'nowhere_at_all'. "
        "Put the module beside the spec, or install it."
    )


def test_factory_without_training_rows(case):
    spec = factory(case)
    spec["data"] = {"test": "test.csv", "target": "target"}
    with pytest.raises(DataError, match=r"a factory.s model is fitted on data\.train with data\.target"):
        case.subject(spec, test=("test.csv", FRAME))


def test_progress_is_told(case):
    case.evidence(factory(case), train=("train.csv", noise()))
    assert (0, 5, "fold 1 of 5") in case.heard.steps
