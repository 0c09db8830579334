"""A metric with arguments is a metric of its own, under a name that says which values are not the default."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import (
    cohen_kappa_score,
    d2_tweedie_score,
    fbeta_score,
    mean_pinball_loss,
    mean_tweedie_deviance,
    roc_auc_score,
    top_k_accuracy_score,
)

from audit import catalogue
from audit.declarations.argument import Argument, declared_arguments
from audit.declarations.metric import Metric, Sample
from audit.estimation.estimate import estimate, subset
from audit.records.measured import Estimate, Undefined
from audit.records.spec import IntervalSpec

TAKING = {m.name: m for m in catalogue.load_all("metrics").values() if m.arguments}


def sample() -> Sample:
    rng = np.random.default_rng(0)
    target = rng.integers(0, 2, 60)
    label = np.where(rng.random(60) < 0.7, target, 1 - target)
    score = np.clip(0.5 * label + 0.5 * rng.random(60), 0.01, 0.99)
    return Sample(target=target, label=label, score=score, classes=2, positive=1, favourable=1, probability=True)


def test_the_name_carries_what_is_not_the_default_and_the_facts_carry_all() -> None:
    f_beta: Metric = catalogue.load("metrics", "f_beta")
    assert f_beta.of({}) is f_beta and f_beta.of({"beta": 1}) is f_beta
    other = f_beta.of({"beta": 2})
    assert (other.name, other.label) == ("f_beta;beta=2", "F-beta (beta 2)")
    assert other.facts.arguments == {"beta": 2.0} and f_beta.facts.arguments == {"beta": 1.0}
    assert f_beta.of({"beta": 0.5}).name == "f_beta;beta=0.5"


def test_the_value_is_that_of_the_argument() -> None:
    rows = sample()
    for beta in (0.5, 1, 2):
        metric = catalogue.load("metrics", "f_beta").of({"beta": beta})
        assert metric.compute(rows) == pytest.approx(fbeta_score(rows.target, rows.label, beta=beta))


@pytest.mark.parametrize("name", sorted(TAKING))
def test_what_is_read_from_the_text_is_what_is_declared(name: str) -> None:
    assert catalogue.arguments("metrics", name) == TAKING[name].arguments


@pytest.mark.parametrize("name", sorted(TAKING))
def test_the_fields_beside_the_arguments_are_those_of_the_defaults(name: str) -> None:
    metric = TAKING[name]
    assert metric.vary is not None
    defaults = {key: argument.default for key, argument in metric.arguments.items()}
    fields = metric.vary(**defaults)
    assert set(fields) <= {"compute", "averages", "bounds", "description", "formula", "per_class"}
    assert set(fields.get("averages", metric.averages)) == set(metric.averages)
    for key in ("bounds", "description", "formula"):
        assert fields.get(key, getattr(metric, key)) == getattr(metric, key)
    for argument in metric.arguments.values():
        assert argument.problem(argument.default) == ""


@pytest.mark.parametrize(
    ("argument", "value", "told"),
    [
        (Argument(1.0, above=0, below=1), 1, "expected a number above 0 and below 1, found 1."),
        (Argument(10, least=2), 2.5, "expected a whole number from 2, found 2.5."),
        (Argument(10, least=2), 20.0, ""),
        (Argument(1.0), float("inf"), "expected a number, found inf."),
        (Argument("a", words=("a", "b")), "c", "expected one of a, b, found the text 'c'."),
        (Argument("a", words=("a", "b")), 2, "expected one of a, b, found 2."),
    ],
)  # fmt: skip
def test_a_value_out_of_range_is_told(argument: Argument, value: float | str, told: str) -> None:
    assert argument.problem(value) == told


def test_a_module_without_arguments_declares_none() -> None:
    assert declared_arguments("METRIC = Metric(name='a')") == {}


@pytest.mark.parametrize("weights", [None, "linear", "quadratic"])
def test_kappa_weighs_errors_by_how_far_classes_are_apart(weights: str | None) -> None:
    rng = np.random.default_rng(1)
    target, label, w = rng.integers(0, 4, 90), rng.integers(0, 4, 90), rng.integers(0, 3, 90).astype(float)
    metric = catalogue.load("metrics", "cohen_kappa").of({"weights": weights or "none"})
    expected = cohen_kappa_score(target, label, weights=weights, sample_weight=w)
    assert metric.compute(Sample(target=target, label=label, classes=4, weight=w)) == pytest.approx(expected)


def many(seed: int = 2, n: int = 200) -> Sample:
    rng = np.random.default_rng(seed)
    target = rng.integers(0, 4, n)
    score = rng.dirichlet(np.ones(4), n) / 2 + np.eye(4)[target] * rng.random((n, 1)) / 2
    score /= score.sum(axis=1, keepdims=True)
    return Sample(target=target, label=score.argmax(axis=1), score=score, classes=4, probability=True)


@pytest.mark.parametrize("multi_class", ["ovr", "ovo"])
@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_the_area_over_classes_is_taken_as_scikit_learn_takes_it(multi_class: str, average: str) -> None:
    rows = many()
    metric = catalogue.load("metrics", "roc_auc").of({"multi_class": multi_class, "average": average})
    expected = roc_auc_score(rows.target, rows.score, multi_class=multi_class, average=average)
    assert metric.compute(rows) == pytest.approx(expected, abs=1e-12)


def test_delongs_interval_of_a_weighted_mean_is_as_wide_as_a_bootstrap() -> None:
    """An independent check of the closed form: 400 redrawn tables."""
    rows = many(n=300)
    for arguments in ({"multi_class": "ovo"}, {"average": "weighted"}):
        metric = catalogue.load("metrics", "roc_auc").of(arguments)
        found = estimate(metric, rows, IntervalSpec(), seed=0)
        rng = np.random.default_rng(3)
        drawn = [metric.compute(subset(rows, rng.integers(0, 300, 300))) for _ in range(400)]
        assert isinstance(found, Estimate) and found.low is not None and found.high is not None
        assert found.high - found.low == pytest.approx(2 * 1.96 * float(np.std(drawn)), rel=0.15)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_top_k_is_scikit_learns(k: int) -> None:
    rows = many()
    expected = top_k_accuracy_score(rows.target, rows.score, k=k)
    assert catalogue.load("metrics", "top_k_accuracy").of({"k": k}).compute(rows) == pytest.approx(expected)


def test_a_tie_for_the_last_places_counts_by_its_chance() -> None:
    rows = Sample(target=np.array([0]), score=np.array([[0.2, 0.2, 0.2, 0.4]]), classes=4)
    assert catalogue.load("metrics", "top_k_accuracy").compute(rows) == pytest.approx(1 / 3)


def test_lift_and_gain_take_ties_in_proportion() -> None:
    rows = Sample(
        target=np.array([1, 0, 1, 0]), score=np.array([0.9, 0.5, 0.5, 0.5]), classes=2, positive=1, probability=True
    )
    # Half of four rows: the first, and one of three that tie, a third of which is positive.
    gain = catalogue.load("metrics", "cumulative_gain").of({"share": 0.5})
    lift = catalogue.load("metrics", "lift").of({"share": 0.5})
    assert gain.compute(rows) == pytest.approx((1 + 1 / 3) / 2)
    assert lift.compute(rows) == pytest.approx((1 + 1 / 3) / 2 / 0.5)
    assert (lift.bounds, catalogue.load("metrics", "lift").bounds) == ((0.0, 2.0), (0.0, 10.0))


def values(seed: int = 6, n: int = 80) -> Sample:
    rng = np.random.default_rng(seed)
    target = rng.gamma(2, 3, n)
    return Sample(target=target, score=target * rng.uniform(0.5, 2, n), weight=rng.integers(0, 3, n).astype(float))


@pytest.mark.parametrize("power", [-1, 0, 1, 1.3, 2, 3])
def test_deviances_of_every_power_are_scikit_learns(power: float) -> None:
    rows = values()
    for name, function in (("mean_tweedie_deviance", mean_tweedie_deviance), ("d2_tweedie_score", d2_tweedie_score)):
        expected = function(rows.target, rows.score, sample_weight=rows.weight, power=power)
        assert catalogue.load("metrics", name).of({"power": power}).compute(rows) == pytest.approx(expected)


def test_a_deviance_says_what_it_cannot_take() -> None:
    rows = values()
    assert rows.target is not None and rows.score is not None
    none, below = replace(rows, target=np.zeros(80)), replace(rows, score=-rows.score)
    for power, sample, reason in (
        (0.5, rows, "no Tweedie law with a power between 0 and 1"),
        (2, none, "a true value is not above 0"),
        (1, below, "a predicted value is not above 0"),
        (1, replace(rows, target=-rows.target), "a true value is below 0"),
    ):
        metric = catalogue.load("metrics", "mean_tweedie_deviance").of({"power": power})
        found = estimate(metric, sample, IntervalSpec(), seed=0)
        assert isinstance(found, Undefined) and reason in found.reason
    counts = catalogue.load("metrics", "mean_poisson_deviance").compute(none)
    assert counts == pytest.approx(mean_tweedie_deviance(none.target, none.score, sample_weight=none.weight, power=1))


def test_a_percentage_of_nothing_is_undefined_unless_its_row_has_no_weight() -> None:
    rows = values()
    metric = catalogue.load("metrics", "mean_absolute_percentage_error")
    target, weight = np.array(rows.target, dtype=float), np.ones(80)
    target[3] = 0
    found = estimate(metric, replace(rows, target=target, weight=weight), IntervalSpec(), seed=0)
    assert isinstance(found, Undefined) and "a true value is 0" in found.reason
    weight[3] = 0
    assert isinstance(estimate(metric, replace(rows, target=target, weight=weight), IntervalSpec(), seed=0), Estimate)


@pytest.mark.parametrize("alpha", [0.1, 0.9])
def test_pinball_losses_are_scikit_learns(alpha: float) -> None:
    rows = values()
    expected = mean_pinball_loss(rows.target, rows.score, sample_weight=rows.weight, alpha=alpha)
    assert catalogue.load("metrics", "mean_pinball_loss").of({"alpha": alpha}).compute(rows) == pytest.approx(expected)


def test_calibration_error_over_bins_of_equal_weight() -> None:
    rows = sample()
    assert rows.score is not None and rows.target is not None
    below = np.array([np.sum(rows.score < s) for s in rows.score])
    home = below * 6 // 60
    expected = sum(abs((rows.target - rows.score)[home == b].sum()) for b in range(6)) / 60
    metric = catalogue.load("metrics", "expected_calibration_error").of({"bins": 6, "strategy": "quantile"})
    assert metric.compute(rows) == pytest.approx(expected)
