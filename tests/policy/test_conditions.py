"""Conditions against truth tables that were worked out by hand or point by point."""

from __future__ import annotations

from fractions import Fraction
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import catalogue
from audit.declarations.condition import Comparison, Condition, Region, rational


def decided(
    name: str, op: str, limit: float | tuple[float, float], value: float, low: float, high: float, **more
) -> str:
    condition: Condition = catalogue.load("conditions", name)
    values = limit if isinstance(limit, tuple) else (limit,)
    ends = [end if end in (-inf, inf) else rational(end) for end in (low, high)]
    region = Region.of(op, values)  # type: ignore[arg-type]
    comparison = Comparison(value=rational(value), low=ends[0], high=ends[1], region=region, **more)
    return condition.decide(comparison).outcome


@pytest.mark.parametrize(
    ("op", "limit", "value", "accepted"),
    [
        ("ge", 0.8, 0.8, True),
        ("ge", 0.8, 0.6 / 0.75, True),  # in floating point a hair below 0.8
        ("gt", 0.8, 0.6 / 0.75, False),
        ("le", 0.3, 0.1 + 0.2, True),  # in floating point a hair above 0.3
        ("lt", 0.3, 0.1 + 0.2, False),
        ("ge", 0.8, 0.7999999, False),
        ("eq", 1, 1.0, True),
        ("eq", 1, 1.0000001, False),
        ("between", (0.9, 1.1), 0.9, True),
        ("between", (0.9, 1.1), 1.1000001, False),
    ],
)
def test_the_point_is_compared_as_the_fraction_that_it_stands_for(op, limit, value, accepted):
    assert decided("point", op, limit, value, value, value) == ("pass" if accepted else "fail")


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(1, 5000), st.integers(1, 5000))
def test_a_ratio_of_counts_is_told_from_the_limit_exactly(a, n, c, m):
    ratio = (a / n) / (c / m)
    assert Region.of("ge", (0.8,)).contains(rational(ratio)) is (Fraction(a * m, n * c) >= Fraction(4, 5))


@pytest.mark.parametrize(
    ("name", "expected"),
    # low end, high end against a limit of at least 0.8: above, touching from above, across, touching from below, below
    [
        ("ci_three_way", ["pass", "pass", "inconclusive", "inconclusive", "fail"]),
        ("ci_conservative", ["pass", "pass", "fail", "fail", "fail"]),
        ("ci_lenient", ["pass", "pass", "pass", "pass", "fail"]),
    ],
)
def test_intervals_are_decided_as_the_rules_of_meaning_say(name, expected):
    intervals = [(0.81, 0.9), (0.8, 0.9), (0.7, 0.9), (0.7, 0.8), (0.6, 0.79)]
    assert [decided(name, "ge", 0.8, (low + high) / 2, low, high) for low, high in intervals] == expected


@pytest.mark.parametrize("op", ["ge", "gt", "le", "lt", "between", "eq"])
@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12), st.integers(0, 12))
def test_three_way_agrees_with_every_point_of_the_interval(op, a, b, c, d):
    (low, high), limits = sorted((a, b)), sorted((c, d))
    holds = {
        "ge": lambda x: x >= c, "gt": lambda x: x > c, "le": lambda x: x <= c, "lt": lambda x: x < c,
        "between": lambda x: limits[0] <= x <= limits[1], "eq": lambda x: x == c,
    }[op]  # fmt: skip
    points = [holds(Fraction(k, 2)) for k in range(2 * low, 2 * high + 1)]
    expected = "pass" if all(points) else "inconclusive" if any(points) else "fail"
    limit = tuple(limits) if op == "between" else c
    assert decided("ci_three_way", op, limit, low, low, high) == expected


@pytest.mark.parametrize(
    ("op", "low", "high", "expected"),
    [("ge", 0.9, inf, "pass"), ("ge", -inf, 0.9, "inconclusive"), ("le", 0.9, inf, "fail"),
     ("le", -inf, inf, "inconclusive"),
     ("between", 0.5, inf, "inconclusive"), ("lt", -inf, 0.5, "pass")],
)  # fmt: skip
def test_an_unbounded_end_passes_only_an_unbounded_limit(op, low, high, expected):
    limit = (0.4, 0.8) if op == "between" else 0.8
    assert decided("ci_three_way", op, limit, 0.6, low, high) == expected


@pytest.mark.parametrize(
    ("ratio", "p", "reversal", "expected"),
    [
        (0.9, 0.5, 0, "pass"),
        (0.8, 0.05, 0, "pass"),  # at the level itself the difference is not significant
        (0.9, 0.01, 0, "inconclusive"),  # large numbers: a person judges whether it matters
        (0.7, 0.01, 0, "fail"),
        (0.7, 0.01, 1, "inconclusive"),
        (0.7, 0.5, 0, "inconclusive"),
        (0.7, 0.5, 1, "inconclusive"),
        (0.9, 0.5, 1, "pass"),
    ],
)
def test_four_fifths_follows_its_decision_table(ratio, p, reversal, expected):
    more = {"alpha": 0.05, "companions": {"p_value": p, "reversal": reversal}}
    assert decided("four_fifths", "ge", 0.8, ratio, ratio, ratio, **more) == expected


def test_a_known_bad_comparison_of_floats_misses_four_fifths():
    # The double that a naive comparison would be: it calls 6/10 against 15/20 adverse.
    assert not (6 / 10) / (15 / 20) >= 0.8
    assert decided("point", "ge", 0.8, (6 / 10) / (15 / 20), 0, 1) == "pass"


def test_every_condition_declares_its_own_name():
    found = catalogue.load_all("conditions")
    assert {name: condition.name for name, condition in found.items()} == {name: name for name in found}
    assert set(found) == {"point", "ci_three_way", "ci_conservative", "ci_lenient", "p_value", "four_fifths"}
