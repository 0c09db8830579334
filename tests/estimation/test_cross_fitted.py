"""Scores of cross-fitted models are compared within their folds: what tells nothing comes out at one half."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from audit.estimation.bins import means_in_bins
from audit.estimation.cross_fitted import cross_fitted_area
from audit.records.measured import Estimate, Undefined

FOLDS = 5


def cross_fitted(feature: np.ndarray, side: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """(m, 1) share of the side among the other folds' rows of equal feature."""
    score, ones = np.empty((len(side), 1)), np.ones(len(side))
    for held in range(FOLDS):
        out = fold == held
        wanted = side[~out, None].astype(float)
        score[out] = means_in_bins(feature[~out], feature[out], 2, wanted, ones[~out])
    return score


def null_tables(tables: int, rows: int):
    rng = np.random.default_rng(7)
    for _ in range(tables):
        side, feature = rng.random(rows) < 0.4, rng.integers(0, 2, rows)
        fold = np.empty(rows, dtype=np.int64)
        fold[np.argsort(side, kind="stable")] = np.arange(rows) % FOLDS
        yield side, cross_fitted(feature, side, fold), fold


def measured(side: np.ndarray, score: np.ndarray, fold: np.ndarray) -> Estimate:
    found = cross_fitted_area(side[:, None], score, fold, np.ones(len(side)), sampling=False, level=0.95)
    assert isinstance(found, Estimate) and found.low is not None and found.high is not None
    return found


def test_a_feature_that_tells_nothing_comes_out_at_one_half() -> None:
    told = [(measured(*table), roc_auc_score(table[0], table[1][:, 0])) for table in null_tables(200, 300)]
    assert np.mean([ours.value for ours, _ in told]) == pytest.approx(0.5, abs=0.008)
    assert np.mean([ours.low <= 0.5 <= ours.high for ours, _ in told]) >= 0.93
    # The known-bad double: scores of all folds in one heap.
    assert np.mean([pooled for _, pooled in told]) < 0.485


def test_it_is_the_mean_of_the_areas_of_the_folds() -> None:
    rng = np.random.default_rng(1)
    side, score, fold = rng.random(100) < 0.5, rng.random((100, 1)).round(1), np.arange(100) % FOLDS
    areas = [roc_auc_score(side[fold == k], score[fold == k, 0]) for k in range(FOLDS)]
    assert measured(side, score, fold).value == pytest.approx(np.mean(areas), abs=1e-12)


def test_perfect_scores_are_not_certain() -> None:
    side = np.tile([True, False], 20)
    found = measured(side, side[:, None].astype(float), np.arange(40) // 8)
    assert (found.value, found.high, found.method) == (1.0, 1.0, "newcombe")
    assert found.low is not None and found.low < 1


def test_folds_without_both_sides_are_passed_over() -> None:
    side, fold = np.array([True] * 8 + [False] * 4), np.arange(12) // 4
    found = cross_fitted_area(side[:, None], np.zeros((12, 1)), fold, np.ones(12), sampling=False, level=0.95)
    assert isinstance(found, Undefined) and found.reason == "No fold holds rows of every side."
