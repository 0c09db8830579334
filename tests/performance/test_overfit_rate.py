"""An overfitted model is found; of clean data of its size at most the stated rate is; repeated folds keep theirs."""

import sys
from pathlib import Path

import pytest

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


def test_folds_dealt_ten_times_hold_their_level_and_would_not_without_the_correction():
    assert repeated(100, 5, 10, 1500, 0) >= 0.92
    assert repeated(100, 5, 10, 1500, 0, corrected=False) < 0.6
