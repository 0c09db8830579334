"""A learning curve fits the model again on growing parts of each fold; a cross-validation can be dealt anew."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from audit.performance.measure import measure
from audit.records.measured import Estimate, Undefined

CLASSES = ("no", "yes")


def rows(n: int, seed: int, *, signal: float = 1.0) -> tuple[pd.DataFrame, Any]:
    rng = np.random.default_rng(seed)
    features = pd.DataFrame(rng.normal(size=(n, 3)), columns=["a", "b", "c"])
    return features, np.where(signal * features["a"] + rng.normal(size=n) > 0, "yes", "no")


@pytest.fixture
def told(evidence: Any, plan: Any, heard: Any) -> Any:
    def of(
        model: Any, *, n: int = 400, signal: float = 1.0, train: Any = None, task: str = "binary", **spec: Any
    ) -> Any:
        train = train or rows(n, 1, signal=signal)
        spec.setdefault("metrics", ("roc_auc",) if task == "binary" else ("r2",))
        made = plan(baseline=False, **spec)
        classes = CLASSES if task == "binary" else ()
        gathered = evidence(model.fit(*train), task=task, classes=classes, test=None, train=train, plan=made)
        section, observations = measure(gathered, made, heard)
        return gathered, section, {o.id.removeprefix("performance/"): o.measured for o in observations}

    return of


def test_points_are_means_over_folds_of_refitted_copies(told: Any) -> None:
    gathered, section, found = told(LogisticRegression())
    assert [lesson.rows for lesson in gathered.lessons if lesson.fold == 1] == [20, 40, 80, 160, 320]
    features, target = rows(400, 1)
    for lesson in gathered.lessons:
        assert len(lesson.seen.target) == lesson.rows
        assert len(lesson.unseen.target) == 80
    curves = section.curves["learning"]
    for name, side in (("training", "seen"), ("validation", "unseen")):
        for i, part in enumerate((4, 3, 2, 1, 0)):
            samples = [getattr(lesson, side) for lesson in gathered.lessons if lesson.part == part]
            values = [roc_auc_score(s.target, s.score) for s in samples]
            assert curves[name].y[i] == pytest.approx(np.mean(values))
            # Two folds fit on three rows of four in common, and of parts drawn from them on so much fewer.
            common = 0.75 / 2**part
            added = common / (1 - common) if side == "seen" else 1 / 4
            half = stats.t.ppf(0.975, 4) * np.sqrt((1 / 5 + added) * np.var(values, ddof=1))
            assert curves[name].high[i] == pytest.approx(min(1, np.mean(values) + half))
    assert curves["validation"].x == (20, 40, 80, 160, 320)
    # The whole of a fold is the cross-validation itself.
    assert curves["validation"].y[-1] == pytest.approx(found["roc_auc/cross_validated"].value)
    whole = [lesson for lesson in gathered.lessons if lesson.part == 0]
    for lesson, (fitted, tested) in zip(whole, gathered.folds, strict=True):
        again = LogisticRegression().fit(features.iloc[fitted], target[fitted])
        np.testing.assert_allclose(lesson.seen.score, again.predict_proba(features.iloc[fitted])[:, 1])
        np.testing.assert_allclose(lesson.unseen.score, again.predict_proba(features.iloc[tested])[:, 1])


def test_a_tree_that_remembers_its_rows_is_far_better_on_them(told: Any) -> None:
    _, section, found = told(DecisionTreeClassifier(random_state=0), signal=0.0)
    assert found["learning_curve/gap"].low > 0.3
    assert set(section.curves["learning"]["training"].y) == {1.0}


def test_a_small_model_on_enough_rows_gains_nothing_that_is_sure(told: Any) -> None:
    _, _, found = told(LogisticRegression(), n=800)
    gain, gap = found["learning_curve/gain"], found["learning_curve/gap"]
    assert gain.low < 0 < gain.high
    assert gain.method == gap.method == "nadeau_bengio_t"
    assert abs(gap.value) < 0.05
    assert gain.n == 800


def test_of_a_loss_more_is_better_too(told: Any) -> None:
    _, section, found = told(DecisionTreeClassifier(random_state=0), signal=0.0, metrics=("log_loss",))
    curves = section.curves["learning"]
    assert curves["training"].y[-1] < curves["validation"].y[-1]
    assert found["learning_curve/gap"].low > 0


def test_values_have_a_learning_curve_as_well(told: Any) -> None:
    features, _ = rows(300, 1)
    target = features["a"].to_numpy() + np.random.default_rng(0).normal(size=300)
    _, section, found = told(LinearRegression(), train=(features, target), task="regression")
    assert section.curves["learning"]["validation"].y_label == "R squared"
    assert isinstance(found["learning_curve/gain"], Estimate)


def test_fewer_sizes_are_fewer_refits(told: Any) -> None:
    gathered, section, _ = told(LogisticRegression(), learning_curve={"sizes": 2})
    assert len(gathered.lessons) == 10
    assert section.curves["learning"]["training"].x == (160, 320)


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"learning_curve": False}, "the spec switches it off"),
        ({"cross_validation": False}, "switches cross-validation off"),
        ({"cross_validation": {"folds": 10}, "n": 30}, "half of them is less than 20"),
    ],
)
def test_where_there_is_none_it_is_said_why(told: Any, spec: dict[str, Any], reason: str) -> None:
    gathered, section, found = told(LogisticRegression(), **spec)
    assert gathered.lessons == ()
    assert "learning" not in section.curves
    for name in ("gain", "gap"):
        assert isinstance(found[f"learning_curve/{name}"], Undefined)
        assert reason in found[f"learning_curve/{name}"].reason
    assert any(reason in note for note in section.notes)


def test_what_is_dear_is_left_out_unless_it_is_asked_for(told: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("audit.subject.lessons.BUDGET", 4499)
    _, section, found = told(LogisticRegression())
    # 5 folds of 320 rows, of which a half, a quarter, an eighth and a sixteenth are fitted again, times 3 columns.
    assert "4,500 fitted rows times columns" in found["learning_curve/gain"].reason
    assert any("performance.learning_curve" in note for note in section.notes)
    gathered, _, _ = told(LogisticRegression(), learning_curve={})
    assert gathered.lessons


def test_equal_seeds_give_equal_curves(told: Any) -> None:
    assert told(LogisticRegression())[1] == told(LogisticRegression())[1]


# --- repeated cross-validation -------------------------------------------------------------------------


def test_repeats_deal_the_rows_anew(told: Any) -> None:
    gathered, section, found = told(
        LogisticRegression(), cross_validation={"folds": 4, "repeats": 3}, metrics=("accuracy",)
    )
    once = told(LogisticRegression(), cross_validation={"folds": 4}, metrics=("accuracy",))
    assert section.cross_validation.repeats == 3
    assert len(gathered.repeats) == 2
    first = [found[f"accuracy/cross_validated/fold={k}"].value for k in range(1, 5)]
    assert first == [once[2][f"accuracy/cross_validated/fold={k}"].value for k in range(1, 5)]
    assert found["accuracy"] == once[2]["accuracy"]
    others = [[found[f"accuracy/cross_validated/fold={k}&repeat={r}"].value for k in range(1, 5)] for r in (2, 3)]
    every = np.array([first, *others])
    assert len({tuple(some) for some in every.round(9)}) == 3
    mean = found["accuracy/cross_validated"]
    assert mean.value == pytest.approx(every.mean())
    # 12 figures; 100 rows tested for 300 fitted on; Student's t on 11 degrees of freedom is 2.200985.
    half = 2.200985 * np.sqrt((1 / 12 + 1 / 3) * every.var(ddof=1))
    assert mean.high - mean.low == pytest.approx(2 * half, rel=1e-5)
    assert found["accuracy/cross_validated/repeat=2"].value == pytest.approx(every[1].mean())
    assert found["accuracy/cross_validated/repeat_sd"].value == pytest.approx(np.std(every.mean(axis=1), ddof=1))


def test_repeats_predict_every_row_once_each(told: Any) -> None:
    gathered, _, _ = told(LogisticRegression(), cross_validation={"folds": 4, "repeats": 3})
    for repeat in gathered.repeats:
        assert sorted(np.concatenate([tested for _, tested in repeat.folds])) == list(range(400))
        assert repeat.evaluation.table.n == 400
