"""The four-fifths figures: exact at the limit, tested, and turned round by one person where numbers are small."""

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency

from audit.fairness.two_rates import katz, newcombe, reversed_by_one, two_sided_p
from audit.records.measured import Estimate, Exact, Undefined
from audit.records.plan import MeasurementRequest


def selected(counts, column="g"):
    rows = [(g, d, w) for g, (hits, n) in counts.items() for d, w in ((1, hits), (0, n - hits)) if w]
    values, label, weight = zip(*rows, strict=True)
    return {"sensitive": {column: values}, "label": label, "weight": weight}


@pytest.mark.parametrize(
    ("group", "reference", "ratio"), [((6, 10), (15, 20), 0.8), ((12, 100), (15, 100), 0.8), ((28, 50), (7, 10), 0.8)]
)
def test_a_ratio_of_four_fifths_is_four_fifths(group, reference, ratio, make_evidence, make_plan, found):
    # The known-bad double: floating division falls short of the limit that exact numbers meet.
    _, by_id = found(make_evidence(**selected({"a": group, "b": reference})), make_plan(["g"]))
    assert by_id["fairness/impact_ratio/g=a"].value == ratio


def test_floating_division_would_miss_the_limit():
    short = [(a, n, c, m) for n in range(5, 60) for m in (20, 40) for a in range(1, n) for c in range(1, m)
             if 5 * a * m == 4 * c * n and (a / n) / (c / m) < 0.8]  # fmt: skip
    assert short, "if division were exact, fractions would not be needed"


def test_reversal_golden_figures(make_evidence, make_plan, found):
    _, small = found(make_evidence(**selected({"ref": (6, 10), "g": (4, 9)})), make_plan(["g"]))
    assert small["fairness/impact_ratio/g=g"].value == pytest.approx(0.7407407, abs=1e-7)
    assert small["fairness/selection_reversal/g=g"] == Exact(value=1, n=19)
    _, large = found(make_evidence(**selected({"ref": (10, 20), "g": (3, 10)})), make_plan(["g"]))
    assert large["fairness/impact_ratio/g=g"].value == 0.6
    assert large["fairness/selection_reversal/g=g"] == Exact(value=0, n=30)


def test_equal_rates_after_the_swap_are_no_reversal():
    assert not reversed_by_one(4, 10, 6, 10)  # 5/10 against 5/10
    assert reversed_by_one(5, 10, 6, 10)


def test_the_reference_group_stands_beside_itself(make_evidence, make_plan, found):
    _, by_id = found(make_evidence(**selected({"a": (1, 10), "b": (5, 10)})), make_plan(["g"]))
    assert by_id["fairness/impact_ratio/g=b"] == Exact(value=1.0, n=10)
    assert by_id["fairness/selection_rate_p_value/g=b"] == Exact(value=1.0, n=10)
    assert by_id["fairness/selection_reversal/g=b"] == Exact(value=0, n=10)


def test_nobody_selected_anywhere_has_no_ratio(make_evidence, make_plan, found):
    _, by_id = found(make_evidence(**selected({"a": (0, 10), "b": (0, 10)})), make_plan(["g"]))
    assert isinstance(by_id["fairness/impact_ratio/g=b"], Undefined)
    assert isinstance(by_id["fairness/selection_rate/g/ratio"], Undefined)
    assert by_id["fairness/selection_rate/g/difference"].value == 0.0
    assert by_id["fairness/selection_rate_p_value/g=b"].value == 1.0


def test_small_groups_are_compared_and_never_the_reference(make_evidence, make_plan, found):
    counts = {"tiny": (5, 5), "a": (20, 40), "b": (30, 50)}
    section, by_id = found(make_evidence(**selected(counts)), make_plan(["g"], minimum_group=30))
    assert by_id["fairness/impact_ratio/g=tiny"].value == pytest.approx(1 / 0.6)
    assert by_id["fairness/impact_ratio/g=b"] == Exact(value=1.0, n=50)
    assert by_id["fairness/selection_rate/g/difference"].value == pytest.approx(0.1)  # tiny takes no part
    assert {g.key: g.small for g in section.groupings[0].groups} == {"g=a": False, "g=b": False, "g=tiny": True}
    assert any("tiny (5)" in note for note in section.notes)


def test_unknown_is_counted_shown_and_left_out(make_evidence, make_plan, found):
    counts = {"unknown": (40, 40), "a": (20, 40), "b": (30, 50)}
    section, by_id = found(make_evidence(**selected(counts)), make_plan(["g"]))
    assert by_id["fairness/count/g=unknown"] == Exact(value=40, n=40)
    assert by_id["fairness/selection_rate/g=unknown"].value == 1.0
    assert "fairness/impact_ratio/g=unknown" not in by_id
    assert by_id["fairness/impact_ratio/g=b"].value == 1.0
    assert by_id["fairness/selection_rate/g/difference"].value == pytest.approx(0.1)
    assert by_id["fairness/shortfall/g=a"].value == pytest.approx(40 * 50 / 90 - 20)
    assert any("40 rows have an unknown value" in note for note in section.notes)
    assert [g.key for g in section.groupings[0].groups][-1] == "g=unknown"


def test_one_judged_group_has_no_gap(make_evidence, make_plan, found):
    plan = make_plan(["g"], minimum_group=30)
    _, by_id = found(make_evidence(**selected({"a": (20, 40), "b": (1, 5)})), plan)
    gap = by_id["fairness/demographic_parity/g/difference"]
    assert isinstance(gap, Undefined)
    assert "30 rows" in gap.reason


def test_a_pack_may_ask_for_another_reference_than_the_spec(make_evidence, make_plan, found):
    counts = {"a": (20, 40), "b": (30, 50), "c": (10, 40)}
    request = MeasurementRequest(stage="fairness", measure="impact_ratio", group_by=(("g",),), reference="highest_rate")
    plan = make_plan(["g"], requests=[request], reference={"g": "a"})
    _, by_id = found(make_evidence(**selected(counts)), plan)
    assert by_id["fairness/impact_ratio/g=b"].value == pytest.approx(1.2)
    assert by_id["fairness/impact_ratio;reference=highest_rate/g=b"].value == 1.0
    assert by_id["fairness/impact_ratio;reference=highest_rate/g=c"].value == pytest.approx(0.25 / 0.6)
    assert "fairness/selection_rate_p_value;reference=highest_rate/g=c" in by_id


def test_the_same_reference_is_not_measured_twice(make_evidence, make_plan, found):
    requests = [
        MeasurementRequest(stage="fairness", measure="impact_ratio", group_by=(("g",),), reference="highest_rate"),
        MeasurementRequest(stage="fairness", measure="impact_ratio", group_by=(("g",),), reference="a"),
    ]
    _, free = found(make_evidence(**selected({"a": (9, 40), "b": (9, 50)})), make_plan(["g"], requests=requests[:1]))
    named = make_plan(["g"], requests=requests[1:], reference={"g": "a"})
    _, fixed = found(make_evidence(**selected({"a": (9, 40), "b": (9, 50)})), named)
    assert not [id for id in (*free, *fixed) if ";" in id]


def test_sampling_weights_are_no_persons(make_evidence, make_plan, found):
    made = selected({"a": (12, 40), "b": (30, 60)})
    rows = [
        (g, d) for g, d, w in zip(made["sensitive"]["g"], made["label"], made["weight"], strict=True) for _ in range(w)
    ]
    values, label = zip(*rows, strict=True)
    evidence = make_evidence({"g": values}, label=label, weight=[2.5] * len(rows), weight_kind="sampling")
    _, by_id = found(evidence, make_plan(["g"]))
    assert by_id["fairness/impact_ratio/g=a"].value == pytest.approx(0.6)
    assert by_id["fairness/impact_ratio/g=a"].low < 0.6 < by_id["fairness/impact_ratio/g=a"].high
    assert by_id["fairness/count/g=a"].value == 40  # rows, not weights
    assert isinstance(by_id["fairness/selection_rate_p_value/g=a"], Undefined)


# --- against arithmetic of another kind -----------------------------------------------------------


@given(st.integers(1, 25), st.integers(1, 25), st.data())
@settings(max_examples=100, deadline=None)
def test_p_value_is_that_of_the_table(n, m, data):
    a, c = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    total, hits = n + m, a + c
    if min(n, m) * min(hits, total - hits) < 5 * total:
        chances = {k: comb(n, k) * comb(m, hits - k) for k in range(max(0, hits - m), min(n, hits) + 1)}
        expected = sum(w for w in chances.values() if w <= chances[a]) / comb(total, hits)
    else:
        expected = chi2_contingency([[a, n - a], [c, m - c]], correction=False).pvalue
    assert two_sided_p(a, n, c, m) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    # Newcombe 1998, Statistics in Medicine 17:873, table II, method 10
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((0, 10, 0, 10), -0.2775, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ],
)
def test_newcombe_intervals_as_published(counts, low, high):
    assert newcombe(*counts, 0.95) == pytest.approx((low, high), abs=1e-4)


@given(st.integers(1, 40), st.integers(1, 40), st.data())
@settings(max_examples=200, deadline=None)
def test_every_interval_holds_its_value(n, m, data):
    a, c = data.draw(st.integers(0, n)), data.draw(st.integers(1, m))
    low, high = katz(a, n, c, m, 0.95)
    assert 0 <= low <= float(a * m) / (n * c) * (1 + 1e-12)
    assert high >= float(a * m) / (n * c) * (1 - 1e-12)
    low, high = newcombe(a, n, c, m, 0.95)
    assert -1 - 1e-9 <= low <= a / n - c / m + 1e-12 <= high + 1e-9 <= 1 + 2e-9


def test_katz_by_hand():
    # ln 0.5 -+ 1.959964 sqrt(1/12 - 1/40 + 1/48 - 1/80)
    assert katz(12, 40, 48, 80, 0.95) == pytest.approx((0.301433, 0.829372), abs=1e-6)


def test_intervals_cover_what_is_true():
    rng = np.random.default_rng(5)
    n, m, p, q = 60, 90, 0.3, 0.5
    inside = 0
    for a, c in zip(rng.binomial(n, p, 2000), rng.binomial(m, q, 2000), strict=True):
        low, high = katz(int(a), n, int(c), m, 0.95)
        inside += low <= p / q <= high
    assert 0.935 < inside / 2000 < 0.97


def test_a_group_that_is_never_selected_still_has_an_upper_end(make_evidence, make_plan, found):
    _, by_id = found(make_evidence(**selected({"a": (0, 30), "b": (15, 30)})), make_plan(["g"]))
    ratio = by_id["fairness/impact_ratio/g=a"]
    assert isinstance(ratio, Estimate)
    assert ratio.value == ratio.low == 0.0
    assert 0.05 < ratio.high < 0.8


def test_everybody_selected_is_not_taken_for_certain():
    # exp(+-1.959964 sqrt(2 (1/50.5 - 1/51))), one half added to the selected and to the others
    assert katz(50, 50, 50, 50, 0.95) == pytest.approx((0.962116, 1.039376), abs=1e-6)
    # exp(log((24.5 / 31) / (30.5 / 31)) +- 1.959964 sqrt(1/24.5 - 1/31 + 1/30.5 - 1/31))
    assert katz(24, 30, 30, 30, 0.95) == pytest.approx((0.666384, 0.968296), abs=1e-6)
