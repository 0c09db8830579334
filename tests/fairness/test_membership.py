"""Groups known by probability: every row counts in every group by its weight, and intervals know that."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, precision_score, recall_score, roc_auc_score

from audit.estimation.estimate import estimate
from audit.records.measured import Estimate, Undefined
from audit.records.plan import MeasurementRequest

N = 600


def people(seed=0, n=N):
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet([1, 1, 1], n)
    score = rng.integers(0, 20, n) / 20
    return shares, {
        "target": (rng.random(n) < score).astype(int),
        "label": (score >= 0.5).astype(int),
        "score": score,
        "probability": True,
    }


def audited(make_evidence, make_plan, found, shares, made, *, requests=(), extra=None, **sensitive):
    """Measure with race known by probability, beside a column that is known."""
    n = len(shares)
    evidence = make_evidence({"sex": ["fm"[i % 2] for i in range(n)]}, **made)
    names = list("abc")[: shares.shape[1]]
    frame = pd.DataFrame(shares, columns=names).assign(**(extra or {}))
    table = replace(evidence.headline.table, memberships={"race": frame})
    evidence = replace(evidence, headline=replace(evidence.headline, table=table))
    given = {"race": {name: f"p_{name}" for name in names}}
    more = {"fairness": {"flip": False, "proxies": False}} | sensitive
    plan = make_plan(["sex"], requests=requests, probabilities=given, **more)
    return found(evidence, plan)


def test_rates_are_those_of_scikit_learn_with_the_probabilities_as_weights(make_evidence, make_plan, found):
    shares, made = people()
    section, by_id = audited(make_evidence, make_plan, found, shares, made)
    target, label, score = made["target"], made["label"], made["score"]
    for g, name in enumerate("abc"):
        p = shares[:, g]
        for measure, expected in {
            "selection_rate": np.average(label, weights=p),
            "true_positive_rate": recall_score(target, label, sample_weight=p),
            "precision": precision_score(target, label, sample_weight=p),
            "roc_auc": roc_auc_score(target, score, sample_weight=p),
            "brier_score": brier_score_loss(target, score, sample_weight=p),
            "true_positives": p[(target == 1) & (label == 1)].sum(),
            "share": p.mean(),
        }.items():
            assert by_id[f"fairness/{measure}/race={name}"].value == pytest.approx(expected, abs=1e-9), measure
        assert by_id[f"fairness/count/race={name}"].value == round(p.sum())
        assert by_id[f"fairness/selection_rate/race={name}"].n == round(p.sum())
    rates = [np.average(label, weights=p) for p in shares.T]
    assert by_id["fairness/demographic_parity/race/difference"].value == pytest.approx(max(rates) - min(rates))
    assert by_id["fairness/impact_ratio/race=a"].value == pytest.approx(rates[0] / max(rates))
    grouping = next(g for g in section.groupings if g.key == "race")
    assert grouping.probabilistic
    said = next(note for note in section.notes if note.startswith("Membership by race is a probability"))
    assert "10.1145/3287560.3287594" in said


def test_certain_probabilities_give_what_certain_groups_give(make_evidence, make_plan, found):
    shares, made = people()
    sure = np.eye(3)[shares.argmax(axis=1)]
    _, weighted = audited(make_evidence, make_plan, found, sure, made)
    named = make_evidence({"race": ["abc"[g] for g in shares.argmax(axis=1)]}, **made)
    _, certain = found(named, make_plan(["race"], fairness={"flip": False, "proxies": False}))
    for name in ("selection_rate", "accuracy", "roc_auc", "brier_score", "balanced_accuracy"):
        for group in "abc":
            one, other = (m[f"fairness/{name}/race={group}"] for m in (weighted, certain))
            assert (one.value, one.low, one.high, one.n) == pytest.approx((other.value, other.low, other.high, other.n))
    for form in ("difference", "ratio"):
        one, other = (m[f"fairness/selection_rate/race/{form}"] for m in (weighted, certain))
        assert one.value == pytest.approx(other.value)
        assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=0.03)


def test_a_probability_everybody_shares_tells_no_groups_apart(make_evidence, make_plan, found):
    _, made = people()
    _, by_id = audited(make_evidence, make_plan, found, np.full((N, 2), 0.5), made)
    rate = by_id["fairness/selection_rate/race=a"]
    assert rate.value == pytest.approx(made["label"].mean())
    assert rate.n == N / 2
    # The two rates rest on the same rows with the same weights: their gap is nil for certain.
    gap = by_id["fairness/selection_rate/race/difference"]
    assert (gap.value, gap.low, gap.high) == pytest.approx((0, 0, 0), abs=1e-9)


def test_intervals_cover_weighted_rates_and_ratios(make_evidence, make_plan, found):
    """400 tables of 200 rows: the decision depends on what the probabilities are made of, and on nothing else."""
    rng = np.random.default_rng(4)
    p = rng.beta(2, 2, (400, 200))
    label = (rng.random(p.shape) < 0.2 + 0.5 * p).astype(int)
    # E[p y] / E[p] and the same of 1 - p, with E[p] = 1/2 and E[p^2] = 3/10
    one, other = (0.2 * 0.5 + 0.5 * 0.3) / 0.5, (0.2 * 0.5 + 0.5 * (0.5 - 0.3)) / 0.5
    inside = {"rate": 0, "ratio": 0}
    for shares, given in zip(p[:150], label[:150], strict=True):
        both = np.stack([shares, 1 - shares], axis=1)
        _, by_id = audited(make_evidence, make_plan, found, both, {"label": given}, reference={"race": "a"})
        rate, ratio = by_id["fairness/selection_rate/race=a"], by_id["fairness/impact_ratio/race=b"]
        inside["rate"] += rate.low <= one <= rate.high
        inside["ratio"] += ratio.low <= other / one <= ratio.high
    # 95 % of 150 with three standard errors; a plain Wilson interval on n = 100 would hold nearly always
    assert 134 <= inside["rate"] <= 149
    assert 134 <= inside["ratio"] <= 150


def test_groups_that_share_rows_are_not_independent(make_evidence, make_plan, found):
    """The interval of a ratio is that of a bootstrap of rows; taking groups for independent would be another one."""
    rng = np.random.default_rng(6)
    p = rng.beta(0.5, 0.5, 1500) * 0.4 + 0.3  # never far from one half: the two groups are mostly the same rows
    label = (rng.random(1500) < 0.4).astype(int)
    both = np.stack([p, 1 - p], axis=1)
    _, by_id = audited(make_evidence, make_plan, found, both, {"label": label}, reference={"race": "a"}, resamples=4000)
    ratio = by_id["fairness/impact_ratio/race=b"]
    rows = rng.integers(0, 1500, (4000, 1500))
    drawn = [(label[r] @ both[r, 1] / both[r, 1].sum()) / (label[r] @ both[r, 0] / both[r, 0].sum()) for r in rows]
    width = np.quantile(drawn, 0.975) - np.quantile(drawn, 0.025)
    assert ratio.high - ratio.low == pytest.approx(width, rel=0.08)
    one, other = (by_id[f"fairness/selection_rate/race={g}"] for g in "ab")
    alone = np.hypot((one.high - one.low) / one.value, (other.high - other.low) / other.value) * ratio.value
    assert alone > 1.5 * width


def test_the_bias_of_weighting_is_the_published_one():
    """Chen et al. 2019: what is left between decision and group, given what the probability was told from."""
    rng = np.random.default_rng(7)
    n = 400_000
    p = rng.beta(2, 2, n)
    group = rng.random(n) < p
    label = rng.random(n) < 0.3 + 0.2 * p + 0.15 * group
    weighted, true = np.average(label, weights=p), label[group].mean()
    # -E[Cov(group, decision | p)] / P(group) = -0.15 E[p (1 - p)] / E[p]
    assert weighted - true == pytest.approx(-0.15 * (0.5 - 0.3) / 0.5, abs=0.005)


def test_a_weight_of_two_is_the_row_twice(make_evidence, make_plan, found):
    shares, made = people(n=80)
    weight = np.random.default_rng(1).integers(0, 4, 80)
    twice = {k: np.repeat(v, weight) if isinstance(v, np.ndarray) else v for k, v in made.items()}
    _, one = audited(make_evidence, make_plan, found, shares, made | {"weight": weight})
    _, other = audited(make_evidence, make_plan, found, np.repeat(shares, weight, axis=0), twice)
    race = [id for id in one if "race" in id]
    assert len(race) > 50
    for id in race:
        a, b = one[id], other[id]
        assert type(a) is type(b), id
        if isinstance(a, Estimate):
            assert (a.value, a.n) == pytest.approx((b.value, b.n)), id
            if not a.method.startswith("bootstrap"):
                assert (a.low, a.high) == pytest.approx((b.low, b.high)), id


def test_sampling_weights_multiply_the_probabilities(make_evidence, make_plan, found):
    shares, made = people()
    weight = np.random.default_rng(2).uniform(0.5, 5, N)
    _, by_id = audited(make_evidence, make_plan, found, shares, made | {"weight": weight, "weight_kind": "sampling"})
    rate = by_id["fairness/selection_rate/race=a"]
    assert rate.value == pytest.approx(np.average(made["label"], weights=weight * shares[:, 0]))
    assert rate.n == round(shares[:, 0].sum())


def test_rows_without_probabilities_are_a_group_of_their_own(make_evidence, make_plan, found):
    shares, made = people()
    none = np.arange(N) < 50
    shares[none] = 0
    section, by_id = audited(make_evidence, make_plan, found, shares, made, extra={"unknown": none.astype(float)})
    assert by_id["fairness/count/race=unknown"].value == 50
    assert "fairness/impact_ratio/race=unknown" not in by_id
    known = [np.average(made["label"], weights=p) for p in shares.T]
    assert by_id["fairness/selection_rate/race/difference"].value == pytest.approx(max(known) - min(known))
    assert any("By race, 50 rows have an unknown value" in note for note in section.notes)


def test_whole_persons_are_asked_for_in_vain(make_evidence, make_plan, found):
    shares, made = people()
    _, by_id = audited(make_evidence, make_plan, found, shares, made)
    reason = by_id["fairness/selection_rate_p_value/race=a"].reason
    assert "by probability is not a whole person" in reason


def test_a_pack_finds_the_feature_under_its_name(make_evidence, make_plan, found):
    shares, made = people()
    request = MeasurementRequest(stage="fairness", measure="impact_ratio", group_by=(("race",),))
    _, by_id = audited(make_evidence, make_plan, found, shares, made, requests=[request])
    assert not isinstance(by_id["fairness/impact_ratio/race=a"], Undefined)
    assert "fairness/impact_ratio/race" not in by_id


def test_a_group_nobody_can_be_of_is_undefined(make_evidence, make_plan, found):
    shares, made = people()
    shares = np.column_stack([shares[:, 0], 1 - shares[:, 0], np.zeros(N)])
    _, by_id = audited(make_evidence, make_plan, found, shares, made)
    assert isinstance(by_id["fairness/selection_rate/race=c"], Undefined)
    assert isinstance(by_id["fairness/roc_auc/race=c"], Undefined)
    assert not isinstance(by_id["fairness/selection_rate/race/difference"], Undefined)


@pytest.mark.parametrize("task", ["regression", "multiclass"])
def test_other_tasks_are_weighted_too(task, make_evidence, make_plan, found):
    shares, _ = people()
    rng = np.random.default_rng(3)
    if task == "regression":
        made = {"target": rng.normal(0, 1, N), "score": rng.normal(0, 1, N), "task": task}
        expected = {"mean_absolute_error": np.abs(made["score"] - made["target"])}
        expected["scoring_rate"] = made["score"] > np.median(made["score"])
    else:
        made = {"target": rng.integers(0, 3, N), "label": rng.integers(0, 3, N), "task": task, "classes": 3}
        expected = {"accuracy": made["target"] == made["label"]}
    _, by_id = audited(make_evidence, make_plan, found, shares, made)
    for name, values in expected.items():
        told = by_id[f"fairness/{name}/race=a"]
        assert told.value == pytest.approx(np.average(values, weights=shares[:, 0]))
        assert told.low < told.value < told.high


def test_what_takes_redrawing_is_left_out_of_many_rows_and_said(make_evidence, make_plan, found, monkeypatch):
    monkeypatch.setattr("audit.fairness.membership.MOST_REDRAWN", 100)
    shares, made = people()
    section, by_id = audited(make_evidence, make_plan, found, shares, made)
    assert "fairness/matthews_corrcoef/sex=f" in by_id
    assert "fairness/matthews_corrcoef/race=a" not in by_id
    assert any(note.startswith("Not measured by race, known by probability:") for note in section.notes)


def test_thresholded_groups_would_be_others():
    """The known-bad double: giving each row to its likeliest group gives other rates than weighting."""
    shares, made = people()
    likeliest = shares.argmax(axis=1)
    hard = [made["label"][likeliest == g].mean() for g in range(3)]
    soft = [np.average(made["label"], weights=p) for p in shares.T]
    assert max(abs(h - s) for h, s in zip(hard, soft, strict=True)) > 0.02


def test_the_estimate_itself_is_the_one_for_inclusion_weights():
    from audit.catalogue import load
    from audit.declarations.metric import Sample
    from audit.records.spec import IntervalSpec

    shares, made = people()
    sample = Sample(
        target=made["target"], label=made["label"], weight=shares[:, 0], weight_kind="sampling", classes=2, positive=1
    )
    rate = estimate(load("metrics", "selection_rate"), sample, IntervalSpec(), 0)
    p, y = shares[:, 0], made["label"]
    value = p @ y / p.sum()
    # The lesser of Kish's number of rows and of Korn and Graubard's.
    n = min(p.sum() ** 2 / (p @ p), value * (1 - value) / (p**2 @ (y - value) ** 2 / p.sum() ** 2))
    assert n >= 100
    centre = (value + 1.959964**2 / (2 * n)) / (1 + 1.959964**2 / n)
    assert (rate.low + rate.high) / 2 == pytest.approx(centre, abs=1e-6)


# --- intersections ----------------------------------------------------------------------------------


def test_an_intersection_with_what_is_known_weighs_by_the_probability(make_evidence, make_plan, found):
    shares, made = people()
    section, by_id = audited(make_evidence, make_plan, found, shares, made, intersections=(("sex", "race"),))
    female = np.arange(N) % 2 == 0
    for g, name in enumerate("abc"):
        p = shares[:, g] * female
        measured = by_id[f"fairness/selection_rate/sex=f&race={name}"]
        assert measured.value == pytest.approx(np.average(made["label"], weights=p))
        assert (measured.low < measured.value < measured.high, measured.n) == (True, round(p.sum()))
    grouping = next(g for g in section.groupings if g.key == "sex&race")
    assert grouping.probabilistic and len(grouping.groups) == 6
    assert sum(g.share for g in grouping.groups) == pytest.approx(1)
    assert "fairness/demographic_parity/sex&race/difference" in by_id


def test_an_intersection_of_two_that_are_guessed_takes_the_product_and_says_so(make_evidence, make_plan, found):
    shares, made = people()
    evidence = make_evidence({"sex": ["f", "m"] * (N // 2)}, **made)
    old = np.random.default_rng(5).random(N)
    held = {
        "race": pd.DataFrame(shares, columns=list("abc")),
        "age": pd.DataFrame({"old": old, "young": 1 - old}),
    }
    table = replace(evidence.headline.table, memberships=held)
    evidence = replace(evidence, headline=replace(evidence.headline, table=table))
    given = {"race": {n: f"p_{n}" for n in "abc"}, "age": {"old": "p_old", "young": "p_young"}}
    fairness = {"flip": False, "proxies": False}
    plan = make_plan(["sex"], probabilities=given, intersections=(("race", "age"),), fairness=fairness)
    section, by_id = found(evidence, plan)
    expected = np.average(made["label"], weights=shares[:, 1] * old)
    assert by_id["fairness/selection_rate/race=b&age=old"].value == pytest.approx(expected)
    (said,) = (note for note in section.notes if note.startswith("Membership by race and age"))
    assert "taken as independent given their probabilities" in said
    alone = next(note for note in section.notes if note.startswith("Membership by race is"))
    assert "independent" not in alone and "whole persons" in alone


def test_certain_probabilities_give_the_intersection_of_certain_groups(make_evidence, make_plan, found):
    shares, made = people()
    sure = np.eye(3)[shares.argmax(axis=1)]
    _, weighted = audited(make_evidence, make_plan, found, sure, made, intersections=(("sex", "race"),))
    columns = {"sex": ["fm"[i % 2] for i in range(N)], "race": ["abc"[g] for g in shares.argmax(axis=1)]}
    fairness = {"flip": False, "proxies": False}
    plan = make_plan(["sex", "race"], intersections=(("sex", "race"),), fairness=fairness)
    _, certain = found(make_evidence(columns, **made), plan)
    for name in ("f&race=a", "m&race=c"):
        for measure in ("selection_rate", "true_positive_rate", "precision"):
            one, other = (by_id[f"fairness/{measure}/sex={name}"] for by_id in (weighted, certain))
            assert (one.value, one.n if measure == "selection_rate" else 0) == pytest.approx(
                (other.value, other.n if measure == "selection_rate" else 0)
            )


def test_a_pack_hears_why_an_index_is_not_measured_of_guessed_groups(make_evidence, make_plan, found):
    shares, made = people()
    request = MeasurementRequest(stage="fairness", measure="theil_index", group_by=(("race",),))
    _, by_id = audited(make_evidence, make_plan, found, shares, made, requests=[request])
    assert "whole persons" in by_id["fairness/theil_index/race"].reason
