"""What the performance stage tells of a model, of a table of predictions, and of what it could not measure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import balanced_accuracy_score, log_loss, r2_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from audit.performance.measure import measure
from audit.records.measured import Estimate, Measured, Undefined
from audit.records.observation import Observation
from audit.records.plan import MeasurementRequest
from audit.records.sections import PerformanceSection
from audit.records.spec import DataSpec, MetricSpec, WeightSpec

Make = Callable[..., Any]
NUMBERS = ["age", "income", "noise"]


def rows(task: str, n: int, seed: int) -> tuple[pd.DataFrame, Any]:
    rng = np.random.default_rng(seed)
    features = pd.DataFrame(rng.normal(size=(n, 3)), columns=NUMBERS)
    features["town"] = rng.choice(["north", "south", None], n)
    signal = features["age"] + 0.5 * features["income"] + rng.normal(size=n)
    if task == "regression":
        return features, signal.to_numpy()
    names = np.array(["no", "yes"]) if task == "binary" else np.array(["low", "mid", "high"])
    return features, names[np.digitize(signal, [0] if task == "binary" else [-0.5, 0.5])]


CLASSES = {"binary": ("no", "yes"), "multiclass": ("low", "mid", "high"), "regression": ()}
NUMERIC = FunctionTransformer(lambda frame: frame[NUMBERS])


def fitted(estimator: Any, train: tuple[pd.DataFrame, Any]) -> Any:
    return make_pipeline(NUMERIC, estimator).fit(*train)


class Told:
    """Section and observations of one stage, by id."""

    def __init__(self, evidence: Any, plan: Any, heard: Any) -> None:
        self.section: PerformanceSection
        self.section, found = measure(evidence, plan, heard)
        self.by_id: dict[str, Observation] = {o.id.removeprefix("performance/"): o for o in found}
        assert len(self.by_id) == len(found), "an id is told twice"

    def __getitem__(self, name: str) -> Estimate:
        found = self.measured(name)
        assert isinstance(found, Estimate), found
        return found

    def measured(self, name: str) -> Measured:
        return self.by_id[name].measured


@pytest.fixture
def told(evidence: Make, plan: Make, heard: Any) -> Make:
    def of(task: str, estimator: Any, *, held_out: bool = True, **spec: Any) -> Told:
        train, test = rows(task, 300, 1), rows(task, 200, 2)
        made = plan(**spec)
        model = fitted(estimator, train)
        found = evidence(
            model, task=task, classes=CLASSES[task], test=test if held_out else None, train=train, plan=made
        )
        return Told(found, made, heard)

    return of


# --- out of sample -------------------------------------------------------------------------------------


class Rote(ClassifierMixin, BaseEstimator):
    """Knows the rows that it was fitted on by heart, and nothing else."""

    def fit(self, features: Any, target: Any) -> Rote:
        self.classes_ = np.unique(target)
        self.known_ = {tuple(row): label for row, label in zip(np.asarray(features), target, strict=True)}
        return self

    def predict(self, features: Any) -> Any:
        return np.array([self.known_.get(tuple(row), self.classes_[0]) for row in np.asarray(features)])

    def predict_proba(self, features: Any) -> Any:
        return (self.predict(features)[:, None] == self.classes_).astype(float) * 0.98 + 0.01


@pytest.mark.parametrize("held_out", [True, False])
def test_a_model_that_memorises_its_rows_has_no_headline(told: Make, held_out: bool) -> None:
    found = told("binary", Rote(), held_out=held_out)
    assert found["roc_auc/train"].value == 1.0
    assert found["roc_auc"].value == 0.5
    assert found["roc_auc/cross_validated"].value == 0.5
    assert found["overfit_gap"].low > 0.3
    assert found.measured("beats_dummy").value == 0
    assert found.section.scope == ("held_out" if held_out else "out_of_fold")
    assert found.by_id["roc_auc"].scope == found.section.scope
    assert found.by_id["roc_auc/train"].scope == "train"


def test_a_headline_from_training_rows_would_be_noticed(evidence: Make, plan: Make, heard: Any) -> None:
    """The double: the same model, its training rows handed in as held-out ones."""
    train = rows("binary", 300, 1)
    made = plan()
    found = Told(
        evidence(fitted(Rote(), train), task="binary", classes=CLASSES["binary"], test=train, train=train, plan=made),
        made,
        heard,
    )
    assert found["roc_auc"].value == 1.0
    assert found["roc_auc/cross_validated"].value == 0.5


def test_without_a_held_out_table_the_headline_says_so(told: Make) -> None:
    found = told("binary", LogisticRegression(), held_out=False)
    assert any("out-of-fold" in note for note in found.section.notes)
    assert found["roc_auc"].n == 300


# --- figures -------------------------------------------------------------------------------------------


def test_figures_are_those_of_scikit_learn(told: Make) -> None:
    train, test = rows("binary", 300, 1), rows("binary", 200, 2)
    model = fitted(LogisticRegression(), train)
    found = told("binary", LogisticRegression())
    expected = roc_auc_score(test[1] == "yes", model.predict_proba(test[0])[:, 1])
    assert found["roc_auc"].value == pytest.approx(expected)
    seen = roc_auc_score(train[1] == "yes", model.predict_proba(train[0])[:, 1])
    assert found["roc_auc/train"].value == pytest.approx(seen)
    assert found["overfit_gap"].value == pytest.approx(seen - expected)
    assert found.section.headline == "roc_auc"
    assert found.section.measures[0].name == "roc_auc"
    assert found["balanced_accuracy"].value == pytest.approx(balanced_accuracy_score(test[1], model.predict(test[0])))


def test_several_classes_have_averages_and_figures_of_their_own(told: Make) -> None:
    found = told("multiclass", LogisticRegression())
    assert found.section.headline == "balanced_accuracy"
    assert {"f1/macro", "f1/micro", "f1/weighted", "f1/class=low", "recall/class=mid", "precision/macro"} <= set(
        found.by_id
    )
    assert "f1" not in found.by_id
    assert found["roc_auc/class=high"].value > 0.6
    assert found.by_id["f1/class=low"].label == "F1, class low"
    mean = np.mean([found[f"roc_auc/class={c}"].value for c in CLASSES["multiclass"]])
    assert found["roc_auc"].value == pytest.approx(mean)
    assert {"f1/macro/train", "f1/macro/cross_validated", "f1/macro/cross_validated/fold=2"} <= set(found.by_id)


def test_a_regression_leads_with_the_variance_it_explains(told: Make) -> None:
    test = rows("regression", 200, 2)
    model = fitted(LinearRegression(), rows("regression", 300, 1))
    found = told("regression", LinearRegression())
    assert found.section.headline == "r2"
    assert found["r2"].value == pytest.approx(r2_score(test[1], model.predict(test[0])))
    assert found["beats_dummy"].low > 0.2
    assert found.section.confusion is None


def test_the_gap_of_a_loss_is_turned(told: Make) -> None:
    found = told("binary", RandomForestClassifier(20, random_state=0), metrics=("log_loss",))
    assert found.section.headline == "log_loss"
    assert found["log_loss/train/difference"].value < 0 < found["overfit_gap"].value
    assert found["log_loss/dummy/difference"].value == pytest.approx(-found["beats_dummy"].value)


def test_the_metrics_of_the_spec_replace_the_usual_ones_and_packs_add_theirs(told: Make) -> None:
    asked = (
        MeasurementRequest(stage="performance", measure="brier_score"),
        MeasurementRequest(stage="performance", measure="beats_dummy"),
        MeasurementRequest(stage="performance", measure="r2"),
        MeasurementRequest(stage="performance", measure="no_such_metric"),
        MeasurementRequest(stage="fairness", measure="accuracy"),
    )
    found = told("binary", LogisticRegression(), metrics=("f1", "accuracy"), requests=asked)
    assert [m.name for m in found.section.measures] == ["f1", "accuracy", "brier_score", "r2"]
    assert found.section.headline == "f1"
    lacking = found.measured("r2")
    assert isinstance(lacking, Undefined) and "not defined for the task binary" in lacking.reason
    unknown = found.measured("no_such_metric")
    assert isinstance(unknown, Undefined) and "no metric of that name" in unknown.reason


def test_two_measurements_are_equal(told: Make) -> None:
    one, other = told("binary", LogisticRegression()), told("binary", LogisticRegression())
    assert one.by_id == other.by_id
    assert one.section == other.section


# --- peers ---------------------------------------------------------------------------------------------


def test_the_dummy_is_scikit_learns(told: Make) -> None:
    train, test = rows("binary", 300, 1), rows("binary", 200, 2)
    dummy = DummyClassifier(strategy="prior").fit(*train)
    found = told("binary", LogisticRegression())
    assert found["roc_auc/dummy"].value == 0.5
    assert found["log_loss/dummy"].value == pytest.approx(log_loss(test[1], dummy.predict_proba(test[0])))
    assert found["accuracy/dummy"].value == pytest.approx(dummy.score(*test))
    assert found["beats_dummy"].value == pytest.approx(found["roc_auc"].value - 0.5)


def test_the_dummy_of_a_regression_is_scikit_learns(told: Make) -> None:
    train, test = rows("regression", 300, 1), rows("regression", 200, 2)
    dummy = DummyRegressor().fit(*train)
    found = told("regression", LinearRegression())
    assert found["r2/dummy"].value == pytest.approx(dummy.score(*test))


def test_a_useless_model_does_not_beat_the_dummy(told: Make) -> None:
    """The double: pure noise must not pass as a gain."""
    found = told("binary", DummyClassifier(strategy="uniform", random_state=0))
    assert found["beats_dummy"].low <= 0 <= found["beats_dummy"].high


def test_a_metric_in_which_a_constant_has_no_value_does_not_hide_the_gain(told: Make) -> None:
    found = told("binary", LogisticRegression(), metrics=("matthews_corrcoef",))
    assert isinstance(found.measured("matthews_corrcoef/dummy/difference"), Undefined)
    assert found["beats_dummy"].value == pytest.approx(
        told("binary", LogisticRegression())["roc_auc/dummy/difference"].value
    )
    assert found.by_id["beats_dummy"].label == "Gain over the dummy in ROC AUC"


def test_the_baseline_reads_text_and_missing_values(told: Make) -> None:
    found = told("binary", LogisticRegression())
    assert [p.name for p in found.section.peers] == ["dummy", "baseline"]
    assert found["roc_auc/baseline"].value > 0.7
    assert abs(found["roc_auc/baseline/difference"].value) < 0.05


def test_the_baseline_is_cross_fitted_where_the_headline_is(told: Make) -> None:
    """A baseline fitted on the very rows it is measured on would gain from a column that names each row."""
    train = rows("binary", 300, 1)
    found = told("binary", LogisticRegression(), held_out=False)
    assert found["roc_auc/baseline"].n == 300
    seen = fitted(LogisticRegression(), train)
    assert found["roc_auc/baseline"].value < roc_auc_score(train[1] == "yes", seen.predict_proba(train[0])[:, 1])


def test_a_baseline_that_cannot_be_fitted_is_a_note(evidence: Make, plan: Make, heard: Any) -> None:
    train, test = rows("binary", 100, 1), rows("binary", 80, 2)
    for part in (train, test):
        part[0]["endless"] = np.inf
    made = plan(cross_validation=False)
    model = fitted(LogisticRegression(), train)
    found = Told(
        evidence(model, task="binary", classes=CLASSES["binary"], test=test, train=train, plan=made), made, heard
    )
    assert [p.name for p in found.section.peers] == ["dummy"]
    assert any("baseline could not be fitted" in note and "infinity" in note for note in found.section.notes)
    assert found["beats_dummy"].value > 0


def test_the_baseline_can_be_switched_off(told: Make) -> None:
    found = told("binary", LogisticRegression(), baseline=False)
    assert [p.name for p in found.section.peers] == ["dummy"]
    assert not any("/baseline" in name for name in found.by_id)


# --- cross-validation ----------------------------------------------------------------------------------


def test_folds_are_told_one_by_one_and_together(told: Make) -> None:
    found = told("binary", LogisticRegression())
    cv = found.section.cross_validation
    assert cv is not None and cv.done and cv.by == "stratified"
    assert [(f.fold, f.train_rows, f.test_rows) for f in cv.folds] == [(k, 240, 60) for k in range(1, 6)]
    each = [found[f"roc_auc/cross_validated/fold={k}"] for k in range(1, 6)]
    mean = found["roc_auc/cross_validated"]
    assert mean.value == pytest.approx(np.mean([m.value for m in each]))
    assert mean.method == "nadeau_bengio_t"
    # Wider than the plain interval of five independent figures.
    plain = 2 * 2.776 * np.std([m.value for m in each], ddof=1) / np.sqrt(5)
    assert mean.high - mean.low == pytest.approx(plain * np.sqrt(1 + 5 / 4), rel=1e-3)
    assert found.by_id["roc_auc/cross_validated"].scope == "out_of_fold"


def test_folds_of_a_regression_are_not_stratified(told: Make) -> None:
    cv = told("regression", LinearRegression()).section.cross_validation
    assert cv is not None and cv.by == "plain"


def test_no_cross_validation_says_why(told: Make) -> None:
    found = told("binary", LogisticRegression(), cross_validation=False)
    cv = found.section.cross_validation
    assert cv is not None and not cv.done and "switches it off" in cv.reason
    assert not any("cross_validated" in name for name in found.by_id)


# --- a table of predictions ----------------------------------------------------------------------------


def test_labels_alone_lead_with_balanced_accuracy(supplied: Make, plan: Make, heard: Any) -> None:
    target, label = np.array([0, 1] * 30), np.array([0, 1, 1] * 20)
    found = Told(supplied(task="binary", classes=("no", "yes"), target=target, label=label), plan(), heard)
    assert found.section.headline == "balanced_accuracy"
    assert found["balanced_accuracy"].value == pytest.approx(balanced_accuracy_score(target, label))
    lacking = found.measured("roc_auc")
    assert isinstance(lacking, Undefined) and "labels only" in lacking.reason
    gap = found.measured("overfit_gap")
    assert isinstance(gap, Undefined) and "no model" in gap.reason
    assert found["balanced_accuracy/dummy"].value == 0.5
    assert "very rows it is measured on" in found.section.peers[0].type
    assert any("no training rows" in note for note in found.section.notes)
    assert found.section.curves == {}
    assert found.section.confusion is not None
    assert found.section.confusion.counts == ((10.0, 20.0), (10.0, 20.0))


def test_without_labels_only_what_was_predicted_is_told(supplied: Make, plan: Make, heard: Any) -> None:
    score = np.linspace(0, 1, 50)
    found = Told(
        supplied(task="binary", classes=("no", "yes"), target=None, label=np.where(score > 0.5, 1, 0), score=score),
        plan(),
        heard,
    )
    assert found["selection_rate"].value == 0.5
    assert found.section.headline is None
    assert isinstance(found.measured("roc_auc"), Undefined)
    assert isinstance(found.measured("beats_dummy"), Undefined)
    assert isinstance(found.measured("overfit_gap"), Undefined)
    assert set(found.section.curves) == {"score_distribution"}
    assert any("no labels" in note for note in found.section.notes)


def test_a_score_that_only_ranks(supplied: Make, plan: Make, heard: Any) -> None:
    rng = np.random.default_rng(0)
    target = rng.integers(0, 2, 80)
    score = rng.normal(target * 300, 400)
    found = Told(supplied(task="ranking_score", classes=("no", "yes"), target=target, score=score), plan(), heard)
    assert found.section.headline == "roc_auc"
    assert found["gini"].value == pytest.approx(2 * roc_auc_score(target, score) - 1)
    assert "calibration" not in found.section.curves


def test_one_class_is_a_reason_and_no_crash(supplied: Make, plan: Make, heard: Any) -> None:
    found = Told(
        supplied(
            task="binary",
            classes=("no", "yes"),
            target=np.zeros(20, int),
            label=np.zeros(20, int),
            score=np.full(20, 0.3),
        ),
        plan(),
        heard,
    )
    lacking = found.measured("roc_auc")
    assert isinstance(lacking, Undefined) and "only one class" in lacking.reason
    assert isinstance(found.measured("beats_dummy"), Undefined)
    assert "roc" not in found.section.curves
    assert found["accuracy"].value == 1.0


def test_frequency_weights_are_rows(supplied: Make, plan: Make, heard: Any) -> None:
    rng = np.random.default_rng(0)
    target, times = rng.integers(0, 2, 60), rng.integers(1, 4, 60)
    score = np.clip(rng.normal(0.4 + 0.2 * target, 0.2), 0, 1)
    label = np.where(score > 0.5, 1, 0)
    made = plan(data=DataSpec(weight=WeightSpec(column="w")))
    given = {"task": "binary", "classes": ("no", "yes")}
    weighted = Told(supplied(**given, target=target, label=label, score=score, weight=times), made, heard)
    long = np.repeat(np.arange(60), times)
    repeated = Told(supplied(**given, target=target[long], label=label[long], score=score[long]), plan(), heard)
    for name in ("roc_auc", "accuracy", "log_loss", "beats_dummy", "accuracy/dummy"):
        one, other = weighted[name], repeated[name]
        assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high))
        assert one.n == other.n == times.sum()
    assert weighted.section.confusion == repeated.section.confusion


def test_sampling_weights_do_not_count_as_rows(supplied: Make, plan: Make, heard: Any) -> None:
    target = np.array([0, 1] * 20)
    given = {"task": "binary", "classes": ("no", "yes"), "target": target, "label": np.roll(target, 3)}
    found = Told(supplied(**given, weight=np.full(40, 1000.0), weight_kind="sampling"), plan(), heard)
    assert found["accuracy"].n == 40
    assert found["accuracy"].method == "wilson_t_effective_n"


class Straight(RegressorMixin, BaseEstimator):
    """Predicts the first column."""

    def fit(self, features: Any, target: Any) -> Straight:
        self.fitted_ = True
        return self

    def predict(self, features: Any) -> Any:
        return np.asarray(features)[:, 0].astype(float)


def test_a_constant_target_is_a_reason(evidence: Make, plan: Make, heard: Any) -> None:
    features, _ = rows("regression", 60, 1)
    made = plan()
    model = make_pipeline(NUMERIC, Straight()).fit(features, np.full(60, 2.5))
    test = (features, np.full(60, 2.5))
    found = Told(evidence(model, task="regression", classes=(), test=test, train=test, plan=made), made, heard)
    lacking = found.measured("r2")
    assert isinstance(lacking, Undefined) and "constant" in lacking.reason
    assert found["mean_absolute_error"].value > 0


# --- arguments ---------------------------------------------------------------------------------------


def test_a_metric_with_arguments_keeps_them_in_every_id(told: Make) -> None:
    asked_for = [MetricSpec(metric="f_beta", args={"beta": 2}), "f_beta", MetricSpec(metric="f1", args={})]
    found = told("multiclass", LogisticRegression(), metrics=tuple(asked_for))
    for place in ("macro", "micro", "weighted", "class=low", "macro/cross_validated", "macro/cross_validated/fold=1"):
        assert f"f_beta;beta=2/{place}" in found.by_id
    assert found["f_beta/macro"].value == pytest.approx(found["f1/macro"].value, abs=1e-12)
    assert found["f_beta;beta=2/macro"].value != found["f_beta/macro"].value
    assert found.by_id["f_beta;beta=2/macro"].label == "F-beta (beta 2) (macro average)"
    assert found.section.measures[0].arguments == {"beta": 2.0}


def test_arguments_of_packs_reach_the_metric_and_wrong_ones_are_told(told: Make) -> None:
    requests = tuple(
        MeasurementRequest(stage="performance", measure="f_beta", arguments=a)
        for a in ({"beta": 2}, {"beta": -1}, {"bta": 3}, {"beta": 1})
    )
    found = told("binary", LogisticRegression(), metrics=("roc_auc",), requests=requests)
    assert isinstance(found.measured("f_beta;beta=2"), Estimate) and isinstance(found.measured("f_beta"), Estimate)
    assert "expected a number above 0, found -1" in found.measured("f_beta;beta=-1").reason
    assert "has no argument 'bta'" in found.measured("f_beta;bta=3").reason
