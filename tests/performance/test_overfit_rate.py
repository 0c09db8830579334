"""An overfitted model is found; of clean data of its size at most the stated rate is; repeated folds keep theirs."""

import math
import sys
from pathlib import Path

import pytest

from audit.estimation.difference import gap_to_unseen
from audit.records.measured import Estimate, Undefined

sys.path.insert(0, str(Path(__file__).parents[1] / "simulations"))
from overfit import clean, gaps, least_squares, nearest, repeated

RATE = 0.025
"""Of intervals that lie above the truth: half of what a 95 % interval leaves out."""


def test_a_model_that_remembers_noise_is_flagged_every_time():
    found = gaps(clean(3, 0.0), nearest, 150, 20, 0)
    assert found.flagged == 1.0
    assert found.truth == pytest.approx(0.5, abs=0.05)


def test_a_small_model_on_clean_data_of_that_size_is_not():
    """Two in 150 are what a rate of 2.5 % exceeds with a probability of more than one half; none is expected."""
    assert gaps(clean(3), least_squares, 150, 150, 0).flagged <= RATE


def test_the_gap_of_a_linear_model_is_held_at_its_level():
    found = gaps(clean(5), least_squares, 150, 400, 1)
    # Three standard errors of 400 samples.
    assert found.covered >= 0.95 - 3 * 0.011
    assert found.above <= RATE + 3 * 0.008


def test_a_gap_of_many_columns_on_few_rows_is_held_and_would_not_be_as_it_was():
    """Two intervals as they are know nothing of the rows that a model remembers: values fitted well spread little."""
    draw = clean(30, values=True)
    found, alike = (gaps(draw, least_squares, 60, 250, 3, "r2", alike=both) for both in (False, True))
    assert found.covered >= 0.95 - 3 * 0.011
    assert found.above <= RATE + 3 * 0.008
    assert alike.covered < 0.935


@pytest.mark.parametrize("metric", ["accuracy", "brier_score", "mean_absolute_error"])
def test_gaps_of_other_figures_are_held(metric):
    draw = clean(20, values=metric == "mean_absolute_error")
    assert gaps(draw, least_squares, 60, 200, 4, metric, 120).covered >= 0.95 - 3 * 0.0154


def test_a_fit_without_error_takes_the_spread_of_unseen_rows():
    seen = Estimate(value=1.0, low=None, high=1.0, level=0.95, method="any", n=50)
    unseen = Estimate(value=0.5, low=0.3, high=0.6, level=0.95, method="any", n=200)
    gap = gap_to_unseen(seen, unseen)
    # Half as many rows by a factor of four: ends twice as far. MOVER by hand.
    assert gap.low == pytest.approx(0.5 - math.hypot(0.4, 0.1))
    assert gap.high == pytest.approx(0.5 + math.hypot(0.2, 0.2))
    assert gap.n == 50
    assert gap_to_unseen(Undefined(reason="None."), unseen) == Undefined(reason="None.")


def test_folds_dealt_ten_times_hold_their_level_and_would_not_without_the_correction():
    assert repeated(100, 5, 10, 1500, 0) >= 0.92
    assert repeated(100, 5, 10, 1500, 0, corrected=False) < 0.6
