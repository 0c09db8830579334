"""Intervals against published figures and against simulation."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from audit.catalogue import load
from audit.declarations.metric import Sample
from audit.estimation import intervals
from audit.estimation.difference import paired_difference
from audit.estimation.estimate import estimate
from audit.estimation.means import hall
from audit.records.measured import Estimate
from audit.records.spec import IntervalSpec

ASAH = Path(__file__).parents[3] / "shared" / "data" / "proc" / "aSAH.csv"
INTERVAL = IntervalSpec()


@pytest.mark.parametrize(
    ("hits", "trials", "expected"),
    [(81, 263, (0.2553, 0.3662)), (15, 148, (0.0624, 0.1605)), (0, 20, (0, 0.1611)), (1, 29, (0.0061, 0.1718))],
)
def test_wilson_gives_the_table_of_newcombe_1998(hits: int, trials: int, expected: tuple[float, float]) -> None:
    low, high = intervals.wilson(np.array(float(hits)), np.array(float(trials)), 0.95)
    assert (float(low), float(high)) == pytest.approx(expected, abs=6e-5)


@pytest.mark.parametrize(
    ("hits", "trials", "expected"),
    [(81, 263, (0.2527, 0.3676)), (15, 148, (0.0578, 0.1617)), (0, 20, (0, 0.1684)), (1, 29, (0.0009, 0.1776))],
)
def test_clopper_pearson_gives_the_table_of_newcombe_1998(
    hits: int, trials: int, expected: tuple[float, float]
) -> None:
    low, high = intervals.clopper_pearson(np.array(float(hits)), np.array(float(trials)), 0.95)
    assert (float(low), float(high)) == pytest.approx(expected, abs=6e-5)


@pytest.fixture
def asah() -> pd.DataFrame:
    if not ASAH.exists():
        pytest.skip("the aSAH data are not here")
    return pd.read_csv(ASAH)


def scored(rows: pd.DataFrame, column: str) -> Sample:
    target = (rows["outcome"] == "Poor").to_numpy().astype(np.int64)
    return Sample(target=target, score=rows[column].to_numpy(dtype=float), classes=2, positive=1)


def area(sample: Sample, level: float = 0.95) -> Estimate:
    found = estimate(load("metrics", "roc_auc"), sample, IntervalSpec(level=level), 0)
    assert isinstance(found, Estimate)
    return found


@pytest.mark.parametrize(
    ("column", "auc", "variance"),
    [
        ("wfns", 0.823678861788618, 0.00146991470882363),
        ("ndka", 0.611957994579946, 0.0031908105493913),
        ("s100b", 0.7313685636856369, 0.00266868245717244),
    ],
)
def test_delong_gives_the_variances_of_proc(asah: pd.DataFrame, column: str, auc: float, variance: float) -> None:
    found = area(scored(asah, column))
    assert found.value == pytest.approx(auc, abs=1e-9)
    assert found.low is not None and found.high is not None
    assert ((found.high - found.low) / 2 / stats.norm.ppf(0.975)) ** 2 == pytest.approx(variance, abs=1e-9)


def test_delong_gives_the_intervals_of_proc(asah: pd.DataFrame) -> None:
    found = area(scored(asah, "ndka"))
    assert (found.low, found.high) == pytest.approx((0.501244999271703, 0.722670989888189), abs=1e-9)
    female = area(scored(asah[asah["gender"] == "Female"], "ndka"))
    assert (female.low, female.value, female.high) == pytest.approx(
        (0.5261398281, 0.6671428571, 0.8081458862), abs=1e-9
    )


@pytest.mark.parametrize(
    ("one", "other", "z"),
    [("wfns", "s100b", 2.20898359144091), ("wfns", "ndka", 2.79777591868904), ("ndka", "s100b", -1.39077002573558)],
)
def test_paired_delong_gives_the_tests_of_proc(asah: pd.DataFrame, one: str, other: str, z: float) -> None:
    metric = load("metrics", "roc_auc")
    found = paired_difference(metric, scored(asah, one), scored(asah, other), INTERVAL, 0)
    assert isinstance(found, Estimate) and found.low is not None and found.high is not None
    error = (found.high - found.low) / 2 / stats.norm.ppf(0.975)
    assert found.value / error == pytest.approx(z, abs=1e-8)
    assert found.method == "delong_paired"


def test_an_area_of_one_still_has_a_lower_end() -> None:
    """Newcombe (2006): the end solves (area - theta)^2 = z^2 V(theta), found here by a fine grid."""
    sample = Sample(target=np.repeat([0, 1], [6, 5]), score=np.arange(11.0), classes=2, positive=1)
    found = area(sample)
    theta = np.linspace(0.001, 0.999, 999_001)
    m, n = 5, 6
    variance = theta * (1 - theta) / (m * n)
    variance *= 1 + ((m + n) / 2 - 1) * ((1 - theta) / (2 - theta) + theta / (1 + theta))
    inside = theta[(1 - theta) ** 2 <= stats.norm.ppf(0.975) ** 2 * variance]
    assert found.method == "newcombe"
    assert found.high == 1.0
    assert found.low == pytest.approx(inside.min(), abs=1e-5)


def test_the_interval_of_a_mean_is_students_where_nothing_is_skewed() -> None:
    """Symmetric losses: scipy's interval. With skew the end on the short side stays scipy's, the other lies further."""
    losses = np.concatenate([np.arange(1.0, 16.0), np.arange(17.0, 32.0)])
    found = estimate(load("metrics", "mean_absolute_error"), Sample(target=np.zeros(30), score=losses), INTERVAL, 0)
    expected = stats.ttest_1samp(losses, 0).confidence_interval(0.95)
    assert isinstance(found, Estimate)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    squared = estimate(load("metrics", "mean_squared_error"), Sample(target=np.zeros(30), score=losses), INTERVAL, 0)
    expected = stats.ttest_1samp(losses**2, 0).confidence_interval(0.95)
    assert isinstance(squared, Estimate) and squared.high is not None
    assert squared.low == pytest.approx(expected.low)
    assert squared.high > expected.high
    assert squared.method == "hall_t"


def test_halls_interval_undoes_his_transformation() -> None:
    """Its ends solve g(t) = -+ quantile, g taken from Hall (1992) and inverted here by search."""
    values = np.random.default_rng(5).gamma(1.0, 1.0, 40)
    low, high = hall(values, np.ones(40), False, 0.95)
    skew = 1.5 * stats.skew(values, bias=False) / np.sqrt(40)
    error, quantile = values.std(ddof=1) / np.sqrt(40), stats.t.ppf(0.975, 39)
    t = optimize.brentq(lambda t: t + skew * t**2 / 3 + skew**2 * t**3 / 27 + skew / 6 + quantile, -50, 0)
    assert high == pytest.approx(values.mean() - t * error)
    assert low == pytest.approx(values.mean() - quantile * error)


def test_paired_student_is_scipys(rng: np.random.Generator) -> None:
    target, one, other = rng.normal(size=(3, 30))
    found = paired_difference(
        load("metrics", "mean_squared_error"),
        Sample(target=target, score=one),
        Sample(target=target, score=other),
        INTERVAL,
        0,
    )
    expected = stats.ttest_rel((one - target) ** 2, (other - target) ** 2).confidence_interval(0.95)
    assert isinstance(found, Estimate)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_sampling_weights_count_by_their_effective_number() -> None:
    """Kish: 200 rows of weight 1 and 50 of weight 4 are worth 400^2 / 1000 = 160 equal rows."""
    label = np.repeat([0, 1, 0, 1], [100, 100, 25, 25])
    weight = np.repeat([1.0, 4.0], [200, 50])
    sample = Sample(
        target=None, label=label, weight=weight, weight_kind="sampling", classes=2, positive=1, favourable=1
    )
    found = estimate(load("metrics", "selection_rate"), sample, INTERVAL, 0)
    expected = stats.binomtest(80, 160).proportion_ci(method="wilson")
    assert isinstance(found, Estimate)
    assert (found.value, found.low, found.high, found.n) == pytest.approx((0.5, expected.low, expected.high, 250))
    assert found.method == "wilson_effective_n"


def test_weights_that_go_with_the_outcome_count_for_less_than_kish_says() -> None:
    """The rare rows weigh 8 each: the variance is that of Taylor's linearisation, row by row."""
    label, weight = np.repeat([0, 1], [400, 10]), np.repeat([1.0, 8.0], [400, 10])
    sample = Sample(
        target=None, label=label, weight=weight, weight_kind="sampling", classes=2, positive=1, favourable=1
    )
    found = estimate(load("metrics", "selection_rate"), sample, INTERVAL, 0)
    share = float(weight @ label / weight.sum())
    variance = float(weight**2 @ (label - share) ** 2) / weight.sum() ** 2
    count = share * (1 - share) / variance
    low, high = intervals.wilson(np.array(share * count), np.array(count), 0.95, stats.t.ppf(0.975, count - 1))
    assert isinstance(found, Estimate)
    assert (found.low, found.high) == pytest.approx((float(low), float(high)))
    assert count < 0.5 * weight.sum() ** 2 / (weight @ weight)


def test_the_mean_over_folds_is_widened_for_their_overlap() -> None:
    """Nadeau and Bengio: variance over folds times 1 / k + test / train, here 1 / 4 + 1 / 3, in exact fractions."""
    folds = [Fraction(8, 10), Fraction(9, 10), Fraction(7, 10), Fraction(8, 10)]
    mean = sum(folds) / 4
    variance = sum((f - mean) ** 2 for f in folds) / 3 * (Fraction(1, 4) + Fraction(1, 3))
    half = stats.t.ppf(0.975, 3) * float(variance) ** 0.5
    found = intervals.corrected_resampled_t(np.array([float(f) for f in folds]), 1 / 3, 0.95)
    assert found == pytest.approx((float(mean) - half, float(mean) + half))


def test_recovered_variances_of_a_known_difference() -> None:
    """Newcombe (1998b), method 10: 56/70 against 48/80 gives 0.2000 (0.0524, 0.3339)."""
    hits, trials = np.array([56.0, 48.0]), np.array([70.0, 80.0])
    low, high = intervals.wilson(hits, trials, 0.95)
    found = intervals.mover(hits / trials, low, high, np.array([1.0, -1.0]))
    assert found == pytest.approx((0.0524, 0.3339), abs=6e-5)


# --- how often the interval holds the truth ------------------------------------------------------------


def coverage(
    draw: Callable[[np.random.Generator], Sample], name: str, truth: float, runs: int, resamples: int = 200
) -> float:
    rng = np.random.default_rng(11)
    held = 0
    for _ in range(runs):
        found = estimate(load("metrics", name), draw(rng), IntervalSpec(resamples=resamples), int(rng.integers(2**31)))
        assert isinstance(found, Estimate) and found.low is not None and found.high is not None
        held += found.low <= truth <= found.high
    return held / runs


def shifted(rng: np.random.Generator, n: int = 60) -> Sample:
    target = rng.permutation(np.arange(n) % 2)
    return Sample(target=target, score=rng.normal(target, 1.0), classes=2, positive=1)


def decided(rng: np.random.Generator) -> Sample:
    target = rng.integers(0, 2, 150)
    label = np.where(rng.random(150) < 0.75, target, 1 - target)
    return Sample(target=target, label=label, classes=2, positive=1)


def calibrated(rng: np.random.Generator) -> Sample:
    score = rng.uniform(0.02, 0.98, 300)
    return Sample(target=(rng.random(300) < score).astype(int), score=score, classes=2, positive=1, probability=True)


def one_sided(rng: np.random.Generator) -> Sample:
    score = rng.uniform(0.02, 0.88, 300)
    happens = (rng.random(300) < score + 0.1).astype(int)
    return Sample(target=happens, score=score, classes=2, positive=1, probability=True)


def skewed(rng: np.random.Generator) -> Sample:
    return Sample(target=np.zeros(80), score=rng.gamma(2.0, 1.0, 80))


COVERED: list[tuple[str, Callable[[np.random.Generator], Sample], float]] = [
    ("accuracy", decided, 0.75),
    ("balanced_accuracy", decided, 0.75),
    ("f1", decided, 0.75),
    ("matthews_corrcoef", decided, 0.5),
    ("roc_auc", shifted, float(stats.norm.cdf(1 / np.sqrt(2)))),
    ("mean_absolute_error", skewed, 2.0),
    ("root_mean_squared_error", skewed, float(np.sqrt(6.0))),
    ("median_absolute_error", skewed, float(stats.gamma.median(2.0))),
    ("calibration_slope", calibrated, 1.0),
    ("calibration_intercept", calibrated, 0.0),
    ("expected_calibration_error", calibrated, 0.0),
    ("expected_calibration_error", one_sided, 0.1),
    ("ks_statistic", shifted, float(2 * stats.norm.cdf(0.5) - 1)),
]


@pytest.mark.parametrize(("name", "draw", "truth"), COVERED, ids=[f"{c[0]}-{c[2]:.2f}" for c in COVERED])
def test_intervals_hold_the_truth_about_as_often_as_they_say(
    name: str, draw: Callable[[np.random.Generator], Sample], truth: float
) -> None:
    # 300 runs: a true 95 % lands below 0.91 once in a thousand times.
    assert coverage(draw, name, truth, 300) >= 0.91


def test_an_interval_about_the_wrong_value_is_noticed() -> None:
    assert coverage(decided, "accuracy", 0.85, 60) < 0.5


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.mark.parametrize(
    ("one", "ends", "other", "others"),
    [
        (0.5, (0.4, 0.6), 0.25, (0.2, 0.3)),
        (0.9, (0.7, 0.99), 0.95, (0.9, 1.0)),
        (0.0, (0.0, 0.3), 0.9, (0.8, 0.95)),
        (0.3, (0.1, 0.6), 0.2, (0.05, 0.45)),
    ],
)
def test_a_recovered_ratio_is_where_the_recovered_difference_ends_at_nought(
    one: float, ends: tuple[float, float], other: float, others: tuple[float, float]
) -> None:
    """Its definition: one - r other, whose interval by square and add ends at 0."""
    low, high = intervals.mover_ratio(one, ends, other, others)
    assert high is not None

    def lower(r: float) -> float:
        return one - r * other - np.hypot(one - ends[0], r * (others[1] - other))

    def upper(r: float) -> float:
        return one - r * other + np.hypot(ends[1] - one, r * (other - others[0]))

    if one > 0:
        assert low == pytest.approx(optimize.brentq(lower, 0, one / other), abs=1e-6)
    assert high == pytest.approx(optimize.brentq(upper, one / other, 1e4), rel=1e-6)


def test_a_recovered_ratio_over_what_may_be_nought_has_no_upper_end() -> None:
    assert intervals.mover_ratio(0.5, (0.4, 0.6), 0.1, (0.0, 0.3))[1] is None
