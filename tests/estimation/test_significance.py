"""Tests of two sets of predictions of the same rows, against published tables and exact enumeration."""

from __future__ import annotations

from fractions import Fraction
from math import comb
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from audit.estimation.significance import delong_test, mcnemar

METHODS: tuple[Literal["exact", "mid_p", "asymptotic"], ...] = ("exact", "mid_p", "asymptotic")
ASAH = Path(__file__).parents[3] / "shared" / "data" / "proc" / "aSAH.csv"


@pytest.mark.parametrize(
    ("one", "other", "z", "p"),
    [
        ("wfns", "s100b", 2.20898359144091, 0.0271757822291882),
        ("wfns", "ndka", 2.79777591868904, 0.00514557970691098),
        ("ndka", "s100b", -1.39077002573558, 0.164295175223054),
    ],
)
def test_delong_gives_the_tests_of_proc(one: str, other: str, z: float, p: float) -> None:
    if not ASAH.exists():
        pytest.skip("the aSAH data are not here")
    rows = pd.read_csv(ASAH)
    positive = (rows["outcome"] == "Poor").to_numpy()
    found = delong_test(positive, rows[one].to_numpy(float), rows[other].to_numpy(float))
    assert (found.statistic, found.p_value) == pytest.approx((z, p), abs=1e-9)


def test_delong_is_the_variance_of_placements_one_by_one() -> None:
    """Against the definition of 1988: structural components by a double loop, their covariance by numpy."""
    rng = np.random.default_rng(3)
    positive = np.arange(24) % 3 == 0
    one, other = (np.round(rng.normal(positive * 0.8, 1.0), 1) for _ in range(2))

    def components(score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        beats = np.array([[(a > b) + (a == b) / 2 for b in score[~positive]] for a in score[positive]])
        return beats.mean(axis=1), beats.mean(axis=0)

    (first, first_other), (second, second_other) = components(one), components(other)
    by_positive, by_negative = np.cov(first, second), np.cov(first_other, second_other)
    spread = by_positive / 8 + by_negative / 16
    z = (first.mean() - second.mean()) / np.sqrt(spread[0, 0] + spread[1, 1] - 2 * spread[0, 1])
    found = delong_test(positive, one, other)
    assert (found.statistic, found.p_value) == pytest.approx((z, 2 * stats.norm.sf(abs(z))))
    twice = delong_test(np.repeat(positive, 2), np.repeat(one, 2), np.repeat(other, 2))
    weighted = delong_test(positive, one, other, np.full(24, 2.0))
    assert weighted.statistic == pytest.approx(twice.statistic)
    # The double: taken as independent, two scores of the same rows give another statistic.
    apart = (first.mean() - second.mean()) / np.sqrt(spread[0, 0] + spread[1, 1])
    assert found.statistic != pytest.approx(apart, rel=0.01)


def test_delong_without_a_test_to_make() -> None:
    positive = np.array([True, False, False, False])
    assert np.isnan(delong_test(positive, np.arange(4.0), np.arange(4.0)[::-1].copy()).p_value)
    same = np.arange(6.0)
    assert np.isnan(delong_test(np.arange(6) % 2 == 0, same, same).statistic)


def test_mcnemar_gives_the_published_tables() -> None:
    """Agresti (1990), p. 350: 86 and 150; hsb of inferr: 21 and 18."""
    agresti = mcnemar(86, 150, "corrected")
    assert agresti.statistic == pytest.approx(16.818, abs=6e-4)
    assert agresti.p_value == pytest.approx(4.115e-05, abs=1e-8)
    inferr = mcnemar(21, 18, "asymptotic")
    assert (inferr.statistic, inferr.p_value) == pytest.approx((0.2308, 0.631), abs=6e-4)
    assert mcnemar(21, 18, "exact").p_value == pytest.approx(0.7493, abs=6e-4)


@pytest.mark.parametrize(("b", "c"), [(0, 0), (0, 1), (5, 0), (2, 9), (7, 7), (8, 7)])
def test_mcnemar_is_a_fair_coin(b: int, c: int) -> None:
    """Against a sum over outcomes in fractions."""
    n = b + c
    chance = [Fraction(comb(n, k), 2**n) for k in range(n + 1)]
    tail = sum(chance[: min(b, c) + 1], Fraction(0))
    assert mcnemar(b, c, "exact").p_value == pytest.approx(float(min(2 * tail, Fraction(1))))
    mid = 2 * tail - chance[min(b, c)] if n else Fraction(1)
    assert mcnemar(b, c).p_value == pytest.approx(float(min(mid, Fraction(1))))


def test_mcnemar_keeps_its_level() -> None:
    """Size under equality, by enumeration: exact never above 5 %, mid-p on average, the uncorrected test not."""
    size = {
        method: [
            sum(comb(n, k) / 2**n for k in range(n + 1) if mcnemar(k, n - k, method).p_value < 0.05)
            for n in range(10, 41)
        ]
        for method in METHODS
    }
    assert max(size["exact"]) <= 0.05
    assert np.mean(size["exact"]) < np.mean(size["mid_p"]) <= 0.05
    assert max(size["asymptotic"]) > 0.055
