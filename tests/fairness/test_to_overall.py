"""How far groups are from all rows: fairlearn's guide, fairlearn itself, and how often the interval holds the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import (
    MetricFrame,
    demographic_parity_difference,
    demographic_parity_ratio,
    equalized_odds_difference,
    equalized_odds_ratio,
    false_positive_rate,
    selection_rate,
    true_positive_rate,
)
from sklearn.metrics import accuracy_score

from audit.catalogue import load
from audit.declarations.metric import Sample
from audit.fairness.disaggregate import Rows, disaggregate, group_cells
from audit.fairness.groups import make_grouping
from audit.fairness.overall import measure_to_overall
from audit.records.measured import Estimate, Undefined
from audit.records.plan import MeasurementRequest
from audit.records.spec import IntervalSpec, SensitiveSpec

NAMES = {
    "demographic_parity_to_overall": selection_rate,
    "equal_opportunity_to_overall": true_positive_rate,
    "predictive_equality_to_overall": false_positive_rate,
    "accuracy_parity_to_overall": accuracy_score,
}
EVERY = [*NAMES, "equalized_odds_to_overall"]


def test_the_guide_of_fairlearn(make_evidence, make_plan, found):
    # fairlearn user guide, perform_fairness_assessment: `difference(method="to_overall")` and `ratio`
    target = [0, 1, 1, 1, 1, 0, 1, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1]
    label = [0, 0, 1, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 0]
    group = list("bbabbcccaacabccbcc")
    evidence = make_evidence({"g": group}, target=target, label=label)
    _, by_id = found(evidence, make_plan(["g"], fairness={"metrics": EVERY}))
    expected = {
        "demographic_parity": (0.194444, 0.740741),
        "equal_opportunity": (0.1, 0.8),
        "predictive_equality": (0.666667, 0.0),
        "equalized_odds": (0.666667, 0.0),
    }
    for name, (difference, ratio) in expected.items():
        for form, value in (("difference", difference), ("ratio", ratio)):
            measured = by_id[f"fairness/{name}_to_overall/g/{form}"]
            assert measured.value == pytest.approx(value, abs=1e-6), (name, form)
            assert measured.low <= measured.value <= measured.high
            assert measured.n == 18


def test_they_are_measured_for_who_names_them(make_evidence, make_plan, found):
    evidence = make_evidence({"g": list("aabb") * 10}, target=[0, 1] * 20, label=[1, 1, 0, 1] * 10)
    section, by_id = found(evidence, make_plan(["g"]))
    assert not [id for id in by_id if "to_overall" in id]
    assert not [d for d in section.disparities if "to_overall" in d.name]
    request = MeasurementRequest(stage="fairness", measure="equal_opportunity_to_overall", group_by=(("g",),))
    section, by_id = found(evidence, make_plan(["g"], requests=[request]))
    assert [d.name for d in section.disparities if "to_overall" in d.name] == ["equal_opportunity_to_overall"]
    assert "fairness/equal_opportunity_to_overall/g/difference" in by_id


@pytest.mark.parametrize("seed", range(25))
def test_it_is_what_fairlearn_says(seed, make_evidence, make_plan, found):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(12, 80))
    group, target = rng.choice(list("abcd"[: rng.integers(2, 5)]), n), rng.integers(0, 2, n)
    label = (rng.random(n) < rng.uniform(0.05, 0.9)).astype(int)
    weight = None if seed % 2 else rng.integers(1, 4, n).astype(float)
    # Each group has both classes, without which fairlearn says 0 where we say there is no value.
    for g in np.unique(group):
        rows = np.flatnonzero(group == g)[:2]
        target[rows] = [0, 1][: len(rows)]
    whole = all(len(np.unique(target[group == g])) == 2 for g in np.unique(group))
    evidence = make_evidence({"g": group.tolist()}, target=target, label=label, weight=weight)
    _, by_id = found(
        evidence, make_plan(["g"], resamples=100, fairness={"metrics": EVERY, "flip": False, "proxies": False})
    )
    common = {"sensitive_features": group}
    with np.errstate(all="ignore"):
        for name, of in NAMES.items():
            if not whole and name not in ("demographic_parity_to_overall", "accuracy_parity_to_overall"):
                continue
            params = None if weight is None else {"sample_weight": weight}
            frame = MetricFrame(metrics=of, y_true=target, y_pred=label, sample_params=params, **common)
            same(by_id, name, "difference", frame.difference(method="to_overall"))
            same(by_id, name, "ratio", frame.ratio(method="to_overall"))
        if whole:
            given = {"y_true": target, "y_pred": label, "method": "to_overall", "sample_weight": weight, **common}
            same(by_id, "equalized_odds_to_overall", "difference", equalized_odds_difference(**given))
            same(by_id, "equalized_odds_to_overall", "ratio", equalized_odds_ratio(**given))
            same(by_id, "demographic_parity_to_overall", "difference", demographic_parity_difference(**given))
            same(by_id, "demographic_parity_to_overall", "ratio", demographic_parity_ratio(**given))


def same(by_id, name, form, expected):
    measured = by_id[f"fairness/{name}/g/{form}"]
    if isinstance(measured, Undefined):
        # Everybody, or nobody, in every group: fairlearn divides 0 by 0.
        assert np.isnan(expected) or "is 0 in every" in measured.reason
    else:
        assert measured.value == pytest.approx(expected, abs=1e-12)


def coverage(rates, sizes, rounds=300):
    """Share of rounds in which the intervals of the difference and of the ratio hold the truth."""
    rng, metric = np.random.default_rng(3), load("metrics", "selection_rate")
    whole = np.average(rates, weights=sizes)
    ratios = np.minimum(np.array(rates) / whole, whole / np.array(rates))
    true = {"difference": float(np.abs(np.array(rates) - whole).max()), "ratio": float(ratios.min())}
    codes = np.repeat(np.arange(len(sizes)), sizes)
    frame = pd.DataFrame({"g": [f"g{code}" for code in codes]}, dtype=object)
    grouping = make_grouping(frame, ("g",), None, True, SensitiveSpec(features=("g",)))
    inside = dict.fromkeys(true, 0)
    for seed in range(rounds):
        label = (rng.random(len(codes)) < np.array(rates)[codes]).astype(int)
        sample = Sample(target=None, label=label, score=None, classes=2, positive=1, favourable=1)
        rows = Rows(sample=sample, interval=IntervalSpec(resamples=1000), seed=seed, scope="held_out", minimum=1)
        gaps = measure_to_overall(disaggregate(metric, grouping, group_cells(grouping, sample), rows))
        for form, value in true.items():
            found = gaps[form].measured
            inside[form] += isinstance(found, Estimate) and found.low - 1e-12 <= value <= found.high + 1e-12
    return {form: count / rounds for form, count in inside.items()}


@pytest.mark.parametrize(
    ("rates", "sizes"), [((0.3, 0.6), (60, 90)), ((0.4,) * 4, (50,) * 4), ((0.1, 0.2, 0.3), (100, 300, 60))]
)
def test_the_interval_holds_the_truth(rates, sizes):
    # Of 300 rounds a true 95 % lands below 0.91 once in a thousand times.
    assert min(coverage(rates, sizes).values()) >= 0.91


def test_draws_that_take_all_rows_as_known_are_narrower(monkeypatch):
    """The double: drawn as though chance moved the groups and not what they are compared with, an end is missed."""
    monkeypatch.setattr("audit.fairness.overall.draw_slack", lambda form, draws: np.zeros(len(draws)))
    assert min(coverage((0.4,) * 4, (50,) * 4).values()) < 0.5


def test_what_is_no_share_of_rows_says_so():
    rng = np.random.default_rng(0)
    sample = Sample(target=rng.integers(0, 2, 60), label=None, score=rng.random(60), classes=2, positive=1)
    frame = pd.DataFrame({"g": ["a", "b"] * 30}, dtype=object)
    grouping = make_grouping(frame, ("g",), None, True, SensitiveSpec(features=("g",), minimum_group=1))
    rows = Rows(sample=sample, interval=IntervalSpec(resamples=100), seed=0, scope="held_out", minimum=1)
    gaps = measure_to_overall(disaggregate(load("metrics", "roc_auc"), grouping, None, rows))
    assert all(
        isinstance(gap.measured, Undefined) and "no share of rows" in gap.measured.reason for gap in gaps.values()
    )


def test_rows_of_unknown_groups_are_no_part_of_all_rows(make_evidence, make_plan, found):
    group, label = ["a"] * 4 + ["b"] * 4 + ["unknown"] * 8, [1, 0, 0, 0, 1, 1, 1, 0] + [1] * 8
    fairness = {"metrics": ["demographic_parity_to_overall"]}
    _, by_id = found(make_evidence({"g": group}, label=label), make_plan(["g"], fairness=fairness))
    assert by_id["fairness/demographic_parity_to_overall/g/difference"].value == 0.25  # 1/4 and 3/4, beside 4/8
    assert by_id["fairness/demographic_parity_to_overall/g/ratio"].value == 0.5
