"""Each check finds what was planted and stays silent where nothing was."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_wine
from sklearn.metrics import roc_auc_score

from audit.records.measured import Exact, Undefined
from audit.records.plan import MeasurementRequest
from audit.robustness.distances import critical_value, index_interval, stability_index
from audit.robustness.rows import repeats, row_codes


def numbers(n, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"x": rng.normal(size=n), "y": rng.normal(size=n), "c": rng.choice(["u", "v", None], n)})


def coins(n, seed=0):
    return np.random.default_rng(seed).integers(0, 2, n)


# --- overlap and repeats ---------------------------------------------------------------------------


def test_planted_rows_are_found(make_table, make_evidence, found):
    train, labels = numbers(300), coins(300)
    test = pd.concat([numbers(90, seed=1), train.iloc[:10]], ignore_index=True)
    target = np.concatenate([coins(90, seed=1), labels[:10]])
    checks, by_id = found(make_evidence(make_table("test", test, target), make_table("train", train, labels)))
    assert by_id["robustness/train_test_overlap"] == Exact(value=10, n=100)
    assert by_id["robustness/train_test_overlap_share"].value == 0.1
    assert by_id["robustness/train_test_overlap_expected"].value == 0.0
    assert by_id["robustness/train_test_overlap_excess"].low > 0
    assert checks["overlap"].summary.startswith("10 of 100 test rows (10.0%) equal a train row")


def test_rows_that_agree_on_features_alone_are_told_apart(make_table, make_evidence, found):
    train, labels = numbers(50), coins(50)
    evidence = make_evidence(make_table("test", train.copy(), 1 - labels), make_table("train", train, labels))
    _, by_id = found(evidence)
    assert by_id["robustness/train_test_overlap"].value == 0
    assert by_id["robustness/train_test_overlap_features"].value == 50


def test_coincidence_in_a_table_of_few_distinct_rows_is_no_excess(make_table, make_evidence, found):
    rng = np.random.default_rng(3)
    rows = pd.DataFrame({"a": rng.integers(0, 4, 900), "b": rng.integers(0, 5, 900)})
    labels = rng.integers(0, 2, 900)
    test, train = make_table("test", rows[:300], labels[:300]), make_table("train", rows[300:], labels[300:])
    _, by_id = found(make_evidence(test, train))
    assert by_id["robustness/train_test_overlap_share"].value > 0.9
    excess = by_id["robustness/train_test_overlap_excess"]
    assert excess.low <= 0 <= excess.high


ROWS = st.tuples(st.integers(0, 3), st.sampled_from(["p", "q", None]), st.integers(0, 1))


@given(rows=st.lists(ROWS, min_size=2, max_size=40), data=st.data())
@settings(max_examples=60, deadline=None)
def test_equal_codes_are_equal_rows(rows, data, make_table):
    cut = data.draw(st.integers(1, len(rows) - 1))
    table = pd.DataFrame(rows, columns=["n", "c", "t"])
    halves = [table.iloc[:cut], table.iloc[cut:]]
    kinds = (int, float)  # the second table holds the same whole numbers as fractions
    tables = [
        make_table("train", half[["n", "c"]].astype({"n": kind}), half["t"])
        for half, kind in zip(halves, kinds, strict=True)
    ]
    codes = np.concatenate(row_codes(tables, with_target=True))
    for i, one in enumerate(rows):
        for j, other in enumerate(rows):
            assert (codes[i] == codes[j]) == (one == other)
    assert repeats(codes).tolist() == [rows.count(row) for row in rows]


def test_repeated_rows_are_counted_in_each_table(make_table, make_evidence, found):
    test = pd.DataFrame({"x": [1.0, 1.0, 1.0, 2.0, np.nan, np.nan], "y": 1.0, "c": "u"})
    evidence = make_evidence(make_table("test", test, [1, 1, 0, 0, 1, 1]), make_table("train", numbers(20), coins(20)))
    _, by_id = found(evidence)
    assert by_id["robustness/duplicate_rows/test"] == Exact(value=2, n=6)
    assert by_id["robustness/duplicate_rows/train"] == Exact(value=0, n=20)


# --- leakage ---------------------------------------------------------------------------------------


def test_a_column_made_from_the_answer_is_found(make_table, make_evidence, found):
    rows, target = numbers(600), coins(600)
    rows["leak"] = np.where(target == 1, "yes", "no")
    checks, by_id = found(
        make_evidence(make_table("test", numbers(50).assign(leak="yes"), coins(50)), make_table("train", rows, target))
    )
    assert by_id["robustness/single_feature_max"].value == 1.0
    assert by_id["robustness/single_feature/leak"].value == 1.0
    assert by_id["robustness/single_feature/x"].value < 0.6
    assert "leak" in checks["leakage"].summary


def test_noise_gives_nothing_away(make_table, make_evidence, found):
    rows = numbers(800).assign(id=[f"r{i}" for i in range(800)])
    _, by_id = found(make_evidence(make_table("test", rows, coins(800, seed=4))))
    assert by_id["robustness/single_feature_max"].value < 0.6


def test_in_sample_means_would_call_an_id_a_leak():
    # The known-bad double: without folds a column of distinct values "predicts" every target.
    target = coins(800, seed=4)
    assert roc_auc_score(target, pd.Series(target).groupby(np.arange(800)).transform("mean")) == 1.0


def test_a_monotone_copy_of_a_regression_target_is_found(make_table, make_evidence, found):
    rng = np.random.default_rng(5)
    target = rng.normal(size=2000)
    rows = pd.DataFrame(
        {"copy": np.exp(target), "noise": rng.normal(size=2000), "half": target + rng.normal(size=2000)}
    )
    _, by_id = found(make_evidence(make_table("test", rows, target), task="regression"))
    assert by_id["robustness/single_feature/copy"].value > 0.95
    # Of two normals with correlation r: 6 / pi * arcsin(r / 2).
    half = 6 / np.pi * np.arcsin(np.sqrt(0.5) / 2)
    assert by_id["robustness/single_feature/half"].value == pytest.approx(half, abs=0.05)
    assert by_id["robustness/single_feature/noise"].value < 0.02


def test_single_features_of_a_multiclass_table(make_table, make_evidence, found):
    wine = load_wine(as_frame=True)
    evidence = make_evidence(
        make_table("test", wine.data, wine.target.to_numpy()), task="multiclass", classes=3, score=np.zeros((178, 3))
    )
    _, by_id = found(evidence)
    assert by_id["robustness/single_feature/flavanoids"].value > 0.85
    assert by_id["robustness/single_feature/ash"].value < 0.7


# --- drift -----------------------------------------------------------------------------------------


def test_stability_index_in_closed_form():
    four = stability_index(np.full(4, 0.25), np.array([0.1, 0.2, 0.3, 0.4]))
    ten = stability_index(np.full(10, 0.1), np.array([8, 9, 10, 10, 11, 12, 10, 11, 9, 10]) / 100)
    assert four == pytest.approx(0.22821740957339182, abs=1e-12)
    assert ten == pytest.approx(0.012122716071406312, abs=1e-12)
    assert stability_index(np.full(4, 0.25), np.full(4, 0.25)) == 0.0


@pytest.mark.parametrize(("n", "critical"), [(200, 0.169), (500, 0.068), (2000, 0.017), (10_000, 0.0034)])
def test_critical_values_of_ten_bins(n, critical):
    assert critical_value(n, n, 10, 0.95) == pytest.approx(critical, abs=0.0006)


def test_chance_exceeds_the_critical_value_once_in_twenty():
    rng = np.random.default_rng(6)
    share = np.full(10, 0.1)
    beyond = []
    for _ in range(2000):
        one, other = rng.multinomial(400, share) / 400, rng.multinomial(900, share) / 900
        beyond.append(stability_index(one, other) > critical_value(400, 900, 10, 0.95))
    assert np.mean(beyond) == pytest.approx(0.05, abs=0.02)


def test_the_interval_of_the_index_covers_a_true_shift():
    rng = np.random.default_rng(7)
    before, after = np.full(5, 0.2), np.array([0.14, 0.18, 0.2, 0.22, 0.26])
    true = stability_index(before, after)
    inside = 0
    for _ in range(400):
        one, other = rng.multinomial(800, before) / 800, rng.multinomial(800, after) / 800
        low, high = index_interval(stability_index(one, other), 800, 800, 5, 0.95)
        inside += low <= true <= high
    assert inside / 400 > 0.91


def test_a_shifted_feature_stands_out(make_table, make_evidence, found):
    train, test = numbers(1000), numbers(500, seed=1)
    test["x"] += 1
    evidence = make_evidence(make_table("test", test, coins(500)), make_table("train", train, coins(1000)))
    checks, by_id = found(evidence)
    assert by_id["robustness/psi/x"].value > 0.25
    assert by_id["robustness/psi/x"].low > by_id["robustness/psi_critical/x"].value
    assert by_id["robustness/psi/y"].value < by_id["robustness/psi_critical/y"].value
    assert by_id["robustness/psi_beyond_chance"].value == 1
    assert "largest for x" in checks["drift"].summary


def test_a_value_never_seen_before_is_finite(make_table, make_evidence, found):
    train = pd.DataFrame({"c": ["a", "b"] * 100})
    test = pd.DataFrame({"c": ["z", None] * 50})
    _, by_id = found(make_evidence(make_table("test", test, coins(100)), make_table("train", train, coins(200))))
    assert by_id["robustness/psi/c"].value > 1
    assert by_id["robustness/psi/c"].high is not None


def test_reference_is_preferred_to_train(make_table, make_evidence, found):
    same, other = numbers(400), numbers(400, seed=1)
    evidence = make_evidence(
        make_table("test", same, coins(400)), make_table("train", other, coins(400)),
        reference=make_table("reference", same, coins(400)),
    )  # fmt: skip
    checks, by_id = found(evidence)
    assert by_id["robustness/psi_max"].value == 0.0
    assert checks["drift"].summary.startswith("From reference to test")


# --- the rest --------------------------------------------------------------------------------------


def test_predictions_that_are_no_numbers_are_counted(make_table, make_evidence, found):
    score = np.linspace(0, 1, 20)
    score[[3, 7]] = np.nan, np.inf
    _, by_id = found(make_evidence(make_table("test", numbers(20)), score=score))
    assert by_id["robustness/non_finite_predictions"] == Exact(value=2, n=20)


def test_constant_and_missing_columns(make_table, make_evidence, found):
    rows = numbers(40).assign(one=1, empty=np.nan, half=[1.0, np.nan] * 20)
    checks, by_id = found(make_evidence(make_table("test", rows, coins(40))))
    assert by_id["robustness/constant_columns"].value == 2
    assert checks["constant_columns"].table == (("Feature",), ("one",), ("empty",))
    assert by_id["robustness/missing_share/half"].value == 0.5
    assert by_id["robustness/missing_share/empty"].value == 1.0
    assert by_id["robustness/missing_share"].value == pytest.approx(rows.isna().to_numpy().mean())
    assert "robustness/missing_share/x" not in by_id


def test_what_cannot_run_says_why_and_promises_are_kept(make_table, make_evidence, found):
    checks, by_id = found(make_evidence(make_table("test", numbers(30))))
    waiting = {name for name, check in checks.items() if check.status == "not_run"}
    assert waiting >= {
        "overlap",
        "drift",
        "leakage",
        "noise",
        "missing_values",
        "rounding",
        "value_range",
        "categories",
    }
    assert not waiting & {"duplicates", "constant_columns", "missingness", "finite_predictions"}
    for id in ("train_test_overlap_excess", "psi_max", "single_feature_max"):
        assert isinstance(by_id[f"robustness/{id}"], Undefined)
    assert "data.train" in by_id["robustness/train_test_overlap"].reason
    assert "data.target" in by_id["robustness/single_feature_max"].reason


def test_a_table_of_predictions_alone_has_only_predictions_to_check(make_table, make_evidence, found):
    checks, _ = found(make_evidence(make_table("test", pd.DataFrame(index=range(9)), coins(9))))
    done = {name for name, check in checks.items() if check.status == "done"}
    assert done == {"finite_predictions", "label_order", "rare_classes"}  # the last two look at the labels


def test_a_spec_may_choose_and_a_pack_may_add(make_table, make_evidence, make_plan, found):
    evidence = make_evidence(make_table("test", numbers(30), coins(30)))
    plan = make_plan(checks=("duplicates",))
    assert set(found(evidence, plan)[0]) == {"duplicates"}
    request = MeasurementRequest(stage="robustness", measure="non_finite_predictions")
    assert set(found(evidence, plan.model_copy(update={"requests": (request,)}))[0]) == {
        "duplicates",
        "finite_predictions",
    }


def test_a_check_that_breaks_is_an_error_of_its_own(make_table, make_evidence, found, monkeypatch):
    from dataclasses import replace

    from audit.robustness.checks import duplicates

    def broken(evidence, setting):
        raise RuntimeError("no luck")

    monkeypatch.setattr(duplicates, "CHECK", replace(duplicates.CHECK, find=broken, promises=("robustness/luck",)))
    checks, by_id = found(make_evidence(make_table("test", numbers(30), coins(30))))
    assert checks["duplicates"].status == "error"
    assert "no luck" in by_id["robustness/luck"].reason
    assert checks["finite_predictions"].status == "done"


def test_two_runs_are_equal(make_table, make_evidence, found):
    evidence = make_evidence(
        make_table("test", numbers(60), coins(60)), make_table("train", numbers(90, 1), coins(90, 1))
    )
    assert found(evidence) == found(evidence)
