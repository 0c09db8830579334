"""What is planted in the data is found, and what is there by chance is flagged no more often than said."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from audit.declarations.check import Setting
from audit.robustness.checks import (
    conflicting_labels,
    high_cardinality,
    ids_shared,
    label_order,
    leakage,
    missing_patterns,
    near_overlap,
    rare_classes,
    target_copies,
    time_travel,
)
from audit.robustness.shares import Marked, difference, marked, mean_difference, share

SETTING = Setting(level=0.95, seed=1)


def by_id(finding):
    return {o.id.removeprefix("robustness/"): o.measured for o in finding.observations}


def rng(seed=0):
    return np.random.default_rng(seed)


def numbers(n, seed=0, d=4):
    return pd.DataFrame(rng(seed).normal(size=(n, d)), columns=[f"x{i}" for i in range(d)])


def coins(n, seed=0, p=0.5):
    return (rng(seed + 50).random(n) < p).astype(int)


def most_flags(tries):
    """Flags that are exceeded once in a thousand where the stated rate of one in twenty holds."""
    return stats.binom.ppf(0.999, tries, 0.05)


# --- leakage ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("strength", [0.0, 0.005])
def test_a_leak_is_beyond_the_limit_of_the_house(strength, make_table, make_evidence):
    target = coins(1500)
    flipped = rng(3).random(1500) < strength
    frame = numbers(1500).assign(leak=np.where(flipped, 1 - target, target) + rng(4).uniform(0, 0.4, 1500))
    told = by_id(leakage.find(make_evidence(make_table("test", frame, target)), SETTING))
    assert told["single_feature/leak"].value > 0.99
    assert max(told[f"single_feature/x{i}"].value for i in range(4)) < 0.6


def test_a_gap_that_stands_for_the_positive_class_is_a_leak(make_table, make_evidence):
    target = coins(800)
    frame = numbers(800).assign(closed_on=np.where(target == 1, np.nan, rng(2).normal(size=800)))
    evidence = make_evidence(make_table("test", frame, target))
    assert by_id(leakage.find(evidence, SETTING))["single_feature/closed_on"].value > 0.99
    told = by_id(missing_patterns.find(evidence, SETTING))
    assert told["missing_with_target"].value == 1
    assert told["missing_target_difference/closed_on"].low > 0.9


def test_a_category_of_many_values_that_encodes_the_target_is_found(make_table, make_evidence):
    code = rng(5).integers(0, 300, 3000)
    target = (rng(6).random(300) < 0.5).astype(int)[code]
    evidence = make_evidence(make_table("test", numbers(3000).assign(code=[f"c{i}" for i in code]), target))
    assert by_id(leakage.find(evidence, SETTING))["single_feature/code"].value > 0.99
    assert by_id(target_copies.find(evidence, SETTING))["target_copies"].value == 1


def test_a_legitimately_strong_feature_is_within_the_limit(make_table, make_evidence):
    # Area 0.95 in truth: two normal distributions 2.33 standard deviations apart.
    gap = 2**0.5 * stats.norm.ppf(0.95)
    beyond = 0
    for seed in range(10):
        target = coins(400, seed)
        frame = pd.DataFrame({"strong": rng(seed).normal(size=400) + gap * target, "id": [f"r{i}" for i in range(400)]})
        told = by_id(leakage.find(make_evidence(make_table("test", frame, target)), SETTING))
        assert told["single_feature/strong"].value == pytest.approx(roc_auc_score(target, frame["strong"]), abs=0.03)
        beyond += told["single_feature_max"].value > 0.99
    assert beyond == 0


def copied(n, seed, noise, shape=lambda target: target):
    """Values, and two features: a noisy copy and one that shares nine tenths of their variance."""
    draw = rng(seed)
    hidden = draw.normal(size=n)
    target = shape(hidden)
    copy = target + noise * target.std() * draw.normal(size=n)
    strong = hidden + np.sqrt(1 / 9) * draw.normal(size=n)
    return target, pd.DataFrame({"copy": copy, "strong": strong, "id": [f"r{i}" for i in range(n)]})


@pytest.mark.parametrize("n", [80, 400, 2000])
@pytest.mark.parametrize("shape", [lambda t: t, lambda t: -t, lambda t: t + 4], ids=["same", "turned", "moved"])
def test_a_copy_of_values_with_some_noise_is_beyond_the_limit_of_the_house(n, shape, make_table, make_evidence):
    for seed in range(8):
        target, frame = copied(n, seed, 0.1)
        frame["copy"] = shape(frame["copy"])
        told = by_id(leakage.find(make_evidence(make_table("test", frame, target), task="regression"), SETTING))
        assert told["single_feature/copy"].value > (0.99 if n > 100 else 0.98)
        expected = abs(stats.spearmanr(frame["copy"], target).statistic)
        assert told["single_feature/copy"].value == pytest.approx(expected, abs=0.005)
        assert told["single_feature/strong"].value < 0.99
        assert told["single_feature/id"].value < 0.5


def test_copies_of_values_with_long_tails_and_bent_ones_are_leaks(make_table, make_evidence):
    target, frame = copied(500, 1, 0.0, np.exp)
    frame["bent"] = (np.log(target) - 3) ** 3
    frame["folded"] = np.where(rng(2).random(500) < 0.5, 1, -1) * (target + 1)
    told = by_id(leakage.find(make_evidence(make_table("test", frame, target), task="regression"), SETTING))
    for name in ("copy", "bent"):
        assert told[f"single_feature/{name}"].value == pytest.approx(1.0)
    # Up on one side and down on the other: no rank correlation of its own, but the means of its bins have one.
    assert told["single_feature/folded"].value > 0.97


def test_features_of_clean_regressions_are_never_called_leaks(make_table, make_evidence):
    beyond = 0
    for seed in range(60):
        target, frame = copied(150, seed, 0.5)
        told = by_id(leakage.find(make_evidence(make_table("test", frame, target), task="regression"), SETTING))
        beyond += told["single_feature_max"].value > 0.99
    assert beyond == 0


# --- copies of the target --------------------------------------------------------------------------


def test_copies_of_a_target_are_named_whatever_their_shape(make_table, make_evidence):
    target = rng(1).normal(size=300)
    frame = numbers(300).assign(cubed=target**3, minus=-target, near=target + 0.01 * rng(2).normal(size=300))
    found = target_copies.find(make_evidence(make_table("test", frame, target), task="regression"), SETTING)
    assert [line[0] for line in found.table[1:]] == ["cubed", "minus"]
    classes = coins(300)
    frame = numbers(300).assign(word=np.where(classes == 1, "paid", "open"), other=rng(1).choice(["a", "b"], 300))
    found = target_copies.find(make_evidence(make_table("test", frame, classes)), SETTING)
    assert [line[0] for line in found.table[1:]] == ["word"]


def test_features_without_a_tie_are_rarely_named_copies(make_table, make_evidence):
    # Few rows of a rare class: many values stand for one class by chance alone.
    flags = 0
    for seed in range(200):
        frame = pd.DataFrame(
            {"few": rng(seed).integers(0, 6, 25), "many": rng(seed + 1000).integers(0, 20, 25), "own": np.arange(25)}
        )
        evidence = make_evidence(make_table("test", frame, coins(25, seed, p=0.06)))
        flags += by_id(target_copies.find(evidence, SETTING))["target_copies"].value > 0
    assert flags <= most_flags(200)


# --- ids, time -------------------------------------------------------------------------------------


def test_ids_in_both_tables_are_counted(make_table, make_evidence):
    test = replace(make_table("test", numbers(50), coins(50)), identity=np.r_[np.arange(10), 1000 + np.arange(39), -1])
    train = replace(make_table("train", numbers(80), coins(80)), identity=np.r_[np.arange(70), 0, 0, -np.ones(8, int)])
    told = by_id(ids_shared.find(make_evidence(test, train), SETTING))
    assert told["ids_shared"].value == 10
    assert told["ids_shared_share"].value == pytest.approx(0.2)
    assert told["ids_repeated/test"].value == 0
    assert told["ids_repeated/train"].value == 3


def timed(table, days):
    return replace(table, time=np.datetime64("2026-01-01", "ns") + np.asarray(days).astype("timedelta64[D]"))


def test_rows_from_before_the_end_of_train_are_counted(make_table, make_evidence):
    train = timed(make_table("train", numbers(100), coins(100)), np.arange(100))
    test = timed(make_table("test", numbers(40), coins(40)), np.arange(90, 130))
    told = by_id(time_travel.find(make_evidence(test, train), SETTING))
    assert told["time_overlap"].value == pytest.approx(9 / 40)
    clean = timed(make_table("test", numbers(40), coins(40)), np.arange(100, 140))
    assert by_id(time_travel.find(make_evidence(clean, train), SETTING))["time_overlap"].value == 0.0


def test_features_from_the_future_and_clocks_are_named(make_table, make_evidence):
    days = rng(0).permutation(60)
    start = pd.Timestamp("2026-01-01")
    frame = numbers(60).assign(
        opened=start + pd.to_timedelta(days - 5, unit="D"),
        closed=(start + pd.to_timedelta(days + np.where(days < 15, 3, -1), unit="D")).strftime("%Y-%m-%d"),
        serial=days * 7 + 100,
        postcode=rng(1).choice(["10115", "20095"], 60),
    )
    evidence = make_evidence(timed(make_table("test", frame, coins(60)), days))
    found = time_travel.find(evidence, SETTING)
    told = by_id(found)
    assert told["features_from_future"].value == 1
    assert told["from_future/closed"].value == pytest.approx(15 / 60)
    assert told["from_future/opened"].value == 0.0
    assert "from_future/postcode" not in told
    assert told["time_features"].value == 3
    assert {line[0] for line in found.table[1:]} == {"opened", "closed", "serial"}


def test_folds_that_look_ahead_are_counted(make_table, make_evidence):
    train = timed(make_table("train", numbers(30), coins(30)), np.arange(30))
    evidence = make_evidence(make_table("test", numbers(9), coins(9)), train)
    rows = np.arange(30)
    ahead = tuple((rows[rows % 3 != k], rows[rows % 3 == k]) for k in range(3))
    onward = ((rows[:10], rows[10:20]), (rows[:20], rows[20:]))
    for folds, looking in ((ahead, 3), (onward, 0)):
        told = by_id(time_travel.find(replace(evidence, folds=folds), SETTING))
        assert told["folds_from_future"].value == looking


# --- ids among features ----------------------------------------------------------------------------


def test_ids_among_features_are_named_and_incomes_are_not(make_table, make_evidence):
    n = 400
    frame = pd.DataFrame(
        {
            "name": [f"person {i}" for i in range(n)],
            "row": rng(1).permutation(n) + 7000,
            "income": rng(2).integers(10_000, 90_000, n),
            "town": rng(3).choice(list("abcdefgh"), n),
            "number": rng(4).normal(size=n),
        }
    )
    test = frame.iloc[:100].assign(town=["a"] * 90 + ["new"] * 10)
    found = high_cardinality.find(
        make_evidence(make_table("test", test, coins(100)), make_table("train", frame, coins(n))), SETTING
    )
    assert {line[0] for line in found.table if line[-1] == "yes"} == {"name", "row"}
    assert by_id(found)["unseen_values/town"].value == pytest.approx(0.1)
    assert by_id(found)["distinct_share/town"].value == pytest.approx(8 / n)


# --- labels ----------------------------------------------------------------------------------------


def test_rows_that_contradict_one_another_bound_the_error(make_table, make_evidence):
    frame = pd.DataFrame({"a": [1, 1, 1, 2, 2, 3], "b": ["u", "u", "u", "v", "v", None]})
    told = by_id(conflicting_labels.find(make_evidence(make_table("test", frame, [0, 0, 1, 1, 0, 1])), SETTING))
    assert told["conflicting_labels/test"].value == 5
    assert told["irreducible_error/test"].value == pytest.approx(2 / 6)
    weighted = replace(make_table("test", frame, [0, 0, 1, 1, 0, 1]), weight=np.array([1.0, 1, 5, 1, 1, 1]))
    told = by_id(conflicting_labels.find(make_evidence(weighted), SETTING))
    assert told["irreducible_error/test"].value == pytest.approx(3 / 10)
    values = np.array([1.0, 2, 3, 8, 8, 20])
    told = by_id(conflicting_labels.find(make_evidence(make_table("test", frame, values), task="regression"), SETTING))
    assert told["irreducible_error/test"].value == pytest.approx(2 / ((values - 7) ** 2).sum())


def test_a_sorted_file_is_noticed(make_table, make_evidence):
    target = np.sort(coins(200))
    told = by_id(label_order.find(make_evidence(make_table("test", numbers(200), target)), SETTING))
    statistic, p = stats.kruskal(*(np.flatnonzero(target == k) for k in (0, 1)))
    assert told["label_order/test"].value == pytest.approx(statistic / 199)
    assert told["label_order_p_value;adjusted=holm/test"].value == pytest.approx(p)
    values = np.sort(rng(1).normal(size=50))
    told = by_id(label_order.find(make_evidence(make_table("test", numbers(50), values), task="regression"), SETTING))
    assert told["label_order/test"].value == pytest.approx(1.0)


def test_a_trend_of_numbers_is_spearmans(make_table, make_evidence):
    values = rng(1).normal(size=80) + np.arange(80) / 60
    told = by_id(label_order.find(make_evidence(make_table("test", numbers(80), values), task="regression"), SETTING))
    rho, p = stats.spearmanr(values, np.arange(80))
    assert told["label_order/test"].value == pytest.approx(rho)
    assert told["label_order_p_value;adjusted=holm/test"].value == pytest.approx(p)


def test_a_shuffled_file_is_rarely_called_sorted(make_table, make_evidence):
    flags = 0
    for seed in range(300):
        tables = (
            make_table("test", numbers(40), coins(40, seed)),
            make_table("train", numbers(60), coins(60, seed + 999)),
        )
        told = by_id(label_order.find(make_evidence(*tables), SETTING))
        flags += min(m.value for id, m in told.items() if "p_value" in id) < 0.05
    assert flags <= most_flags(300)


def test_classes_of_a_few_rows_are_named(make_table, make_evidence):
    target = np.repeat([0, 1, 2], [50, 47, 3])
    evidence = make_evidence(
        make_table("test", numbers(100), target), make_table("train", numbers(40), np.zeros(40, int)),
        task="multiclass", classes=3, score=np.zeros((100, 3)),
    )  # fmt: skip
    found = rare_classes.find(evidence, SETTING)
    told = by_id(found)
    assert told["rare_classes/test"].value == 1
    assert told["rare_classes/train"].value == 2
    assert told["constant_targets"].value == 1
    assert found.summary.startswith("In test 2 have fewer than 10 rows.")


# --- gaps ------------------------------------------------------------------------------------------


def gappy(n, seed, share=0.2):
    frame = numbers(n, seed)
    return frame.mask(rng(seed + 7).random(frame.shape) < share)


def test_gaps_that_are_not_by_chance_are_told_apart(make_table, make_evidence):
    target, sex = coins(600), rng(11).choice(["f", "m"], 600)
    frame = gappy(600, 40)
    frame["answer"] = np.where(rng(2).random(600) < np.where(target == 1, 0.5, 0.1), np.nan, 1.0)
    frame["group"] = np.where(rng(3).random(600) < np.where(sex == "f", 0.5, 0.1), np.nan, 1.0)
    frame["twin"] = frame["answer"] * 2
    test = replace(make_table("test", frame, target), sensitive=pd.DataFrame({"sex": sex}))
    train = gappy(900, 25).assign(
        answer=np.where(rng(6).random(900) < 0.3, np.nan, 1.0),
        group=np.where(rng(7).random(900) < 0.75, np.nan, 1.0),
        twin=np.where(rng(8).random(900) < 0.3, np.nan, 1.0),
    )
    found = missing_patterns.find(make_evidence(test, make_table("train", train, coins(900, 3))), SETTING)
    alone = missing_patterns.find(make_evidence(test), SETTING)
    assert by_id(alone)["missing_with_target"].value == 2
    assert by_id(found)["missing_by_group"].value == 1
    assert by_id(found)["missing_shift"].value == 1
    assert by_id(found)["missing_share_shift/group"].high < 0
    assert by_id(found)["missing_together"].value == 1
    assert "answer and twin" in found.summary or "twin and answer" in found.summary


def test_gaps_by_chance_are_rarely_flagged(make_table, make_evidence):
    flags = np.zeros(3)
    for seed in range(120):
        test = make_table("test", gappy(150, seed), coins(150, seed))
        test = replace(test, sensitive=pd.DataFrame({"sex": rng(seed).choice(["f", "m"], 150)}))
        evidence = make_evidence(test, make_table("train", gappy(200, seed + 500), coins(200, seed + 500)))
        told = by_id(missing_patterns.find(evidence, SETTING))
        flags += [told[f"missing_{what}"].value > 0 for what in ("with_target", "by_group", "shift")]
    assert (flags <= most_flags(120)).all()


# --- near copies -----------------------------------------------------------------------------------


def test_noisy_copies_of_train_rows_are_found(make_table, make_evidence):
    train = numbers(500, d=6).assign(town=rng(1).choice(["u", "v"], 500))
    copies = train.iloc[:30].copy()
    copies.iloc[:, :6] += rng(2).uniform(-0.005, 0.005, (30, 6))
    test = pd.concat([numbers(170, 3, d=6).assign(town="u"), copies], ignore_index=True)
    told = by_id(near_overlap.find(
        make_evidence(make_table("test", test, coins(200)), make_table("train", train, coins(500))), SETTING
    ))  # fmt: skip
    assert told["near_overlap_share"].value == pytest.approx(30 / 200)
    assert told["near_overlap_expected"].value == 0.0
    assert told["near_overlap_excess"].low > 0
    moved = copies.assign(town=np.where(copies["town"] == "u", "v", "u"))
    told = by_id(near_overlap.find(
        make_evidence(make_table("test", moved, coins(30)), make_table("train", train, coins(500))), SETTING
    ))  # fmt: skip
    assert told["near_overlap_share"].value == 0.0


def test_near_rows_by_coincidence_are_no_excess(make_table, make_evidence):
    flags = 0
    for seed in range(100):
        tables = [
            make_table(role, numbers(n, seed + s, d=1), coins(n))
            for role, n, s in (("test", 100, 0), ("train", 150, 500))
        ]
        told = by_id(near_overlap.find(make_evidence(*tables), SETTING))
        flags += told["near_overlap_excess"].low > 0
    assert told["near_overlap_share"].value > 0.3
    assert flags <= most_flags(100)


# --- shares ----------------------------------------------------------------------------------------


def test_published_difference_of_two_shares():
    # Newcombe (1998), doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I, table II, method 10, a.
    found = difference(Marked(56, 70, 70), Marked(48, 80, 80), 0.95)
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_weights_count_rows(make_table):
    flags, weight = rng(1).random(60) < 0.3, rng(2).integers(0, 4, 60).astype(float)
    counted = marked(flags, replace(make_table("test", numbers(60)), weight=weight))
    repeated = np.repeat(flags, weight.astype(int))
    assert (counted.hits, counted.trials) == (repeated.sum(), len(repeated))
    equal = replace(make_table("test", numbers(60)), weight=np.full(60, 9.0), weight_kind="sampling")
    assert marked(flags, equal).trials == pytest.approx(60)
    assert marked(flags, equal).share == pytest.approx(flags.mean())
    assert share(Marked(0, 0, 5), 0.95).reason.startswith("There are no rows")


def test_a_difference_of_means_is_welchs():
    one, other = rng(1).normal(size=30), rng(2).normal(0.5, 2, size=40)
    found, p = mean_difference(one, other, (np.ones(30), np.ones(40)), 0.9)
    welch = stats.ttest_ind(one, other, equal_var=False)
    assert p == pytest.approx(welch.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(welch.confidence_interval(0.9)))
