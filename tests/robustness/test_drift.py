"""Distances between two samples agree with other libraries, find what was planted, and rarely find anything else."""

from dataclasses import replace
from math import comb

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2_contingency, ks_2samp, wasserstein_distance

from audit.estimation.bins import binned
from audit.records.measured import Estimate, Exact, Undefined
from audit.robustness.distances import (
    Bridges,
    chi_square_p,
    critical_value,
    critical_values,
    gap_of,
    holm,
    jensen_shannon,
    jensen_shannon_critical,
    jensen_shannon_interval,
    smirnov_p,
    stability_index,
    steps_of,
)
from audit.robustness.shift import Side, shift_of

BRIDGES = Bridges(0)


def side(values, weight=None, sampling=False):
    return Side(pd.Series(values), None if weight is None else np.asarray(weight, dtype=float), sampling)


def shifted(before, after, level=0.95):
    return shift_of(side(before), side(after), level, BRIDGES)


# --- the same as other libraries say ----------------------------------------------------------------


def test_stability_index_in_closed_form():
    four = np.array([0.1, 0.2, 0.3, 0.4])
    assert stability_index(np.full(4, 0.25), four) == pytest.approx(0.22821740957339182, abs=1e-12)
    assert stability_index(four, np.full(4, 0.25)) == pytest.approx(0.22821740957339182, abs=1e-12)
    ten = np.array([0.08, 0.09, 0.1, 0.1, 0.11, 0.12, 0.1, 0.11, 0.09, 0.1])
    assert stability_index(np.full(10, 0.1), ten) == pytest.approx(0.012122716071406312, abs=1e-12)
    assert stability_index(four, four) == 0.0


NUMBERS = st.lists(st.integers(-4, 4).map(float), min_size=2, max_size=30)


@given(one=NUMBERS, other=NUMBERS)
@settings(max_examples=150, deadline=None)
def test_gaps_agree_with_scipy_with_ties(one, other):
    gap = gap_of(steps_of(np.array(one), None), steps_of(np.array(other), None), len(one), len(other))
    expected = ks_2samp(one, other, method="asymp")
    assert gap.widest == pytest.approx(expected.statistic, abs=1e-12)
    assert smirnov_p(gap.widest, len(one), len(other)) == pytest.approx(expected.pvalue, abs=1e-9)
    assert gap.area == pytest.approx(wasserstein_distance(one, other), abs=1e-12)
    assert gap.together.values.tolist() == sorted([*one, *other])


@given(data=st.data(), one=NUMBERS, other=NUMBERS)
@settings(max_examples=60, deadline=None)
def test_weights_count_as_equal_rows(data, one, other):
    times = [data.draw(st.lists(st.integers(0, 3), min_size=len(v), max_size=len(v))) for v in (one, other)]
    if min(map(sum, times)) < 2:
        return
    weighted = gap_of(
        *(steps_of(np.array(v), np.array(t, float)) for v, t in zip((one, other), times, strict=True)), *map(sum, times)
    )
    long = [np.repeat(v, t) for v, t in zip((one, other), times, strict=True)]
    assert weighted.widest == pytest.approx(ks_2samp(*long, method="asymp").statistic, abs=1e-12)
    assert weighted.area == pytest.approx(wasserstein_distance(one, other, *times), abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_jensen_shannon_agrees_with_scipy(seed):
    one, other = np.random.default_rng(seed).dirichlet(np.ones(6), 2)
    one[0] = other[1] = 0.0
    one, other = one / one.sum(), other / other.sum()
    assert jensen_shannon(one, other) == pytest.approx(jensenshannon(one, other, base=2), abs=1e-12)
    assert jensen_shannon(one, one) == pytest.approx(0.0, abs=1e-7)


@pytest.mark.parametrize("seed", range(5))
def test_chi_square_agrees_with_scipy(seed):
    counts = np.random.default_rng(seed).integers(10, 60, (2, 5)).astype(float)
    assert chi_square_p(counts) == pytest.approx(chi2_contingency(counts, correction=False).pvalue, rel=1e-10)


def test_bins_in_which_few_are_expected_are_taken_together():
    counts = np.array([[40.0, 30.0, 4.0, 3.0, 2.0], [30.0, 40.0, 3.0, 2.0, 4.0]])
    pooled = np.array([[40.0, 30.0, 9.0], [30.0, 40.0, 9.0]])
    assert chi_square_p(counts) == pytest.approx(chi2_contingency(pooled, correction=False).pvalue)
    assert chi_square_p(np.array([[1.0, 1.0], [1.0, 0.0]])) == 1.0
    assert chi_square_p(np.array([[0.0, 0.0], [1.0, 5.0]])) == 1.0


def test_adjusted_p_values_of_a_worked_example():
    # Holm (1979) by hand: 5 x 0.005, 4 x 0.011, then never smaller than the one before.
    assert holm([0.011, 0.02, 0.005, 0.04, 0.13]) == pytest.approx((0.044, 0.06, 0.025, 0.08, 0.13))
    assert holm([]) == ()


@given(
    learned=st.lists(st.one_of(st.none(), st.integers(-30, 30)), min_size=1, max_size=80),
    used=st.lists(st.one_of(st.none(), st.integers(-30, 30)), min_size=1, max_size=80),
    as_text=st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_the_index_rests_on_the_bins_of_the_column(learned, used, as_text):
    # Of few values, all seen before, each has its bin; of many, ours are the most frequent of both sides.
    kind = (lambda v: None if v is None else f"v{v % 9}") if as_text else (lambda v: np.nan if v is None else float(v))
    if as_text:
        used = [v for v in used if kind(v) in {kind(seen) for seen in learned}] or learned
    before, after = (pd.Series([kind(v) for v in values]) for values in (learned, used))
    if as_text:
        before, after = before.astype(object), after.astype(object)
    one, other, bins = binned(before, after, 10)
    counts = np.array([np.bincount(codes, minlength=bins) for codes in (one, other)], dtype=float)
    counts = np.maximum(counts[:, counts.sum(axis=0) > 0], 0.5)
    shares = counts / counts.sum(axis=1, keepdims=True)
    found = shift_of(Side(before, None, False), Side(after, None, False), 0.95, BRIDGES)
    assert found.index.value == pytest.approx(stability_index(*shares), abs=1e-12)


# --- chance -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "others"), [(80, 150), (500, 400)])
def test_chance_exceeds_each_critical_value_about_once_in_twenty(rows, others):
    rng = np.random.default_rng(1)
    beyond = {"moved": 0, "divergence": 0, "index": 0, "p": 0}
    runs = 300
    for _ in range(runs):
        found = shifted(rng.gamma(2, size=rows), rng.gamma(2, size=others))
        beyond["moved"] += found.moved.value > found.moved_critical.value
        beyond["divergence"] += found.divergence.value > found.divergence_critical.value
        beyond["index"] += found.index.value > found.index_critical.value
        beyond["p"] += found.p_value.value < 0.05
    assert beyond["moved"] / runs == pytest.approx(0.05, abs=0.035)
    assert beyond["divergence"] / runs == pytest.approx(0.05, abs=0.035)
    assert beyond["index"] / runs <= 0.05 + 0.035
    assert beyond["p"] / runs <= 0.08


KINDS = {
    "numbers": lambda rng, n: rng.normal(size=n),
    "rounded": lambda rng, n: rng.gamma(2, size=n).round(1),
    "words": lambda rng, n: np.array([f"v{i}" for i in range(40)])[np.minimum(rng.geometric(0.12, n), 40) - 1],
}


@pytest.mark.parametrize(("rows", "others"), [(60, 80), (1000, 70)])
def test_critical_values_of_few_rows_are_exceeded_at_most_once_in_twenty(rows, others):
    rng, runs, beyond = np.random.default_rng(8), 60, {}
    for name, kind in KINDS.items():
        found = [shifted(kind(rng, rows), kind(rng, others)) for _ in range(runs)]
        beyond[name] = [
            np.mean([f.index.value > f.index_critical.value for f in found]),
            np.mean([f.divergence.value > f.divergence_critical.value for f in found]),
        ]
    # Three standard errors of 60 tables.
    assert np.max(list(beyond.values())) <= 0.05 + 3 * 0.028, beyond


def test_dealing_rows_anew_is_exact_where_all_deals_can_be_counted():
    # Six rows of one kind and six of another, dealt to two tables of six: C(6, k) ^ 2 / C(12, 6) ways each.
    ways = np.array([comb(6, k) ** 2 for k in range(7)]) / comb(12, 6)
    apart = [stability_index(*(np.maximum([[k, 6 - k], [6 - k, k]], 0.5) / 6)) for k in range(7)]
    critical, _ = critical_values(np.full((2, 2), 3.0), 0.9, 0)
    assert sum(w for w, a in zip(ways, apart, strict=True) if a > critical) <= 0.1


def test_weights_that_go_with_the_values_are_worth_fewer_rows():
    """Values that are rare in the sample and heavy for that reason make shares vary more than Kish's number says."""
    rng, runs = np.random.default_rng(10), 100
    flagged, kish = 0, 0
    for _ in range(runs):
        sides = []
        for n in (200, 150):
            drawn = rng.normal(1.0, 1.0, size=n)  # of normal values, those that are larger the oftener
            sides.append(side(np.floor(drawn).clip(-2, 1).astype(str), np.exp(-drawn), sampling=True))
        found = shift_of(*sides, 0.95, BRIDGES)
        rows = [s.weight.sum() ** 2 / (s.weight @ s.weight) for s in sides]
        flagged += found.index.value > found.index_critical.value
        kish += found.index.value > critical_value(*rows, 4, 0.95)
    assert flagged / runs <= 0.05 + 3 * 0.022
    assert kish / runs > 0.1


def test_intervals_hold_the_distance_of_a_known_shift():
    rng = np.random.default_rng(2)
    before, after = np.full(5, 0.2), np.array([0.14, 0.18, 0.2, 0.22, 0.26])
    true = jensenshannon(before, after, base=2)
    inside = moved = 0
    for _ in range(200):
        counts = rng.multinomial(600, before), rng.multinomial(600, after)
        low, high = jensen_shannon_interval(jensen_shannon(*(c / 600 for c in counts)), 600, 600, 5, 0.95)
        inside += low <= true <= high
        found = shifted(rng.normal(size=300), rng.normal(0.4, 1, 300)).moved
        moved += found.low <= 0.4 <= found.high
    assert inside / 200 > 0.9
    assert moved / 200 > 0.93


def test_the_critical_distance_falls_with_the_root_of_the_rows():
    assert jensen_shannon_critical(400, 400, 10, 0.95) == pytest.approx(
        2 * jensen_shannon_critical(1600, 1600, 10, 0.95)
    )


# --- through the check ----------------------------------------------------------------------------------


def clean(n, seed, columns=8):
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(rng.normal(size=(n, columns)), columns=[f"x{i}" for i in range(columns)])
    rows["whole"] = rng.poisson(2, n)
    rows["c"] = rng.choice(["a", "b", "c"], n, p=[0.5, 0.3, 0.2])
    rows["many"] = rng.choice([f"v{i}" for i in range(40)], n)
    rows["gaps"] = np.where(rng.random(n) < 0.2, np.nan, rng.exponential(size=n))
    return rows


def drift(make_table, make_evidence, found, train, test):
    evidence = make_evidence(make_table("test", test), make_table("train", train))
    return found(evidence)


def test_planted_shifts_are_found_and_named(make_table, make_evidence, found):
    train, test = clean(3000, 3), clean(1500, 4)
    test["x2"] += 0.3
    test["c"] = np.random.default_rng(5).choice(["a", "b", "c"], 1500, p=[0.4, 0.35, 0.25])
    test.loc[:150, "gaps"] = np.nan
    checks, by_id = drift(make_table, make_evidence, found, train, test)
    assert by_id["robustness/features_drifted"].value == 3
    for name in ("x2", "c", "gaps"):
        assert by_id[f"robustness/drift_p_value;adjusted=holm/{name}"].value < 0.05
        assert name in checks["drift"].summary
    moved = by_id["robustness/wasserstein/x2"]
    assert moved.low <= 0.3 <= moved.high
    assert moved.value > by_id["robustness/wasserstein_critical/x2"].value
    assert by_id["robustness/jensen_shannon/x2"].value > by_id["robustness/jensen_shannon_critical/x2"].value
    # The widest gap of two normals 0.3 apart is 2 Phi(0.15) - 1.
    ks = by_id["robustness/ks/x2"]
    assert ks.low <= 0.1192 <= ks.high
    assert "robustness/ks/c" not in by_id


def test_clean_tables_are_flagged_at_most_at_the_stated_rate(make_table, make_evidence):
    from audit.catalogue import load
    from audit.declarations.check import Setting

    flagged, runs = 0, 40
    for seed in range(runs):
        evidence = make_evidence(
            make_table("test", clean(150, 1000 + seed)), make_table("train", clean(300, 5000 + seed))
        )
        finding = load("checks", "drift").find(evidence, Setting(level=0.95, seed=seed))
        by_id = {o.id: o.measured for o in finding.observations}
        flagged += by_id["robustness/features_drifted"].value > 0
    # At most one audit in twenty; more than five of forty would come by chance about once in a hundred.
    assert flagged <= 5


def test_frequency_weights_count_as_rows_in_every_distance():
    rng = np.random.default_rng(6)
    before, after = rng.normal(size=60).round(1), rng.normal(0.4, 1, 50).round(1)
    times, others = rng.integers(0, 4, 60), rng.integers(0, 4, 50)
    weighted = shift_of(side(before, times), side(after, others), 0.95, BRIDGES)
    long = shifted(np.repeat(before, times), np.repeat(after, others))
    for name in ("widest", "moved"):
        one, other = getattr(weighted, name), getattr(long, name)
        assert one.value == pytest.approx(other.value) and one.n == other.n
    text = shift_of(side(before.astype(str), times), side(after.astype(str), others), 0.95, BRIDGES)
    same = shifted(np.repeat(before.astype(str), times), np.repeat(after.astype(str), others))
    for one, other in ((text.index, same.index), (text.divergence, same.divergence), (text.p_value, same.p_value)):
        assert one.value == pytest.approx(other.value)


def test_the_scale_of_sampling_weights_tells_nothing():
    rng = np.random.default_rng(7)
    before, after, weight = rng.normal(size=200), rng.normal(size=100), rng.uniform(1, 3, 200)
    one, other = (shift_of(side(before, weight * scale, True), side(after), 0.95, BRIDGES) for scale in (1.0, 1000.0))
    for name in ("index", "divergence", "widest", "moved", "p_value"):
        assert getattr(one, name).value == pytest.approx(getattr(other, name).value)
    # Kish: uneven weights are worth fewer rows, so that chance explains more.
    assert one.index_critical.value > shifted(before, after).index_critical.value


AWKWARD = {
    "one row": ([1.0], [2.0]),
    "nothing there": ([np.nan] * 4, [np.nan] * 3),
    "nothing in one": ([np.nan] * 4, [1.0, 2.0, 3.0]),
    "constant": ([2.0] * 5, [2.0] * 4),
    "constant and not": ([2.0] * 5, [2.0, 3.0]),
    "infinite": ([np.inf, -np.inf, 1.0] * 5, [np.inf, 0.0, np.nan]),
    "many infinite": ([np.inf] * 20 + list(range(20)), [-np.inf] * 9),
    "huge": ([1e308, -1e308] * 8, [1e308] * 3),
    "far apart": ([1e308, -1e308, 1.0, 0.0, 2.0] * 9, [1e308, 3.0, -1e308, 4.0] * 5),
    "text and numbers": ([1, 2, 3], ["1", "x", None]),
    "truth values": ([True, False] * 5, [True] * 4),
    "lists": ([[1], [2]], [[1], None]),
    "dates": (list(pd.date_range("2024-01-01", periods=30)), list(pd.date_range("2024-02-01", periods=5, tz="UTC"))),
    "mixed": ([1, "1", 1.0, None, True], ["a", None]),
}


@pytest.mark.parametrize(("before", "after"), AWKWARD.values(), ids=AWKWARD.keys())
def test_awkward_columns_end_in_numbers_or_reasons(before, after):
    found = shifted(before, after)
    for measured in (found.index, found.divergence, found.widest, found.moved, found.p_value):
        match measured:
            case Estimate(value=value, low=low, high=high):
                assert np.isfinite(value) and low <= value <= high
            case Exact(value=value):
                assert 0 <= value <= 1
            case Undefined(reason=reason):
                assert reason.endswith(".")


def test_dates_have_an_order_and_units_do_not_matter():
    before = pd.Series(pd.date_range("2024-01-01", periods=200, unit="s"))
    after = pd.Series(pd.date_range("2024-01-01", periods=200, unit="ns"))
    found = shift_of(Side(before, None, False), Side(after, None, False), 0.95, BRIDGES)
    assert found.widest.value == 0.0 and found.moved.value == 0.0 and found.index.value == 0.0


def test_weights_of_zero_leave_a_reason():
    found = shift_of(side([1.0, 2.0], [0, 0]), side([1.0]), 0.95, BRIDGES)
    assert isinstance(found.index, Undefined) and isinstance(found.p_value, Undefined)


def test_rows_of_a_long_table_are_drawn_and_that_is_told(make_table, make_evidence, found, monkeypatch):
    monkeypatch.setattr("audit.robustness.shift.MOST_ROWS", 200)
    monkeypatch.setattr("audit.robustness.checks.drift.MOST_ROWS", 200)
    checks, by_id = drift(make_table, make_evidence, found, clean(500, 8), clean(90, 9))
    assert "on 200 rows of a table drawn at random" in checks["drift"].summary
    assert by_id["robustness/psi/x0"].n == 90


def test_weighted_tables_are_compared_by_weight(make_table, make_evidence, found):
    rows = pd.DataFrame({"c": ["a", "b"] * 100})
    test = replace(make_table("test", rows), weight=np.tile([3.0, 1.0], 100))
    _, by_id = found(make_evidence(test, make_table("train", rows)))
    assert by_id["robustness/psi/c"].value == pytest.approx(0.25 * np.log(1.5) - 0.25 * np.log(0.5))
