"""Two sets of predictions of the same rows: differences turn with the order, and vanish between equals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, roc_auc_score

from audit.performance.measure import measure
from audit.records.measured import Estimate, Exact, Measured, Undefined
from audit.records.sections import ModelFacts
from audit.subject.evidence import Evidence, Predictions
from audit.subject.gather import evaluated

Make = Callable[..., Any]
N = 240


def beside(ours: Evidence, theirs: Evidence) -> Evidence:
    """The first audit with the predictions of the second as its challenger."""
    rival = replace(ours.subject, supplied=theirs.headline.predictions, facts=ModelFacts(
        name="rival", format="predictions", type="predictions in the table", refittable=False))  # fmt: skip
    found = evaluated(rival, ours.headline.table, theirs.headline.predictions, "held_out")
    return replace(ours, subject=replace(ours.subject, challenger=rival), challenger=found)


def predictions(task: str, seed: int, target: Any) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    if task == "regression":
        return {"score": target + rng.normal(size=N)}
    if task == "multiclass":
        score = rng.dirichlet(np.ones(3), N) + 0.4 * np.eye(3)[target]
        score /= score.sum(axis=1, keepdims=True)
        return {"score": score, "label": score.argmax(axis=1)}
    score = np.clip(0.3 * target + 0.7 * rng.random(N), 0, 1).round(2)
    return {"score": score} if task == "ranking_score" else {"score": score, "label": (score >= 0.5).astype(int)}


CLASSES = {"binary": ("no", "yes"), "multiclass": ("a", "b", "c"), "regression": (), "ranking_score": ("no", "yes")}


@pytest.fixture
def compared(supplied: Make, plan: Make, heard: Any) -> Make:
    def of(task: str, first: int, second: int, weight: Any = None, kind: str = "frequency") -> dict[str, Measured]:
        rng = np.random.default_rng(0)
        target = rng.normal(size=N) if task == "regression" else rng.integers(0, max(len(CLASSES[task]), 2), N)
        one, other = (
            supplied(
                task=task, classes=CLASSES[task], target=target, weight=weight, weight_kind=kind,
                **predictions(task, seed, target),
            )
            for seed in (first, second)
        )  # fmt: skip
        _, observations = measure(beside(one, other), plan(), heard)
        return {o.id.removeprefix("performance/"): o.measured for o in observations}

    return of


def differences(found: dict[str, Measured]) -> Iterator[tuple[str, Measured]]:
    pairs = [(id, m) for id, m in found.items() if id.endswith("/challenger/difference")]
    assert pairs, "nothing was compared"
    yield from pairs


def turned(ours: dict[str, Measured], theirs: dict[str, Measured]) -> bool:
    """Whether each difference has the opposite sign where model and challenger change places."""
    for id, one in differences(ours):
        other = theirs[id]
        if isinstance(one, Undefined) or isinstance(other, Undefined):
            assert type(one) is type(other)
            continue
        assert isinstance(one, Estimate) and isinstance(other, Estimate)
        if one.value != -other.value:
            return False
        if "bootstrap" not in one.method and (one.low, one.high) != pytest.approx((-other.high, -other.low)):  # type: ignore[operator]
            return False
    return True


@pytest.mark.parametrize("task", CLASSES)
def test_changing_places_turns_every_sign(compared: Make, task: str) -> None:
    ours, theirs = compared(task, 1, 2), compared(task, 2, 1)
    assert turned(ours, theirs)
    assert not turned(ours, compared(task, 3, 1)), "the check itself notices another model"
    for test in ("roc_auc/challenger/p_value", "accuracy/challenger/mcnemar_p"):
        assert (test in ours) == (test in theirs)
        assert test not in ours or ours[test] == theirs[test]


@pytest.mark.parametrize("task", CLASSES)
def test_a_model_beside_itself_differs_by_nothing_with_a_defined_interval(compared: Make, task: str) -> None:
    found = compared(task, 1, 1)
    for id, measured in differences(found):
        assert isinstance(measured, Estimate), id
        assert measured.value == 0.0, id
        assert measured.low is not None and measured.high is not None and measured.low <= 0 <= measured.high, id
    for test in ("roc_auc/challenger/p_value", "accuracy/challenger/mcnemar_p"):
        if test in found:
            assert isinstance(found[test], Exact) and found[test].value == 1.0


def test_figures_are_those_of_other_libraries(compared: Make) -> None:
    found = compared("binary", 1, 2)
    target = np.random.default_rng(0).integers(0, 2, N)
    one, other = (predictions("binary", seed, target) for seed in (1, 2))
    area = roc_auc_score(target, one["score"]) - roc_auc_score(target, other["score"])
    right = accuracy_score(target, one["label"]) - accuracy_score(target, other["label"])
    assert found["roc_auc/challenger/difference"].value == pytest.approx(area)
    assert found["accuracy/challenger/difference"].value == pytest.approx(right)
    ours = int(((one["label"] == target) & (other["label"] != target)).sum())
    theirs = int(((one["label"] != target) & (other["label"] == target)).sum())
    assert found["accuracy/challenger/only_model_right"].value == ours
    assert found["accuracy/challenger/mcnemar_p"].value == pytest.approx(binomtest(ours, ours + theirs).pvalue)


def test_the_tests_of_one_audit_are_a_family_adjusted_by_holm(compared: Make) -> None:
    found = compared("binary", 1, 2)
    tests = {id: m.value for id, m in found.items() if id.endswith(("/p_value", "/mcnemar_p"))}
    ranked = sorted(tests, key=lambda id: tests[id])
    highest = 0.0
    for left, id in zip(range(len(ranked), 0, -1), ranked, strict=True):
        highest = max(highest, min(1.0, left * tests[id]))
        assert found[f"{id}/holm"].value == pytest.approx(highest)
    assert len(ranked) == 4, "the dummy and the challenger, in area and in accuracy"


def test_a_row_counted_twice_is_two_rows_and_a_sampling_weight_is_none(compared: Make) -> None:
    once, twice = compared("binary", 1, 2), compared("binary", 1, 2, np.full(N, 2.0))
    assert twice["accuracy/challenger/only_model_right"].value == 2 * once["accuracy/challenger/only_model_right"].value
    sampled = compared("binary", 1, 2, np.full(N, 2.0), "sampling")
    assert isinstance(sampled["accuracy/challenger/mcnemar_p"], Undefined)
    assert isinstance(sampled["roc_auc/challenger/p_value"], Exact)


def test_without_its_predictions_each_figure_says_why(supplied: Make, plan: Make, heard: Any) -> None:
    target = np.random.default_rng(0).integers(0, 2, N)
    ours = supplied(task="binary", classes=CLASSES["binary"], target=target, **predictions("binary", 1, target))
    lacking = replace(
        beside(ours, ours), challenger=None, no_challenger="it cannot be fitted again: it is only a file."
    )
    section, observations = measure(lacking, plan(), heard)
    found = {o.id: o.measured for o in observations if "/challenger" in o.id}
    assert found
    assert any("no comparison with the challenger rival: it cannot be fitted again" in note for note in section.notes)
    assert all(isinstance(m, Undefined) and "it is only a file" in m.reason for m in found.values())


def test_a_challenger_with_labels_only_is_compared_in_what_needs_no_score(
    supplied: Make, plan: Make, heard: Any
) -> None:
    target = np.random.default_rng(0).integers(0, 2, N)
    ours = supplied(task="binary", classes=CLASSES["binary"], target=target, **predictions("binary", 1, target))
    theirs = replace(ours.headline, predictions=Predictions(1 - target, None, probability=False))
    section, observations = measure(beside(ours, replace(ours, headline=theirs)), plan(), heard)
    assert any("taken as they are" in note for note in section.notes)
    found = {o.id.removeprefix("performance/"): o.measured for o in observations}
    assert isinstance(found["roc_auc/challenger/difference"], Undefined)
    assert isinstance(found["roc_auc/challenger/p_value"], Undefined)
    assert found["accuracy/challenger"].value == 0.0
