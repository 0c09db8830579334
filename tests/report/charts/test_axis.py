"""Ticks stand at round numbers, say what they are, and leave each other room."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.report.charts.axis import Axis, axis_over
from audit.report.charts.text import decimal, figure, fitted, one_line, scientific, signed, text_width

RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")


@pytest.mark.parametrize(
    ("values", "bounds", "labels"),
    [
        ([0.12, 0.83], (0, 1), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        ([0.81, 0.86], (0, 1), ["0.81", "0.82", "0.83", "0.84", "0.85", "0.86"]),
        ([-3, 47], None, ["−10", "0", "10", "20", "30", "40", "50"]),
        ([0, 4_800], None, ["0", "1,000", "2,000", "3,000", "4,000", "5,000"]),
        ([0, 3e9], None, ["0", "0.5×10⁹", "1.0×10⁹", "1.5×10⁹", "2.0×10⁹", "2.5×10⁹", "3.0×10⁹"]),
        ([0, 2e-9], None, ["0", "0.5×10⁻⁹", "1.0×10⁻⁹", "1.5×10⁻⁹", "2.0×10⁻⁹"]),
        ([None, math.nan, math.inf], None, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
    ],
)
def test_ticks_are_round(values: list[float | None], bounds: tuple[float, float] | None, labels: list[str]) -> None:
    assert [text for _, text in axis_over(values, 0, 600, bounds=bounds).ticks] == labels


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=6),
    st.floats(40, 700),
    st.sampled_from([None, (0.0, 1.0), (0.0, None), (None, None)]),
)
def test_any_numbers_give_an_axis(
    values: list[float], length: float, bounds: tuple[float | None, float | None] | None
) -> None:
    axis = axis_over(values, 10, 10 + length, bounds=bounds)
    assert axis.low < axis.high and math.isfinite(axis.high - axis.low)
    for value in values:
        assert 10 <= axis.at(value) <= 10 + length
    check_ticks_say_what_they_are(axis)
    check_ticks_part(axis)


def check_ticks_say_what_they_are(axis: Axis) -> None:
    step = abs(axis.ticks[1][0] - axis.ticks[0][0]) if len(axis.ticks) > 1 else axis.high - axis.low
    for value, text in axis.ticks:
        mantissa, _, power = text.translate(RAISED).replace(",", "").partition("×10")
        assert float(mantissa) * 10.0 ** int(power or 0) == pytest.approx(value, abs=step * 0.01, rel=1e-9)


def check_ticks_part(axis: Axis) -> None:
    places = [(axis.at(v), text_width(t, 11) / 2) for v, t in axis.ticks]
    assert all(a + x < b - y for (a, x), (b, y) in pairwise(places))


def test_the_checks_break_on_bad_ticks() -> None:
    with pytest.raises(AssertionError):
        check_ticks_say_what_they_are(Axis(0, 1, 0, 100, ((0.0, "0"), (0.5, "0.4"), (1.0, "1"))))
    with pytest.raises(AssertionError):
        check_ticks_part(Axis(0, 1, 0, 20, ((0.0, "0.00"), (0.5, "0.50"), (1.0, "1.00"))))


def test_an_axis_does_not_pass_what_can_be() -> None:
    axis = axis_over([0.97, 0.999], 0, 100, bounds=(0, 1))
    assert axis.high == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.834019, "0.834"), (-0.05, "−0.050"), (0.0, "0"), (-0.0, "0"), (12.345, "12.3"), (123.4, "123"),
        (48210.0, "48,210"), (2.5e9, "2.50×10⁹"), (3.2e-7, "3.20×10⁻⁷"), (math.nan, "–"), (math.inf, "–"),
    ],
)  # fmt: skip
def test_figures_for_labels(value: float, text: str) -> None:
    assert figure(value) == text


def test_signs() -> None:
    assert (signed(0.5), signed(-0.5), signed(0)) == ("+0.500", "−0.500", "0")
    assert (decimal(-0.001, 2), decimal(-1234.5, 1), scientific(0, 3)) == ("0.00", "−1,234.5", "0")


@given(st.text(max_size=60), st.floats(10, 300))
def test_a_fitted_text_fits(text: str, width: float) -> None:
    short = fitted(text, width, 12)
    assert text_width(short, 12) <= width or short == "…"
    assert short == one_line(text) or short.endswith("…")


def test_what_xml_cannot_hold_is_dropped() -> None:
    assert one_line("a\nb\x00c\ud800d\uffffe\u202ef") == "a bcdef"
