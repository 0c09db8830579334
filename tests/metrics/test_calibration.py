"""What the calibration measures say of hand-made rows, of published figures and of each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from audit.catalogue import load
from audit.declarations.metric import Sample
from audit.estimation.estimate import estimate
from audit.estimation.goodness import jeffreys
from audit.records.measured import Estimate
from audit.records.spec import IntervalSpec


def rows(target: list[int] | np.ndarray, score: list[float] | np.ndarray, **more: object) -> Sample:
    return Sample(
        target=np.asarray(target), score=np.asarray(score, dtype=float), classes=2, positive=1, probability=True, **more
    )


def drawn(n: int = 400, seed: int = 0, calibrated: bool = True) -> Sample:
    rng = np.random.default_rng(seed)
    score = np.round(rng.beta(1.5, 3, n), 3)
    return rows((rng.random(n) < (score if calibrated else score**2)).astype(int), score)


def value(name: str, sample: Sample, **arguments: float | str) -> float:
    return load("metrics", name).of(arguments).compute(sample)


def test_figures_of_the_torchmetrics_docstring() -> None:
    """BinaryCalibrationError(n_bins=2, norm="l1" | "l2" | "max") of torchmetrics."""
    sample = rows([0, 0, 1, 1, 1], [0.25, 0.25, 0.55, 0.75, 0.75])
    assert value("expected_calibration_error", sample, bins=2) == pytest.approx(0.29, abs=6e-5)
    assert value("root_mean_squared_calibration_error", sample, bins=2) == pytest.approx(0.2918, abs=6e-5)
    assert value("maximum_calibration_error", sample, bins=2) == pytest.approx(0.3167, abs=6e-5)


BIRTHS = Path(__file__).parents[3] / "shared/data/births/MASS__birthwt.csv"


@pytest.mark.skipif(not BIRTHS.exists(), reason="the table is not part of this repository")
def test_hosmer_lemeshow_of_low_birth_weight_is_statas() -> None:
    """Stata [R] estat gof: logit low age lwt i.race smoke ptl ht ui; estat gof, group(10): chi2(8) 9.65, p 0.2904."""
    table = pd.read_csv(BIRTHS)
    columns = table[["age", "lwt", "smoke", "ptl", "ht", "ui"]].assign(
        black=table["race"] == 2, other=table["race"] == 3
    )
    design, low = columns.to_numpy(dtype=float), table["low"].to_numpy()
    fitted = make_pipeline(StandardScaler(), LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000)).fit(design, low)
    sample = rows(low, fitted.predict_proba(design)[:, 1])
    assert value("hosmer_lemeshow", sample, rows="fitted") == pytest.approx(9.65, abs=0.006)
    assert value("hosmer_lemeshow_p_value", sample, rows="fitted") == pytest.approx(0.2904, abs=0.0002)
    # On rows that the model was not fitted on the same statistic has two more degrees of freedom.
    assert value("hosmer_lemeshow_p_value", sample) == pytest.approx(float(stats.chi2(10).sf(9.6525)), abs=1e-4)


def test_hosmer_lemeshow_of_a_table_that_fits_on_a_page() -> None:
    """Two groups of ten: 2 of 10 where 1 is expected, 4 of 10 where 5 are: 1 / 0.9 + 1 / 2.5 on two degrees."""
    sample = rows(np.repeat([1, 0, 1, 0], [2, 8, 4, 6]), np.repeat([0.1, 0.5], 10))
    assert value("hosmer_lemeshow", sample, groups=2) == pytest.approx(1 / 0.9 + 1 / 2.5)
    # A chi-square with two degrees of freedom is exponential.
    assert value("hosmer_lemeshow_p_value", sample, groups=2) == pytest.approx(np.exp(-(1 / 0.9 + 1 / 2.5) / 2))


@pytest.mark.parametrize("name", ["hosmer_lemeshow_p_value", "spiegelhalter_p_value"])
def test_a_p_value_of_right_probabilities_is_evenly_spread(name: str) -> None:
    found = np.array([value(name, drawn(500, seed)) for seed in range(300)])
    for level in (0.05, 0.2, 0.5):
        assert np.mean(found < level) == pytest.approx(level, abs=3 * np.sqrt(level * (1 - level) / 300))
    wrong = np.array([value(name, drawn(500, seed, calibrated=False)) for seed in range(30)])
    assert np.mean(wrong < 0.05) > 0.9


def test_a_jeffreys_p_value_of_right_probabilities_is_small_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    for n, rate in ((200, 0.05), (1000, 0.02)):
        events = rng.binomial(n, rate, 4000)
        small = np.mean([jeffreys(e, n, rate) < 0.05 for e in events])
        assert 0.02 < small < 0.08


@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
@pytest.mark.parametrize("weighted", [False, True])
def test_reliability_less_resolution_plus_uncertainty_is_the_binned_brier_score(strategy: str, weighted: bool) -> None:
    sample = drawn(calibrated=False)
    weight = np.random.default_rng(1).integers(0, 4, 400).astype(float) if weighted else np.ones(400)
    sample = rows(sample.target, sample.score, weight=weight if weighted else None)
    parts = {"bins": 7, "strategy": strategy}
    found = (
        value("brier_reliability", sample, **parts)
        - value("brier_resolution", sample, **parts)
        + value("brier_uncertainty", sample)
    )
    binned = np.empty(400)
    below = np.array([weight[sample.score < s].sum() for s in sample.score])
    for b in range(7):
        if strategy == "uniform":
            inside = (sample.score > b / 7) & (sample.score <= (b + 1) / 7)
        else:
            inside = (below * 7 >= b * weight.sum()) & (below * 7 < (b + 1) * weight.sum())
        if weight[inside].sum() > 0:
            binned[inside] = np.average(sample.score[inside], weights=weight[inside])
    expected = np.average((np.where(weight > 0, binned, 0) - sample.target) ** 2, weights=weight)
    assert found == pytest.approx(expected, abs=1e-12)


def test_with_one_probability_a_bin_the_parts_add_up_to_the_brier_score_itself() -> None:
    """Murphy's own case: probabilities of 0.1, 0.2, ..., each in a bin of its own."""
    rng = np.random.default_rng(4)
    score = rng.integers(1, 11, 300) / 10
    sample = rows((rng.random(300) < score).astype(int), score)
    parts = [value(f"brier_{name}", sample) for name in ("reliability", "resolution")]
    assert parts[0] - parts[1] + value("brier_uncertainty", sample) == pytest.approx(value("brier_score", sample))


def test_what_chance_adds_is_taken_away() -> None:
    """Calibrated probabilities: the plain error is far from 0, the mean square less its bias is 0 on average."""
    plain, square = [], []
    for seed in range(200):
        sample = drawn(200, seed)
        plain.append(value("root_mean_squared_calibration_error", sample, strategy="quantile") ** 2)
        below = np.array([np.sum(sample.score < s) for s in sample.score])
        home = below * 15 // 200
        total = 0.0
        for b in range(15):
            y, p = sample.target[home == b], sample.score[home == b]
            total += len(y) / 200 * ((y.mean() - p.mean()) ** 2 - y.mean() * (1 - y.mean()) / (len(y) - 1))
        square.append(total)
        assert value("debiased_calibration_error", sample) == pytest.approx(np.sqrt(max(total, 0)), abs=1e-12)
    assert np.mean(plain) > 10 * abs(np.mean(square))
    assert abs(np.mean(square)) < 3 * np.std(square) / np.sqrt(200)


@pytest.mark.parametrize(
    "name",
    [
        "root_mean_squared_calibration_error",
        "debiased_calibration_error",
        "maximum_calibration_error",
        "brier_reliability",
        "brier_resolution",
        "brier_uncertainty",
    ],
)
@pytest.mark.parametrize("n", [100, 1000])
def test_bounded_intervals_hold_the_truth(name: str, n: int) -> None:
    """Probabilities on the middles of ten bins, half of them wrong: the truth is known in every bin."""
    given = np.arange(0.05, 1, 0.1)
    true = np.where(np.arange(10) % 2, given, given * 0.6)
    overall = true.mean()
    truth = {
        "root_mean_squared_calibration_error": float(np.sqrt(np.mean((true - given) ** 2))),
        "debiased_calibration_error": float(np.sqrt(np.mean((true - given) ** 2))),
        "maximum_calibration_error": float(np.abs(true - given).max()),
        "brier_reliability": float(np.mean((true - given) ** 2)),
        "brier_resolution": float(np.mean((true - overall) ** 2)),
        "brier_uncertainty": float(overall * (1 - overall)),
    }[name]
    metric = load("metrics", name)
    if metric.arguments:
        metric = metric.of({"bins": 10, "strategy": "uniform"})
    held, rng = 0, np.random.default_rng(n)
    for _ in range(200):
        place = rng.integers(0, 10, n)
        sample = rows((rng.random(n) < true[place]).astype(int), given[place])
        found = estimate(metric, sample, IntervalSpec(resamples=100), 0)
        assert isinstance(found, Estimate) and found.low is not None and found.high is not None
        held += found.low <= truth <= found.high
    assert held >= 0.92 * 200
