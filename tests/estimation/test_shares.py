"""Weighted sums of shares, and counts on either side of many thresholds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from audit.estimation.intervals import normal_quantile
from audit.estimation.shares import weighted_shares
from audit.estimation.thresholds import spread_thresholds, sums_above


def test_one_share_has_wilsons_interval():
    # Newcombe (1998), method 3: 81 of 263.
    found = weighted_shares(np.array([81.0, 182.0]), [1.0, 0.0], 263.0, 0.95)
    assert [round(float(v), 4) for v in found] == [0.3080, 0.2553, 0.3662]


def test_a_constant_worth_is_certain_and_a_worth_turned_round_turns_the_interval():
    counts = np.array([7.0, 2.0, 30.0, 61.0])
    value, low, high = weighted_shares(counts, [3.0, 3.0, 3.0, 3.0], 100.0, 0.95)
    assert (value, low, high) == pytest.approx((3.0, 3.0, 3.0))
    ours = np.array(weighted_shares(counts, [1.0, 5.0, 0.0, 0.0], 100.0, 0.95))
    theirs = np.array(weighted_shares(counts, [-1.0, -5.0, 0.0, 0.0], 100.0, 0.95))
    assert theirs == pytest.approx(-ours[[0, 2, 1]])


def test_a_kind_that_never_occurred_still_widens_the_interval():
    value, low, high = weighted_shares(np.array([0.0, 0.0, 50.0]), [1.0, 5.0, 0.0], 50.0, 0.95)
    assert (value, low) == (0.0, 0.0)
    assert high > 5 * 0.05


def coverage(interval, n, shares, worth):
    counts = np.random.default_rng(5).multinomial(n, shares, 20_000).astype(float)
    low, high = interval(counts, np.array(worth), n)
    truth = np.dot(shares, worth)
    return ((low - 1e-12 <= truth) & (truth <= high + 1e-12)).mean()


def ours(counts, worth, n):
    return weighted_shares(counts, worth, np.full(len(counts), n), 0.95)[1:]


def student(counts, worth, n):
    """A known-bad double: Student's t over rows, which knows nothing of what has not yet occurred."""
    mean = counts @ worth / n
    spread = np.sqrt(np.maximum(counts @ worth**2 / n - mean**2, 0) / (n - 1))
    half = stats.t.ppf(0.975, n - 1) * spread
    return mean - half, mean + half


GRID = [
    (n, shares, worth)
    for n in (30, 100, 1000)
    for shares in ((0.05, 0.02, 0.3, 0.63), (0.1, 0.01, 0.02, 0.87), (0.3, 0.2, 0.1, 0.4))
    for worth in ((1.0, 5.0, 0.0, 0.0), (1.0, 5.0, -2.0, 0.0), (-0.25, 0.0, 1.0, 0.0), (-4.0, 0.0, 1.0, 0.0))
]


def test_the_interval_covers_costs_and_net_benefits():
    found = {case: coverage(ours, *case) for case in GRID}
    # Fewer than one row in a hundred of a kind that costs five times as much, and 30 rows: the one family below.
    assert [case for case, share in found.items() if share < 0.935 and case[0] > 100] == []
    assert min(found.values()) >= 0.925
    assert sum(share < 0.935 for share in found.values()) <= 3
    assert min(coverage(student, *case) for case in GRID) < 0.85


def test_sums_above_are_those_of_comparing_each_row_with_each_threshold():
    rng = np.random.default_rng(2)
    score, kind, weight = rng.integers(0, 20, 500) / 20, rng.integers(0, 7, 500), rng.random(500)
    at = np.array([-1.0, 0.0, 0.05, 0.5, 0.95, 2.0])
    found = sums_above(at, score, kind, 8, weight)
    expected = [[weight[(kind == k) & (score >= t)].sum() for t in at] for k in range(8)]
    assert found == pytest.approx(np.array(expected))


@pytest.mark.parametrize("score", [np.zeros(5), np.array([0.3, 0.3, 0.7]), np.linspace(300, 850, 1000)])
def test_thresholds_lie_among_the_scores(score):
    found = spread_thresholds(score, 11)
    assert 1 <= len(found) <= 11
    assert (np.diff(found) > 0).all()
    assert found.max() <= score.max()
    assert normal_quantile(0.95) == pytest.approx(1.959964)
