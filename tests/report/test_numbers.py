"""How numbers are written."""

from __future__ import annotations

import doctest

import pytest

from audit.records.measured import Estimate, Exact, Undefined
from audit.report.view import folio, numbers, words


def estimate(value: float, low: float | None, high: float | None) -> Estimate:
    return Estimate(value=value, low=low, high=high, level=0.95, method="wilson", n=10)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.8342, "0.834"),
        (-0.0301, "−0.030"),
        (0.0, "0.000"),
        (-0.0, "0.000"),
        (3, "3"),
        (5226, "5,226"),
        (54.327, "54.33"),
        (543.27, "543.3"),
        (1234567.8, "1,234,568"),
        (2.04e-5, "2.0 × 10⁻⁵"),
        (-2.4e-14, "−2.4 × 10⁻¹⁴"),
        (1e22, "10,000,000,000,000,000,000,000"),
    ],
)
def test_numbers(value: float, written: str) -> None:
    assert numbers.number(value) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.0, "0 %"), (1.0, "100 %"), (0.12345, "12.3 %"), (0.0004, "< 0.1 %"), (0.99996, "> 99.9 %")],
)
def test_shares(value: float, written: str) -> None:
    assert numbers.percent(value) == written


def test_value_and_ends_share_their_decimals() -> None:
    measured = estimate(9.98765, 9.1, 10.9)
    assert (numbers.point(measured), numbers.ends(measured)) == ("9.99", ("9.10", "10.90"))


def test_an_unbounded_end_is_infinite() -> None:
    assert numbers.ends(estimate(1.5, None, None)) == ("−∞", "∞")


@pytest.mark.parametrize(("value", "limit"), [(0.79996, 0.8), (0.80004, 0.8), (0.0499999, 0.05)])
def test_a_number_never_looks_like_a_limit_that_it_is_not(value: float, limit: float) -> None:
    written = numbers.point(Exact(value=value, n=9), beside=(limit,))
    assert float(written) != limit


def test_a_number_equal_to_its_limit_looks_equal() -> None:
    assert float(numbers.point(Exact(value=0.8, n=9), beside=(0.8,))) == 0.8


def test_no_number_is_a_dash() -> None:
    assert numbers.point(Undefined(reason="There are no rows.")) == "–"
    assert numbers.ends(Undefined(reason="There are no rows.")) is None


@pytest.mark.parametrize("module", [numbers, folio, words], ids=lambda m: m.__name__)
def test_the_examples_run(module: object) -> None:
    result = doctest.testmod(module)  # type: ignore[arg-type]
    assert result.attempted and not result.failed


@pytest.mark.parametrize("text", ["x" * 200, "word " * 60, "家庭年收入" * 40, ""])
def test_a_cut_text_fits_and_says_that_it_was_cut(text: str) -> None:
    cut = folio.shortened(text, 50)
    assert folio._width(cut) <= 50
    assert cut == text or cut.endswith("…")
