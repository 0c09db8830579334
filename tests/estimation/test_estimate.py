"""Figures by group, bootstrap replicates, differences, and what is said when there is no number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import matthews_corrcoef

from audit.catalogue import load, load_all
from audit.declarations.metric import Metric, Sample, UndefinedMeasureError
from audit.estimation.difference import independent_difference, oriented, paired_difference
from audit.estimation.estimate import applies, estimate, estimate_by_group, replicates_by_group, subset
from audit.estimation.one_vs_rest import one_vs_rest
from audit.estimation.resampling import resampled, resampled_cells
from audit.records.measured import Estimate, Exact, Undefined
from audit.records.spec import IntervalSpec

INTERVAL = IntervalSpec(resamples=400)
DRAWN = ("bootstrap", "dirichlet_draws", "dirichlet_mover")


def binary(n: int = 400, seed: int = 0) -> Sample:
    rng = np.random.default_rng(seed)
    target = rng.integers(0, 2, n)
    score = np.clip(rng.normal(0.4 + 0.2 * target, 0.2), 0.01, 0.99)
    label = np.where(score > 0.5, 1, 0)
    return Sample(target=target, label=label, score=score, classes=2, positive=1, favourable=1, probability=True)


def regression(n: int = 400) -> Sample:
    rng = np.random.default_rng(1)
    target = rng.normal(size=n)
    return Sample(target=target, score=target + rng.normal(size=n))


def suited(metric: Metric) -> Sample:
    if "regression" not in metric.tasks:
        return binary()
    # Above zero, as logarithms and deviances need it.
    rows, half = regression(), np.random.default_rng(4).uniform(0.5, 1.5, 400)
    assert rows.target is not None and rows.score is not None
    target, score = np.exp(rows.target), np.exp(rows.score)
    return replace(rows, target=target, score=score, low=score - half, high=score + half, interval_level=0.9)


@pytest.mark.parametrize("name", load_all("metrics"))
def test_a_group_is_measured_as_if_it_stood_alone(name: str) -> None:
    metric = load("metrics", name)
    if "binary" not in metric.tasks and "regression" not in metric.tasks:
        pytest.skip("ranking and multiclass metrics go the same way")
    sample = suited(metric)
    group = np.random.default_rng(2).integers(-1, 3, 400)
    found = estimate_by_group(metric, sample, group, 4, INTERVAL, 5)
    assert len(found) == 4
    for code in range(3):
        alone = estimate(metric, subset(sample, group == code), INTERVAL, 5)
        one = found[code]
        if not isinstance(alone, Estimate):
            assert type(one) is type(alone)
            assert isinstance(alone, Undefined) or one == alone.model_copy(update={"value": pytest.approx(alone.value)})
            continue
        assert isinstance(one, Estimate)
        assert (one.value, one.n, one.method) == (pytest.approx(alone.value), alone.n, alone.method)
        slack = 0.3 * (alone.high - alone.low) if alone.method in DRAWN else 1e-9
        assert (one.low, one.high) == pytest.approx((alone.low, alone.high), abs=slack)
    assert isinstance(found[3], Undefined)


def test_a_group_with_other_rows_is_noticed() -> None:
    """The double of the test above: rows of no group must not leak in."""
    sample, group = binary(), np.random.default_rng(2).integers(-1, 3, 400)
    honest = estimate_by_group(load("metrics", "accuracy"), sample, group, 3, INTERVAL, 5)
    leaking = estimate_by_group(load("metrics", "accuracy"), sample, np.maximum(group, 0), 3, INTERVAL, 5)
    assert honest[0] != leaking[0]


@pytest.mark.parametrize("name", ["true_positive_rate", "matthews_corrcoef", "average_precision", "log_loss"])
def test_replicates_are_spread_like_the_interval(name: str) -> None:
    metric, sample = load("metrics", name), binary()
    group = np.repeat([0, 1, -1, 0], 100)
    draws = replicates_by_group(metric, sample, group, 3, IntervalSpec(resamples=2000), 9)
    assert draws.shape == (2000, 3)
    assert np.isnan(draws[:, 2]).all()
    for code in (0, 1):
        found = estimate(metric, subset(sample, group == code), IntervalSpec(resamples=2000), 1)
        assert isinstance(found, Estimate)
        assert draws[:, code].mean() == pytest.approx(found.value, abs=0.02)
        assert np.quantile(draws[:, code], [0.025, 0.975]) == pytest.approx([found.low, found.high], abs=0.03)


def test_replicates_of_one_seed_draw_the_same_rows_for_every_metric() -> None:
    sample, group = binary(), np.repeat([0, 1], 200)
    one, other = (
        replicates_by_group(load("metrics", n), sample, group, 2, INTERVAL, 4)
        for n in ("true_positive_rate", "false_negative_rate")
    )
    np.testing.assert_allclose(one + other, 1.0)
    one, other = (replicates_by_group(load("metrics", n), sample, group, 2, INTERVAL, 4) for n in ("roc_auc", "gini"))
    np.testing.assert_allclose(2 * one - 1, other, atol=1e-12)


def test_drawing_cells_is_drawing_rows() -> None:
    """The law of a bootstrap from the four cells against one that draws rows, by a two-sample test."""
    sample = binary(80)
    draws = replicates_by_group(
        load("metrics", "matthews_corrcoef"), sample, np.zeros(80, dtype=int), 1, IntervalSpec(resamples=1500), 0
    )
    rng = np.random.default_rng(8)
    rows = [rng.integers(0, 80, 80) for _ in range(800)]
    plain = [matthews_corrcoef(np.asarray(sample.target)[r], np.asarray(sample.label)[r]) for r in rows]
    assert stats.ks_2samp(draws[:, 0], plain).pvalue > 0.01
    assert stats.ks_2samp(draws[:, 0] * 1.3, plain).pvalue < 0.01


def test_every_draw_counts_as_many_rows_as_there_are() -> None:
    rng = np.random.default_rng(0)
    plain = np.concatenate(list(resampled(None, 50, False, 300, rng)))
    assert plain.shape == (300, 50) and (plain.sum(axis=1) == 50).all()
    for weight in (np.arange(50.0), np.full(50, 1000.0), np.full(50, 0.5)):
        counted = np.concatenate(list(resampled(weight, 50, False, 300, rng)))
        assert (counted.sum(axis=1) == weight.sum()).all()
        assert counted.mean(axis=0) == pytest.approx(weight, rel=0.5, abs=0.3)
    travelling = np.concatenate(list(resampled(np.arange(50.0), 50, True, 300, rng)))
    assert (travelling[:, 7] % 7 == 0).all()
    assert (resampled_cells(np.array([3.0, 7.0]), 100, rng).sum(axis=1) == 10).all()


def test_a_large_table_is_resampled_in_pieces() -> None:
    rng = np.random.default_rng(0)
    pieces = list(resampled(None, 200_000, False, 3, rng))
    assert [p.shape for p in pieces] == [(1, 200_000)] * 3


def test_a_plain_function_is_measured_too() -> None:
    def share_of_ones(sample: Sample) -> float:
        weight = np.ones(len(sample.label)) if sample.weight is None else sample.weight
        if not weight.sum():
            raise UndefinedMeasureError("there are no rows")
        return float(np.average(sample.label, weights=weight))

    plain = replace(load("metrics", "selection_rate"), compute=share_of_ones)
    ours, theirs = (
        estimate(m, binary(), IntervalSpec(resamples=2000), 0) for m in (load("metrics", "selection_rate"), plain)
    )
    assert isinstance(ours, Estimate) and isinstance(theirs, Estimate)
    assert theirs.method == "bootstrap"
    assert (theirs.value, theirs.low, theirs.high) == pytest.approx((ours.value, ours.low, ours.high), abs=0.01)


def test_a_plain_function_that_fails_leaves_its_words() -> None:
    def broken(sample: Sample) -> float:
        raise KeyError("no such column")

    found = estimate(replace(load("metrics", "accuracy"), compute=broken), binary(), INTERVAL, 0)
    assert isinstance(found, Undefined) and "no such column" in found.reason
    nothing = estimate(replace(load("metrics", "accuracy"), compute=lambda s: float("nan")), binary(), INTERVAL, 0)
    assert isinstance(nothing, Undefined)


@pytest.mark.parametrize(
    ("name", "sample", "task", "words"),
    [
        ("r2", binary(), "binary", "not defined for the task binary"),
        ("roc_auc", replace(binary(), score=None), "binary", "needs scores; the model gives labels only"),
        ("log_loss", replace(binary(), score=None), "binary", "needs probabilities; the model gives labels only"),
        ("log_loss", replace(binary(), probability=False), "binary", "scores on another scale"),
        ("brier_score", replace(binary(), score=np.full(400, 1.5)), "binary", "outside 0 to 1"),
        ("accuracy", replace(binary(), label=None), "binary", "gives scores only"),
        ("accuracy", replace(binary(), target=None), "binary", "needs true labels"),
        ("r2", replace(regression(), score=None), "regression", "needs predicted values"),
    ],
)
def test_what_is_lacking_is_said(name: str, sample: Sample, task: str, words: str) -> None:
    assert words in applies(load("metrics", name), sample, task)  # type: ignore[arg-type]


def test_nothing_is_lacking_where_all_is_there() -> None:
    assert applies(load("metrics", "log_loss"), binary(), "binary") == ""


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("true_positive_rate", {"target": np.zeros(400, dtype=int)}, "no row is truly positive"),
        ("precision", {"label": np.zeros(400, dtype=int)}, "no row is predicted positive"),
        ("roc_auc", {"target": np.ones(400, dtype=int)}, "only one class is present"),
        ("balanced_accuracy", {"target": np.ones(400, dtype=int)}, "fewer than two classes"),
        ("matthews_corrcoef", {"label": np.ones(400, dtype=int)}, "single class"),
    ],
)
def test_an_undefined_measure_says_why(name: str, change: dict[str, np.ndarray], words: str) -> None:
    found = estimate(load("metrics", name), replace(binary(), **change), INTERVAL, 0)  # type: ignore[arg-type]
    assert isinstance(found, Undefined) and words in found.reason


def test_one_row_has_no_width_to_tell() -> None:
    found = estimate(load("metrics", "mean_absolute_error"), subset(regression(), np.array([0])), INTERVAL, 0)
    assert isinstance(found, Estimate)
    assert (found.low, found.high, found.n) == (0.0, None, 1)
    area = estimate(load("metrics", "roc_auc"), subset(binary(), np.array([0, 1, 2, 3])), INTERVAL, 0)
    assert isinstance(area, Estimate | Undefined)


@pytest.mark.parametrize("name", ["matthews_corrcoef", "cohen_kappa", "accuracy", "f1", "balanced_accuracy", "roc_auc"])
def test_no_error_in_few_rows_is_not_certainty(name: str) -> None:
    target = np.arange(12) % 2
    sample = Sample(target=target, label=target, score=target.astype(float), classes=2, positive=1)
    found = estimate(load("metrics", name), sample, INTERVAL, 0)
    assert isinstance(found, Estimate) and found.low is not None
    assert found.value == found.high == 1.0
    assert found.low < 0.85


def test_one_class_against_the_rest() -> None:
    score = np.array([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]])
    sample = Sample(target=np.array([2, 0]), label=np.array([2, 1]), score=score, classes=3, probability=True)
    part = one_vs_rest(sample, 2)
    assert part.target is not None and part.label is not None and part.score is not None
    assert (part.target.tolist(), part.label.tolist(), part.score.tolist()) == ([1, 0], [1, 0], [0.5, 0.1])
    assert (part.classes, part.positive) == (2, 1)


# --- differences ---------------------------------------------------------------------------------------


def other_labels(sample: Sample) -> Sample:
    flip = np.random.default_rng(3).random(400) < 0.1
    assert sample.label is not None and sample.score is not None
    return replace(sample, label=np.where(flip, 1 - sample.label, sample.label), score=np.roll(sample.score, 1))


@pytest.mark.parametrize("name", ["accuracy", "balanced_accuracy", "matthews_corrcoef", "f1", "average_precision"])
def test_a_paired_difference_draws_the_same_rows_for_both(name: str) -> None:
    """Against a plain bootstrap of rows that measures both sides on each draw."""
    metric, ours = load("metrics", name), binary()
    theirs = other_labels(ours)
    found = paired_difference(metric, ours, theirs, IntervalSpec(resamples=2000), 0)
    assert isinstance(found, Estimate)
    rng = np.random.default_rng(6)
    plain = []
    for _ in range(1000):
        rows = rng.integers(0, 400, 400)
        plain.append(metric.compute(subset(ours, rows)) - metric.compute(subset(theirs, rows)))
    assert found.value == pytest.approx(metric.compute(ours) - metric.compute(theirs))
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(plain, [0.025, 0.975])), abs=0.012)


def test_pairing_narrows_the_difference() -> None:
    """The double of the test above: the same two sides taken as independent are much wider."""
    metric, ours = load("metrics", "accuracy"), binary()
    theirs = other_labels(ours)
    paired = paired_difference(metric, ours, theirs, INTERVAL, 0)
    apart = independent_difference(estimate(metric, ours, INTERVAL, 0), estimate(metric, theirs, INTERVAL, 0))
    assert isinstance(paired, Estimate) and isinstance(apart, Estimate)
    assert paired.value == pytest.approx(apart.value)
    assert paired.high - paired.low < 0.7 * (apart.high - apart.low)


def test_a_perfect_model_beats_a_constant_without_certainty() -> None:
    target = np.arange(10) % 2
    ours = Sample(target=target, label=target, score=target.astype(float), classes=2, positive=1)
    theirs = replace(ours, label=np.zeros(10, dtype=int), score=np.full(10, 0.5))
    for name in ("roc_auc", "balanced_accuracy"):
        found = paired_difference(load("metrics", name), ours, theirs, INTERVAL, 0)
        assert isinstance(found, Estimate) and found.low is not None
        assert found.value == 0.5
        assert found.low < 0.45


def test_an_undefined_side_leaves_the_difference_undefined() -> None:
    lacking = Undefined(reason="There are no rows.")
    known = Estimate(value=0.5, low=0.4, high=0.6, level=0.95, method="wilson", n=10)
    assert independent_difference(lacking, known) is lacking
    assert independent_difference(known, lacking) is lacking
    ours = binary()
    silent = replace(ours, label=np.zeros(400, dtype=int))
    found = paired_difference(load("metrics", "precision"), ours, silent, INTERVAL, 0)
    assert isinstance(found, Undefined) and "no row is predicted positive" in found.reason


def test_an_unbounded_end_stays_unbounded() -> None:
    known = Estimate(value=0.5, low=0.4, high=0.6, level=0.95, method="wilson", n=10)
    open_ended = Estimate(value=0.3, low=0.1, high=None, level=0.95, method="student_t", n=1)
    found = independent_difference(known, open_ended)
    assert isinstance(found, Estimate)
    assert found.low is None and found.high == pytest.approx(0.2 + np.hypot(0.1, 0.2))


def test_a_difference_is_turned_so_that_more_is_better() -> None:
    loss = Estimate(value=-0.2, low=-0.3, high=None, level=0.95, method="mover", n=10)
    turned = oriented(loss, higher_is_better=False)
    assert isinstance(turned, Estimate)
    assert (turned.value, turned.low, turned.high) == (0.2, None, 0.3)
    assert oriented(loss, higher_is_better=True) is loss
    assert oriented(Exact(value=1, n=1), higher_is_better=False).kind == "exact"
