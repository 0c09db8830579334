"""Bands of a learning curve hold the figures of models fitted on other tables of that size."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "simulations"))
from learning_curve import held
from overfit import clean

SAMPLES = 150


@pytest.mark.parametrize("metric", ["brier_score", "roc_auc"])
def test_every_band_holds_its_level(metric):
    found = held(clean(4), metric, 120, SAMPLES, 0)
    # Three standard errors below 95 %.
    assert min(found.values()) >= 0.95 - 3 * 0.018, found


def test_bands_of_rows_fitted_on_know_that_folds_share_most_of_them():
    """The double: corrected for one fold alone, as those of unseen rows are, they are too narrow by half."""
    found = held(clean(4), "brier_score", 120, SAMPLES, 0, corrected=False)
    assert found["training"] < 0.8
