"""What n would have settled a comparison that its interval left open."""

from __future__ import annotations

from math import inf

import pytest

from audit.declarations.condition import Comparison, Region, rational
from audit.policy.judge import judge
from audit.policy.settling import crosses, n_to_settle


def compared(op, limit, value, low, high):
    ends = [end if end in (inf, -inf) else rational(end) for end in (low, high)]
    return Comparison(value=rational(value), low=ends[0], high=ends[1], region=Region.of(op, limit))


@pytest.mark.parametrize(
    ("op", "limit", "ends", "n", "needed"),
    [
        # By hand: n * (half-width / distance)^2 on the side of the limit, up to two digits.
        ("ge", (0.8,), (0.85, 0.75, 0.92), 60, 240),  # (0.10 / 0.05)^2 = 4
        ("ge", (0.8,), (0.78, 0.70, 0.84), 100, 900),  # short of the limit: (0.06 / 0.02)^2 = 9
        ("le", (0.1,), (0.09, 0.05, 0.14), 200, 5000),  # (0.05 / 0.01)^2 = 25
        ("le", (0.1,), (0.12, 0.05, 0.30), 70, 860),  # (0.07 / 0.02)^2 = 12.25, 857.5
        ("gt", (0.0,), (0.3, -0.2, 0.5), 1234, 3500),  # (0.5 / 0.3)^2 = 25 / 9, 3427.8
        ("between", (0.8, 1.25), (0.9, 0.7, 1.1), 50, 200),  # one end: (0.2 / 0.1)^2
        ("between", (0.8, 1.25), (1.2, 0.7, 1.35), 10, 90),  # both ends: (0.5 / 0.4)^2 and (0.15 / 0.05)^2 = 9
        ("between", (0.8, 1.25), (0.7, 0.6, 1.5), 10, 640),  # outside: (0.8 / 0.1)^2 = 64
        ("eq", (1.0,), (1.1, 0.9, 1.3), 25, 100),  # (0.2 / 0.1)^2
        ("gt", (0.8,), (0.9, 0.8, 1.0), 120, 130),  # touches a limit that is not accepted: one row more, 121
        ("ge", (0.8,), (0.8, 0.7, 0.9), 100, inf),  # on the limit
        ("ge", (0.8,), (0.9, -inf, 1.0), 100, inf),  # no end to shrink
    ],
)
def test_the_figure_is_the_one_that_the_square_root_law_gives(op, limit, ends, n, needed):
    comparison = compared(op, limit, *ends)
    assert crosses(comparison)
    assert n_to_settle(comparison, n) == needed


@pytest.mark.parametrize(
    ("op", "limit", "ends"),
    [
        ("ge", (0.8,), (0.9, 0.8, 1.0)),
        ("ge", (0.8,), (0.7, 0.6, 0.79)),
        ("between", (0.8, 1.25), (1.0, 0.8, 1.25)),
        ("ge", (0.8,), (0.8, 0.8, 0.8)),
    ],
)
def test_what_is_settled_crosses_nothing(op, limit, ends):
    assert not crosses(compared(op, limit, *ends))


def test_n_times_four_halves_an_interval_and_is_then_just_enough():
    needed = n_to_settle(compared("ge", (0.8,), 0.85, 0.75, 0.92), 60)
    shrink = (60 / float(needed)) ** 0.5
    assert not crosses(compared("ge", (0.8,), 0.85, 0.85 - 0.10 * shrink, 0.85 + 0.07 * shrink))


def reason(pack, a, observation, **changes):
    (verdict,) = judge((pack(a.control(**changes)),), a.case(observation))
    return verdict.outcome, verdict.reason


def test_an_inconclusive_verdict_says_what_n_would_have_settled_it(pack, a):
    outcome, said = reason(pack, a, a.estimate("performance/accuracy", 0.85, 0.75, 0.92, n=60))
    assert outcome == "inconclusive"
    assert said == (
        "accuracy is 0.850 (95% interval 0.750 to 0.920, n = 60), against a limit of at least 0.8 (origin: house): "
        "the interval contains the limit, so these rows do not settle it; n of about 240 would settle it, if the value "
        "stayed where it is."
    )


def test_it_says_so_too_where_doubt_counts_as_a_failure(pack, a):
    limit = {"origin": "house", "op": "ge", "value": 0.8, "decide_on": "ci_three_way", "on_inconclusive": "fail"}
    outcome, said = reason(pack, a, a.estimate("performance/accuracy", 0.85, 0.75, 0.92, n=60), limit=limit)
    assert outcome == "fail" and "counts that as a failure; n of about 240 would settle it" in said


def test_a_value_on_the_limit_is_settled_by_no_number_of_rows(pack, a):
    outcome, said = reason(pack, a, a.estimate("performance/accuracy", 0.8, 0.7, 0.9))
    assert outcome == "inconclusive" and "; no number of rows would settle it, if the value stayed where it is." in said


def test_a_value_a_hair_from_the_limit_is_not_given_a_figure_of_twenty_digits(pack, a):
    _, said = reason(pack, a, a.estimate("performance/accuracy", 0.8000001, 0.7, 0.9))
    assert "n of more than 1,000,000,000 would settle it" in said


@pytest.mark.parametrize(("value", "low", "high"), [(0.9, 0.85, 0.95), (0.7, 0.6, 0.75)])
def test_a_settled_verdict_says_nothing_of_the_kind(pack, a, value, low, high):
    assert "settle" not in reason(pack, a, a.estimate("performance/accuracy", value, low, high))[1]


def test_one_that_is_too_small_to_be_judged_says_its_own_reason(pack, a):
    outcome, said = reason(pack, a, a.estimate("performance/accuracy", 0.85, 0.6, 0.97, n=12))
    assert outcome == "inconclusive" and "too little" in said and "settle" not in said


def test_beside_a_reference_group_both_have_to_grow(pack, a):
    groups = a.grouping("sex", "m", "w")
    found = a.estimate("fairness/impact_ratio/sex=w", 0.85, 0.75, 0.92, n=60), a.exact("fairness/impact_ratio/sex=m", 1)
    measure = {"metric": "impact_ratio", "group_by": [["sex"]], "reference": "highest_rate"}
    (verdict,) = judge((pack(a.control(measure=measure)),), a.case(*found, groupings=(groups,)))
    part = next(part for part in verdict.parts if part.outcome == "inconclusive")
    assert "if the value stayed where it is and its reference group grew alike." in part.reason
