"""Intervals of the difference of two shares of the same rows, held against published tables and enumeration."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from audit import catalogue
from audit.declarations.metric import Sample
from audit.estimation.difference import paired_difference
from audit.estimation.intervals import normal_quantile
from audit.estimation.paired import newcombe_paired, paired_counts
from audit.records.measured import Estimate
from audit.records.spec import IntervalSpec


@pytest.mark.parametrize(
    ("cells", "low", "high", "decimals"),
    [
        # Newcombe (1998), Statistics in Medicine 17, 2635: method 10 on 36, 12, 2, 0.
        ((36, 12, 2, 0), 0.0569, 0.3404, 4),
        # Fagerland, Lydersen and Laake (2014), airway hyper-responsiveness, "Newcombe square-and-add".
        ((1, 1, 7, 12), -0.507, -0.026, 3),
    ],
)
def test_method_10_gives_the_published_intervals(cells, low, high, decimals):
    found = newcombe_paired(*cells, 0.95)
    assert (round(found[0], decimals), round(found[1], decimals)) == (low, high)


def test_two_that_never_differ_have_an_interval_about_zero():
    low, high = newcombe_paired(60, 0, 0, 40, 0.95)
    assert low == -high and 0 < high < 0.05
    low, high = newcombe_paired(100, 0, 0, 0, 0.95)
    assert low < 0 < high < 0.06


def coverage(interval, n, joint):
    """Exact coverage of an interval of p1 - p2, by enumeration of every table of n rows."""
    truth, covered = joint[1] - joint[2], 0.0
    for a in range(n + 1):
        for b in range(n + 1 - a):
            for c in range(n + 1 - a - b):
                low, high = interval(a, b, c, n - a - b - c, 0.95)
                if low <= truth <= high:
                    covered += stats.multinomial.pmf([a, b, c, n - a - b - c], n, joint)
    return covered


def wald(both, one, other, neither, level):
    """A known-bad double: the textbook interval, which is a point where the two never differ."""
    n = both + one + other + neither
    half = normal_quantile(level) * np.sqrt(one + other - (one - other) ** 2 / n) / n
    return (one - other) / n - half, (one - other) / n + half


@pytest.mark.parametrize("joint", [(0.9, 0.05, 0.01, 0.04), (0.85, 0.08, 0.02, 0.05)])
def test_the_interval_covers_and_the_textbook_one_does_not(joint):
    assert coverage(newcombe_paired, 14, joint) >= 0.935
    assert coverage(wald, 14, joint) < 0.935


def sample(label, target, weight=None, kind="frequency"):
    return Sample(target=target, label=label, classes=2, positive=1, weight=weight, weight_kind=kind)


@pytest.fixture
def pair():
    rng = np.random.default_rng(3)
    target = rng.integers(0, 2, 60)
    one = np.where(rng.random(60) < 0.8, target, 1 - target)
    other = np.where(rng.random(60) < 0.7, target, 1 - target)
    return one, other, target


@pytest.mark.parametrize(("name", "rows"), [("accuracy", None), ("true_positive_rate", 1), ("false_positive_rate", 0)])
def test_counts_are_those_of_mask_arithmetic(pair, name, rows):
    one, other, target = pair
    inside = np.ones(60, dtype=bool) if rows is None else target == rows
    hit, beside = ((one == target), (other == target)) if rows is None else (one == 1, other == 1)
    expected = [(inside & a & b).sum() for a, b in ((hit, beside), (hit, ~beside), (~hit, beside), (~hit, ~beside))]
    form = catalogue.load("metrics", name).compute
    assert paired_counts(form, sample(one, target), sample(other, target)) == tuple(expected)


def test_a_share_of_predicted_rows_is_no_paired_share(pair):
    one, other, target = pair
    precision = catalogue.load("metrics", "precision").compute
    assert paired_counts(precision, sample(one, target), sample(other, target)) is None
    weighted = [sample(label, target, np.ones(60), "sampling") for label in (one, other)]
    assert paired_counts(catalogue.load("metrics", "accuracy").compute, *weighted) is None


def test_the_difference_turns_its_sign_with_the_order_and_weighs_rows_as_counts(pair):
    one, other, target = pair
    metric, interval = catalogue.load("metrics", "accuracy"), IntervalSpec()
    ours = paired_difference(metric, sample(one, target), sample(other, target), interval, 0)
    theirs = paired_difference(metric, sample(other, target), sample(one, target), interval, 0)
    assert isinstance(ours, Estimate) and isinstance(theirs, Estimate)
    assert (ours.value, ours.low, ours.high) == (-theirs.value, -theirs.high, -theirs.low)
    assert ours.method == "newcombe_paired"
    twice = [sample(label, target, np.full(60, 2.0)) for label in (one, other)]
    doubled = [sample(np.tile(label, 2), np.tile(target, 2)) for label in (one, other)]
    assert paired_difference(metric, *twice, interval, 0) == paired_difference(metric, *doubled, interval, 0)


def test_of_very_many_rows_the_spread_over_parts_takes_the_place_of_a_bootstrap(monkeypatch):
    rng = np.random.default_rng(8)
    target = (rng.random(6000) < 0.2).astype(int)
    scores = [np.clip(share * target + (1 - share) * rng.random(6000), 0, 1) for share in (0.3, 0.25)]
    ours, theirs = (replace(sample(None, target), score=score, probability=True) for score in scores)
    metric = catalogue.load("metrics", "average_precision")
    drawn = paired_difference(metric, ours, theirs, IntervalSpec(resamples=200), 0)
    monkeypatch.setattr("audit.estimation.difference._MOST_DRAWS", 1000)
    parts = paired_difference(metric, ours, theirs, IntervalSpec(resamples=200), 0)
    assert (drawn.method, parts.method) == ("bootstrap_paired", "blocks_t_paired")
    assert parts.value == drawn.value
    assert (parts.high - parts.low) / (drawn.high - drawn.low) == pytest.approx(1, abs=0.35)
    again = paired_difference(metric, theirs, ours, IntervalSpec(resamples=200), 0)
    assert (again.low, again.high) == pytest.approx((-parts.high, -parts.low))
