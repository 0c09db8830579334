"""Curves and the confusion matrix against scikit-learn and against plain counting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import auc, confusion_matrix, precision_recall_curve, roc_curve

from audit.declarations.metric import Sample
from audit.performance.curves import POINTS, calibration, confusion_of, curves_of, precision_recall, roc, thresholds

Make = Callable[..., Any]


def sample(n: int = 150, seed: int = 0, decimals: int = 2) -> Sample:
    rng = np.random.default_rng(seed)
    target = rng.integers(0, 2, n)
    score = np.round(np.clip(rng.normal(0.4 + 0.2 * target, 0.2), 0, 1), decimals)
    return Sample(target=target, score=score, classes=2, positive=1, probability=True, weight=rng.uniform(0.5, 2, n))


def test_the_roc_curve_keeps_every_corner() -> None:
    rows = sample()
    curve = roc(rows)
    x, y, _ = roc_curve(rows.target, rows.score, sample_weight=rows.weight, drop_intermediate=False)
    assert (curve.x[0], curve.y[0], curve.at[0]) == (0.0, 0.0, None)
    assert (curve.x[-1], curve.y[-1]) == pytest.approx((1.0, 1.0))
    assert auc(curve.x, curve.y) == pytest.approx(auc(x, y), abs=1e-12)
    # Every point that is kept is one of scikit-learn's.
    assert all(np.hypot(x - a, y - b).min() < 1e-12 for a, b in zip(curve.x, curve.y, strict=True))


def test_a_long_roc_curve_is_thinned_the_same_way_each_time() -> None:
    rows = sample(20_000, decimals=6)
    curve = roc(rows)
    x, y, _ = roc_curve(rows.target, rows.score, sample_weight=rows.weight)
    assert len(curve.x) == POINTS
    assert auc(curve.x, curve.y) == pytest.approx(auc(x, y), abs=2e-3)
    assert curve == roc(rows)


def test_precision_and_recall_are_scikit_learns() -> None:
    rows = sample()
    curve = precision_recall(rows)
    precision, recall, at = precision_recall_curve(rows.target, rows.score, sample_weight=rows.weight)
    np.testing.assert_allclose(curve.x, recall[-2::-1])
    np.testing.assert_allclose(curve.y, precision[-2::-1])
    np.testing.assert_allclose(curve.at, at[::-1])


def test_thresholds_count_what_lies_at_or_above() -> None:
    rows = sample()
    curves = thresholds(rows)
    assert rows.score is not None and rows.target is not None and rows.weight is not None
    for i in (0, 17, -1):
        at = curves["Precision"].x[i]
        above = rows.score >= at
        w = rows.weight
        assert curves["Predicted positive"].y[i] == pytest.approx(w[above].sum() / w.sum())
        assert curves["Precision"].y[i] == pytest.approx(np.average(rows.target[above], weights=w[above]))
        hit = above & (rows.target == 1)
        assert curves["True positive rate"].y[i] == pytest.approx(w[hit].sum() / w[rows.target == 1].sum())
    assert list(curves["Precision"].x) == sorted(curves["Precision"].x)


def test_calibration_bins_hold_a_tenth_each() -> None:
    rng = np.random.default_rng(1)
    score = rng.permutation(np.linspace(0.001, 0.999, 500))
    target = (rng.random(500) < score).astype(int)
    curve = calibration(Sample(target=target, score=score, classes=2, positive=1, probability=True), 0.9)
    assert curve.n == (50,) * 10
    order = np.argsort(score).reshape(10, 50)
    np.testing.assert_allclose(curve.x, score[order].mean(axis=1))
    np.testing.assert_allclose(curve.y, target[order].mean(axis=1))
    expected = [stats.binomtest(int(k), 50).proportion_ci(0.9, method="wilson") for k in target[order].sum(axis=1)]
    np.testing.assert_allclose(curve.low, [e.low for e in expected])
    np.testing.assert_allclose(curve.high, [e.high for e in expected])


def test_equal_scores_share_a_bin() -> None:
    target = np.arange(40) % 2
    constant = Sample(target=target, score=np.full(40, 0.3), classes=2, positive=1, probability=True)
    curve = calibration(constant, 0.95)
    assert (curve.n, curve.x, curve.y) == ((40,), (pytest.approx(0.3),), (0.5,))
    two = Sample(target=target, score=np.repeat([0.1, 0.9], 20), classes=2, positive=1, probability=True)
    assert calibration(two, 0.95).n == (20, 20)


def test_rows_without_weight_make_no_bin() -> None:
    weight = np.r_[np.zeros(20), np.ones(20)]
    rows = Sample(
        target=np.arange(40) % 2, score=np.linspace(0, 1, 40), classes=2, positive=1, probability=True, weight=weight
    )
    curve = calibration(rows, 0.95)
    assert np.isfinite(curve.y).all() and sum(curve.n or ()) == 40


def test_the_confusion_matrix_is_scikit_learns(supplied: Make) -> None:
    rng = np.random.default_rng(0)
    target, label = rng.integers(0, 3, (2, 100))
    weight = rng.uniform(0, 2, 100)
    found = supplied(task="multiclass", classes=("a", "b", "c"), target=target, label=label, weight=weight)
    confusion = confusion_of(found.headline, found.subject)
    assert confusion is not None
    np.testing.assert_allclose(confusion.counts, confusion_matrix(target, label, sample_weight=weight))
    assert confusion.classes == ("a", "b", "c")


def test_the_confusion_matrix_stands_in_the_order_of_classes_whatever_is_positive(supplied: Make) -> None:
    found = supplied(task="binary", classes=("bad", "good"), target=np.array([0, 0, 1]), label=np.array([0, 1, 1]))
    confusion = confusion_of(found.headline, found.subject)
    assert confusion is not None and confusion.counts == ((1.0, 1.0), (0.0, 1.0))


def test_every_class_has_its_curves(supplied: Make) -> None:
    rng = np.random.default_rng(0)
    target = rng.integers(0, 2, 60)  # class c never occurs
    found = supplied(
        task="multiclass", classes=("a", "b", "c"), target=target, label=target, score=rng.dirichlet(np.ones(3), 60)
    )
    curves = curves_of(found.headline.sample, found.subject, 0.95)
    assert set(curves["roc"]) == {"a", "b"}
    assert set(curves["calibration"]) == {"a", "b", "c"}
    assert "threshold" not in curves


def test_scores_are_spread_by_true_class(supplied: Make) -> None:
    rows = sample()
    found = supplied(task="binary", classes=("no", "yes"), target=rows.target, label=rows.target, score=rows.score)
    spread = curves_of(found.headline.sample, found.subject, 0.95)["score_distribution"]
    assert set(spread) == {"no", "yes"}
    assert sum(spread["yes"].n or ()) == int((rows.target == 1).sum())
    assert sum(spread["no"].y) == pytest.approx(1.0)


def test_residuals_are_means_of_bins(supplied: Make) -> None:
    rng = np.random.default_rng(0)
    target = rng.normal(size=200)
    score = target / 2 + rng.normal(size=200)
    found = supplied(task="regression", classes=(), target=target, score=score)
    curves = curves_of(found.headline.sample, found.subject, 0.95)
    order = np.argsort(score).reshape(10, 20)
    np.testing.assert_allclose(curves["residuals"][""].y, (target - score)[order].mean(axis=1), atol=1e-12)
    np.testing.assert_allclose(curves["predicted_actual"][""].y, target[order].mean(axis=1), atol=1e-12)
    first = stats.ttest_1samp(target[order[0]], 0).confidence_interval(0.95)
    drawn = curves["predicted_actual"][""]
    assert drawn.low is not None and drawn.high is not None
    assert (drawn.low[0], drawn.high[0]) == pytest.approx((first.low, first.high))


def test_a_curve_of_other_scores_is_noticed() -> None:
    """The double of the comparisons above."""
    rows, other = sample(), sample(seed=1)
    x, y, _ = roc_curve(other.target, other.score, sample_weight=other.weight)
    curve = roc(rows)
    assert auc(curve.x, curve.y) != pytest.approx(auc(x, y), abs=1e-6)
