"""Proxies: planted ones are found and ranked, absent ones are not, and the figure is what its definition says."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict

from audit.records.measured import Estimate, Undefined


def flipped_copy(rng, group, error):
    """A copy of a binary column that is wrong with a given chance."""
    return np.where(rng.random(len(group)) < error, 1 - group, group)


def planted(seed=1, n=2000):
    rng = np.random.default_rng(seed)
    sex = rng.integers(0, 2, n)
    return sex, {
        "strong": flipped_copy(rng, sex, 0.1),
        "weak": flipped_copy(rng, sex, 0.4),
        "noise": rng.normal(0, 1, n),
        "text": rng.choice(["x", "y", None], n),
        "level": np.ones(n),
    }


def screened(make_evidence, make_plan, found, sex, features, **more):
    given = {"label": more.pop("label", np.zeros(len(sex), int))} | more
    evidence = make_evidence({"sex": ["fm"[s] for s in sex]}, features=features, **given)
    return found(evidence, make_plan(["sex"], minimum_group=30))


def test_planted_proxies_are_found_and_ranked(make_evidence, make_plan, found):
    sex, features = planted()
    section, by_id = screened(make_evidence, make_plan, found, sex, features)
    (facts,) = section.proxies
    assert facts.features[:2] == ("strong", "weak")
    # A copy that is wrong with chance e has area (1 - e) under the curve.
    for name, area in (("strong", 0.9), ("weak", 0.6)):
        told = by_id[f"fairness/proxy_auc/sex/{name}"]
        assert told.low < area < told.high
        assert told.value == pytest.approx(roc_auc_score(sex, features[name]), abs=0.005)
    assert by_id["fairness/proxy_auc/sex/noise"].low < 0.5
    assert by_id["fairness/proxy_auc/sex/level"].value == pytest.approx(0.5, abs=0.02)


def test_together_they_tell_what_a_plain_regression_tells(make_evidence, make_plan, found):
    sex, features = planted()
    _, by_id = screened(make_evidence, make_plan, found, sex, features)
    design = pd.DataFrame({name: features[name] for name in ("strong", "weak", "noise")})
    score = cross_val_predict(LogisticRegression(), design, sex, method="predict_proba")[:, 1]
    together = by_id["fairness/proxy_auc/sex"]
    assert together.value == pytest.approx(roc_auc_score(sex, score), abs=0.015)
    assert together.value > by_id["fairness/proxy_auc/sex/strong"].value
    assert together.method == "delong_cross_fitted"


def test_features_that_tell_nothing_are_not_flagged(make_evidence, make_plan, found):
    flagged = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        features = {"a": rng.normal(0, 1, 300), "b": rng.choice(list("xyz"), 300)}
        _, by_id = screened(make_evidence, make_plan, found, rng.integers(0, 2, 300), features)
        flagged += by_id["fairness/proxy_auc/sex"].low > 0.5
    # one side of 95 % intervals: 2.5 % of 12 is 0.3; more than 2 has a chance of 1 in 400
    assert flagged <= 2


def test_guessing_on_the_rows_it_was_fitted_on_would_flag_noise():
    # The known-bad double: in sample, bins of pure noise seem to tell the groups apart.
    rng = np.random.default_rng(0)
    group, bins = rng.integers(0, 2, 300), rng.integers(0, 60, 300)
    means = np.array([group[bins == b].mean() if (bins == b).any() else 0 for b in range(60)])
    assert roc_auc_score(group, means[bins]) > 0.65


def test_the_score_alone(make_evidence, make_plan, found):
    sex, features = planted()
    score = 1.0 - sex * 0.5  # perfectly telling, and pointing the other way
    _, by_id = screened(make_evidence, make_plan, found, sex, features, score=score)
    assert by_id["fairness/score_proxy_auc/sex"].value == pytest.approx(1.0)
    _, blind = screened(make_evidence, make_plan, found, sex, features, label=np.arange(len(sex)) % 2)
    assert blind["fairness/score_proxy_auc/sex"].low < 0.5 < blind["fairness/score_proxy_auc/sex"].high


def test_scores_of_several_classes_are_taken_together(make_evidence, make_plan, found):
    sex, features = planted()
    score = np.stack([sex, np.zeros(len(sex)), 1 - sex], axis=1)
    _, by_id = screened(make_evidence, make_plan, found, sex, features, score=score, task="multiclass", classes=3)
    assert by_id["fairness/score_proxy_auc/sex"].value == pytest.approx(1.0)


def test_sensitive_columns_are_no_proxies_of_each_other(make_evidence, make_plan, found):
    sex, features = planted()
    groups = {"sex": ["fm"[s] for s in sex], "race": ["wb"[s] for s in sex]}
    made = {"features": features | {"race": groups["race"]}, "label": np.zeros(len(sex), int)}
    section, by_id = found(make_evidence(groups, **made), make_plan(["sex", "race"]))
    assert all("race" not in proxy.features for proxy in section.proxies)
    assert "fairness/proxy_auc/sex/race" not in by_id
    assert by_id["fairness/proxy_auc/race"].value < 0.99


def test_several_groups_are_told_apart_on_average(make_evidence, make_plan, found):
    rng = np.random.default_rng(3)
    race, copy = rng.integers(0, 3, 1500), rng.integers(0, 3, 1500)
    told = np.where(rng.random(1500) < 0.7, race, copy)
    evidence = make_evidence({"race": ["abc"[r] for r in race]}, label=race % 2, features={"told": told})
    _, by_id = found(evidence, make_plan(["race"]))
    areas = [roc_auc_score(race == k, np.where(told == k, 0.8, 0.1)) for k in range(3)]
    assert by_id["fairness/proxy_auc/race/told"].value == pytest.approx(np.mean(areas), abs=0.01)
    assert by_id["fairness/proxy_auc/race"].value == pytest.approx(np.mean(areas), abs=0.01)


def test_without_features_only_the_score_is_asked(make_evidence, make_plan, found):
    sex, _ = planted()
    _, by_id = screened(make_evidence, make_plan, found, sex, None, score=sex * 1.0)
    assert "no other features" in by_id["fairness/proxy_auc/sex"].reason
    assert by_id["fairness/score_proxy_auc/sex"].value == pytest.approx(1.0)


@pytest.mark.parametrize("size", [1, 9])
def test_a_group_too_small_to_be_told_apart_is_named(size, make_evidence, make_plan, found):
    sex, features = planted(n=600)
    race = np.where(np.arange(600) < size, "rare", np.where(sex == 1, "a", "b"))
    evidence = make_evidence({"race": race.tolist()}, label=sex, features=features)
    section, by_id = found(evidence, make_plan(["race"], minimum_group=1))
    assert section.proxies[0].left_out == ("rare",)
    assert isinstance(by_id["fairness/proxy_auc/race"], Estimate)


def test_one_group_has_no_proxy(make_evidence, make_plan, found):
    _, features = planted(n=100)
    evidence = make_evidence({"sex": ["f"] * 100}, label=[0, 1] * 50, features=features)
    section, by_id = found(evidence, make_plan(["sex"]))
    assert section.proxies[0].status == "not_run"
    for name in ("proxy_auc", "score_proxy_auc"):
        assert "large enough" in by_id[f"fairness/{name}/sex"].reason


def test_rows_are_drawn_and_that_is_said(make_evidence, make_plan, found):
    sex, features = planted(n=4000)
    evidence = make_evidence({"sex": ["fm"[s] for s in sex]}, label=sex, features=features)
    section, by_id = found(evidence, make_plan(["sex"], fairness={"proxies": {"rows": 500}}))
    assert (section.proxies[0].rows, section.proxies[0].rows_available) == (500, 4000)
    assert by_id["fairness/proxy_auc/sex"].n == 500


@pytest.mark.parametrize("shuffled", [False, True])
def test_a_weight_is_that_many_rows_in_whatever_order(shuffled, make_evidence, make_plan, found):
    sex, features = planted(n=200)
    weight = np.random.default_rng(0).integers(0, 4, 200)
    rows = np.repeat(np.arange(200), weight)
    if shuffled:
        rows = np.random.default_rng(1).permutation(rows)
    _, weighted = screened(make_evidence, make_plan, found, sex, features, score=features["noise"], weight=weight)
    repeated = {name: values[rows] for name, values in features.items()}
    _, plain = screened(make_evidence, make_plan, found, sex[rows], repeated, score=repeated["noise"])
    proxies = [id for id in weighted if "proxy" in id]
    assert len(proxies) == 7
    for id in proxies:
        one, other = weighted[id], plain[id]
        assert (one.value, one.low, one.high, one.n) == pytest.approx((other.value, other.low, other.high, other.n))


def test_sampling_weights_count_no_rows(make_evidence, make_plan, found):
    sex, features = planted(n=600)
    weight = np.where(np.arange(600) % 2, 1.0, 9.0)
    _, plain = screened(make_evidence, make_plan, found, sex, features)
    _, skewed = screened(make_evidence, make_plan, found, sex, features, weight=weight, weight_kind="sampling")
    one, other = plain["fairness/proxy_auc/sex/strong"], skewed["fairness/proxy_auc/sex/strong"]
    assert one.n == other.n == 600
    assert other.high - other.low > 1.1 * (one.high - one.low)


def test_weights_of_zero_and_infinite_features_do_no_harm(make_evidence, make_plan, found):
    sex, features = planted(n=300)
    features["wild"] = np.where(np.arange(300) % 7 == 0, np.nan, np.where(np.arange(300) % 5 == 0, 1e300, -1.0))
    weight = np.where(np.arange(300) < 100, 0.0, 1.0)
    _, by_id = screened(make_evidence, make_plan, found, sex, features, weight=weight)
    assert by_id["fairness/proxy_auc/sex"].n == 200
    assert not [id for id, m in by_id.items() if "proxy" in id and isinstance(m, Undefined) and "score" not in id]
