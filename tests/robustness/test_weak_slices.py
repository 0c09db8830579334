"""Weak slices: what is planted is found by name, what is not there is flagged no more often than said."""

import importlib.util
import sys
from dataclasses import replace
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from audit.declarations.check import CheckNotRunError, Setting
from audit.declarations.metric import Sample
from audit.robustness.checks import weak_slices
from audit.robustness.conditions import coding_of
from audit.robustness.confirmation import excess_of
from audit.robustness.losses import loss_of, usable
from audit.robustness.slices import inside, search

SETTING = Setting(level=0.95, seed=3)


@pytest.fixture(scope="session")
def simulation():
    path = Path(__file__).parents[1] / "simulations" / "weak_slices.py"
    spec = importlib.util.spec_from_file_location("simulated_weak_slices", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


# --- found, and not found --------------------------------------------------------------------------


@pytest.mark.parametrize("law", ["binary", "labels", "regression", "multiclass", "ranking", "weighted"])
def test_a_planted_slice_is_found_by_name(simulation, law):
    found = weak_slices.find(simulation.evidence(np.random.default_rng(8), 6000, law, planted=True), SETTING)
    excess = {o.id: o.measured for o in found.observations}[f"robustness/weak_slice_excess/{simulation.SLICE}"]
    assert excess.low > 0
    assert found.table[1][0] == "age from 30 to under 35 and region is north"
    assert "< 0.001" in found.table[1]


def test_without_a_slice_few_tables_are_flagged(simulation):
    flags = sum(simulation.flagged(law, 200, False, 50, 1)[0] for law in ("binary", "labels", "regression")) * 50
    # At the stated rate of 0.05 more than 17 of 150 are flagged once in a thousand.
    assert flags <= stats.binom.ppf(0.999, 150, 0.05)


def test_confirming_on_the_searched_rows_would_flag_nearly_all(simulation, monkeypatch):
    # The known-bad double: the same rows propose and confirm.
    def all_twice(headline, columns, rows, seed):
        return rows, rows

    monkeypatch.setattr(weak_slices, "_halves", all_twice)
    assert simulation.flagged("binary", 400, False, 20, 1)[0] > 0.8


def test_rows_do_not_serve_twice(simulation):
    evidence = simulation.evidence(np.random.default_rng(1), 300, "binary", planted=False)
    columns = evidence.headline.table.features
    searched, kept = weak_slices._halves(evidence.headline, columns, np.arange(300), seed=5)
    assert sorted([*searched, *kept]) == list(range(300))
    assert len(searched) == 150


def test_the_order_of_rows_decides_nothing(simulation):
    evidence = simulation.evidence(np.random.default_rng(4), 1500, "weighted", planted=True)
    order = np.random.default_rng(9).permutation(1500)
    table, sample = evidence.headline.table, evidence.headline.sample
    moved = {name: getattr(sample, name)[order] for name in ("target", "label", "score", "weight")}
    headline = replace(
        evidence.headline,
        table=replace(table, features=table.features.iloc[order]),
        sample=replace(sample, **moved),
    )
    one = weak_slices.find(evidence, SETTING)
    other = weak_slices.find(replace(evidence, headline=headline), SETTING)
    assert one.summary == other.summary
    assert one.table == other.table


def test_where_the_model_knows_that_rows_are_hard_it_expects_the_loss(simulation):
    rng = np.random.default_rng(2)
    evidence = simulation.evidence(rng, 6000, "binary", planted=False)
    hard = (evidence.headline.table.features["region"] == "south").to_numpy()
    p = np.where(hard, 0.5, 0.05)
    target = (rng.random(6000) < p).astype(np.int64)
    sample = replace(evidence.headline.sample, score=p, target=target, label=(p > 0.5).astype(np.int64))
    found = weak_slices.find(replace(evidence, headline=replace(evidence.headline, sample=sample)), SETTING)
    assert found.table[0][2:4] == ("Loss", "As the model expects")
    assert found.table[1][0] == "region is south"
    assert found.table[1][2:4] == ("0.25", "0.25")


def test_what_cannot_be_searched_says_why(simulation, make_table, make_evidence):
    few = simulation.evidence(np.random.default_rng(0), 60, "binary", planted=False)
    with pytest.raises(CheckNotRunError, match="needs 80 rows"):
        weak_slices.find(few, SETTING)
    bare = make_evidence(make_table("test", pd.DataFrame(index=range(200)), np.arange(200) % 2))
    with pytest.raises(CheckNotRunError, match="no columns to slice by"):
        weak_slices.find(bare, SETTING)


def test_a_model_that_is_never_wrong_has_no_weak_slice(simulation):
    evidence = simulation.evidence(np.random.default_rng(0), 500, "labels", planted=False)
    sample = replace(evidence.headline.sample, label=evidence.headline.sample.target)
    found = weak_slices.find(replace(evidence, headline=replace(evidence.headline, sample=sample)), SETTING)
    assert found.observations[0].measured.value == 0
    assert found.table == ()


def test_sensitive_columns_make_slices_too(simulation):
    evidence = simulation.evidence(np.random.default_rng(5), 3000, "labels", planted=True)
    table = evidence.headline.table
    group = table.features["region"].where(table.features["age"] == 30, "elsewhere")
    headline = replace(
        evidence.headline,
        table=replace(table, features=table.features[["income"]], sensitive=pd.DataFrame({"place": group})),
    )
    found = weak_slices.find(replace(evidence, headline=headline), SETTING)
    assert found.observations[1].id == "robustness/weak_slice_excess/place=north"


# --- the search ------------------------------------------------------------------------------------


@given(seed=st.integers(0, 10_000), weighted=st.booleans())
@settings(max_examples=15, deadline=None)
def test_the_first_slice_is_the_best_of_all(seed, weighted):
    rng = np.random.default_rng(seed)
    n = 240
    columns = [pd.Series(rng.integers(0, 5, n)), pd.Series(rng.choice(["u", "v", "w", None], n)),
               pd.Series(np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n)))]  # fmt: skip
    codings = [coding_of(column) for column in columns]
    codes = [coding.codes(column) for coding, column in zip(codings, columns, strict=True)]
    conditions = [coding.conditions(i, f"c{i}") for i, coding in enumerate(codings)]
    loss, weight = rng.random(n), rng.integers(1, 4, n).astype(float) if weighted else None
    found = search(codes, [c.size for c in codings], conditions, loss, weight)
    mass = np.ones(n) if weight is None else weight / weight.mean()
    spread = np.sqrt(np.average((loss - np.average(loss, weights=mass)) ** 2, weights=mass))

    def excess(rows, among):
        w, rest = mass[rows].sum(), mass[among & ~rows].sum()
        if rest < 1e-6:
            return -np.inf, 1.0
        gap = np.average(loss[rows], weights=mass[rows]) - np.average(loss[among & ~rows], weights=mass[among & ~rows])
        return gap, spread * np.sqrt(1 / w + 1 / rest)

    best = -np.inf
    everything = np.ones(n, dtype=bool)
    singles = [(c,) for mine in conditions for c in mine]
    pairs = [p for a, b in combinations(conditions, 2) for p in product(a, b)]
    for some in singles + pairs:
        rows = inside(dict(enumerate(codes)), some)
        if not 20 <= mass[rows].sum() <= n / 2:
            continue
        above = [everything, *(inside(dict(enumerate(codes)), [c]) for c in some if len(some) > 1)]
        told = [excess(rows, parent) for parent in above]
        if all(gap > 2 * error for gap, error in told):
            best = max(best, told[0][0] - 3 * told[0][1])
    if not found:
        assert best == -np.inf
    else:
        gap, error = excess(inside(dict(enumerate(codes)), found[0].conditions), everything)
        assert gap - 3 * error == pytest.approx(best)


def test_a_slice_that_adds_nothing_to_its_parent_is_left_out():
    rng = np.random.default_rng(0)
    a, b = pd.Series(rng.integers(0, 5, 4000)), pd.Series(rng.choice(["u", "v"], 4000))
    loss = np.where(a == 2, 1.0, 0.0) + 0.1 * rng.random(4000)
    codings = [coding_of(a), coding_of(b)]
    found = search(
        [codings[0].codes(a), codings[1].codes(b)], [c.size for c in codings],
        [codings[0].conditions(0, "a"), codings[1].conditions(1, "b")], loss,
    )  # fmt: skip
    assert [s.key for s in found] == ["a=2"]


# --- conditions ------------------------------------------------------------------------------------


def test_conditions_of_numbers_hold_the_rows_that_they_name():
    values = pd.Series([18, 18, 25, 25, 31, 40, 40, None], dtype="float64")
    coding = coding_of(values)
    codes = [coding.codes(values)]
    held = {c.key: inside(dict(enumerate(codes)), [c]).nonzero()[0].tolist() for c in coding.conditions(0, "age")}
    assert held["age=(-inf,25)"] == [0, 1]
    assert held["age=[25,40)"] == [2, 3, 4]
    assert held["age=[31,inf)"] == [4, 5, 6]
    assert held["age=(missing)"] == [7]
    assert held["age=(present)"] == list(range(7))
    assert len(held) == 4 * 5 / 2 - 1 + 2


def test_words_of_conditions():
    rows = {c.key: c.words for c in coding_of(pd.Series([0.5, 1.5, 2.5])).conditions(0, "a&b")}
    assert rows["a%26b=[1.5,2.5)"] == "a&b from 1.5 to under 2.5"
    assert rows["a%26b=(-inf,1.5)"] == "a&b under 1.5"
    assert rows["a%26b=[2.5,inf)"] == "a&b at least 2.5"
    assert rows["a%26b=(missing)"] == "a&b missing"
    whole = {c.key: c.words for c in coding_of(pd.Series([1, 2, 3])).conditions(0, "n")}
    assert whole["n=2"] == "n is 2"
    texts = {c.key: c.words for c in coding_of(pd.Series(["x=1", "y", None])).conditions(0, "t")}
    assert texts == {"t=x%3D1": "t is x=1", "t=y": "t is y", "t=(missing)": "t missing"}


@given(values=st.lists(st.one_of(st.none(), st.floats(allow_nan=False)), min_size=1, max_size=60))
@settings(max_examples=50, deadline=None)
def test_any_column_of_numbers_has_conditions_with_keys_of_their_own(values):
    column = pd.Series(values, dtype="float64")
    coding = coding_of(column)
    codes = coding.codes(column)
    assert codes.min() >= 0 and codes.max() < coding.size
    keys = [c.key for c in coding.conditions(0, "x")]
    assert len(set(keys)) == len(keys)
    assert (codes[column.isna()] == coding.size - 1).all()


def test_dates_are_cut_like_numbers():
    days = pd.Series(pd.date_range("2026-01-01", periods=30))
    coding = coding_of(days)
    held = [c for c in coding.conditions(0, "day") if c.key.startswith("day=(-inf,2026-01-04T00")]
    assert len(held) == 1
    assert inside({0: coding.codes(days)}, held).sum() == 3


# --- confirmation ----------------------------------------------------------------------------------


def test_averages_are_tested_as_scipy_does():
    rng = np.random.default_rng(1)
    for _ in range(20):
        inner, outer = rng.exponential(1.3, 25), rng.exponential(1.0, 300)
        rows = np.arange(325) < 25
        found = excess_of(np.concatenate([inner, outer]), rows, 0.95, None, False, False)
        tests = [stats.ttest_ind(inner, outer, equal_var=equal, alternative="greater") for equal in (True, False)]
        assert found.p_value == pytest.approx(max(t.pvalue for t in tests), rel=1e-9)
        both = [stats.ttest_ind(inner, outer, equal_var=equal).confidence_interval(0.95) for equal in (True, False)]
        wide = max(both, key=lambda interval: interval.high - interval.low)
        assert (found.low, found.high) == pytest.approx((wide.low, wide.high), rel=1e-9)


def test_counts_are_tested_by_fisher():
    loss = np.repeat([1.0, 0.0, 1.0, 0.0], [9, 21, 30, 240])
    found = excess_of(loss, np.arange(300) < 30, 0.95, None, False, True)
    assert found.p_value == pytest.approx(stats.fisher_exact([[9, 21], [30, 240]], alternative="greater").pvalue)
    assert (found.within, found.elsewhere) == pytest.approx((0.3, 1 / 9))


@pytest.mark.parametrize("counts", [True, False])
def test_a_row_that_counts_twice_is_two_rows(counts):
    rng = np.random.default_rng(2)
    loss = rng.integers(0, 2, 80).astype(float) if counts else rng.random(80)
    weight, rows = rng.integers(1, 4, 80).astype(float), np.arange(80) < 20
    times = weight.astype(int)
    one = excess_of(loss, rows, 0.9, weight, False, counts)
    other = excess_of(np.repeat(loss, times), np.repeat(rows, times), 0.9, None, False, counts)
    assert (one.p_value, one.low, one.high) == pytest.approx((other.p_value, other.low, other.high))


def test_equal_sampling_weights_are_none():
    loss, rows = np.random.default_rng(3).random(200), np.arange(200) < 40
    one = excess_of(loss, rows, 0.95, np.full(200, 7.0), True, False)
    other = excess_of(loss, rows, 0.95, None, False, False)
    assert (one.p_value, one.low, one.high) == pytest.approx((other.p_value, other.low, other.high))


def test_a_small_slice_of_equal_losses_is_not_certain():
    # Twelve rows that happen to be alike have no spread of their own: Welch alone would be nearly sure.
    loss = np.concatenate([np.full(12, 0.81), np.where(np.random.default_rng(0).random(300) < 0.9, 0.81, 0.01)])
    rows = np.arange(312) < 12
    welch = (0.81 - loss[~rows].mean()) / (loss[~rows].std(ddof=1) / np.sqrt(300))
    assert stats.t.sf(welch, 299) < 1e-5
    assert excess_of(loss, rows, 0.95, None, False, False).p_value > 0.05


def test_sides_of_hardly_any_row_are_not_tested():
    loss, place = np.random.default_rng(0).random(100), np.arange(100)
    assert excess_of(loss, place < 9, 0.95, None, False, False) is None
    assert excess_of(loss, place < 40, 0.95, np.full(100, 1e-3), False, False) is None
    alike = excess_of(np.full(100, 0.1), np.arange(100) < 40, 0.95, None, False, False)
    assert (alike.p_value, alike.value) == (1.0, pytest.approx(0.0))


# --- losses ----------------------------------------------------------------------------------------


def test_the_loss_suits_what_the_model_gives():
    target, score = np.array([0, 1]), np.array([0.2, 0.6])
    labels = np.array([0, 1])
    given = {
        "brier_score": Sample(target=target, score=score, label=labels, classes=2, positive=1, probability=True),
        "zero_one_loss": Sample(target=target, score=score, label=labels, classes=2, positive=1),
        "misranked_share": Sample(target=target, score=score, classes=2, positive=1),
        "absolute_error": Sample(target=target.astype(float), score=score),
    }
    assert {name: loss_of(sample).name for name, sample in given.items()} == {name: name for name in given}
    assert loss_of(Sample(target=None, score=score)) is None
    every = np.arange(2)
    assert loss_of(given["brier_score"]).compute(given["brier_score"], every) == pytest.approx([0.04, 0.16])
    assert loss_of(given["brier_score"]).expected(given["brier_score"], every) == pytest.approx([0.16, 0.24])


def test_misranked_rows_average_to_one_minus_the_area(simulation):
    from sklearn.metrics import roc_auc_score

    sample = simulation.evidence(np.random.default_rng(0), 300, "ranking", planted=False).headline.sample
    loss = loss_of(sample).compute(sample, np.arange(300))
    for side in (0, 1):
        assert loss[sample.target == side].mean() == pytest.approx(1 - roc_auc_score(sample.target, sample.score))


def test_rows_without_a_finite_prediction_or_any_weight_take_no_part():
    score = np.array([0.1, np.nan, np.inf, 0.4])
    sample = Sample(target=np.array([0, 1, 0, 1]), score=score, weight=np.array([1.0, 1, 1, 0]), classes=2, positive=1)
    assert usable(sample).tolist() == [True, False, False, False]
