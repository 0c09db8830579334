"""Dates and durations against dateutil."""

from __future__ import annotations

from datetime import date

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from audit.policy.dates import after, is_date, is_duration

COUNT = st.integers(0, 30)


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), COUNT, COUNT, COUNT, COUNT)
def test_a_duration_is_added_as_calendars_do(start, years, months, weeks, days):
    expected = start + relativedelta(years=years, months=months) + relativedelta(weeks=weeks, days=days)
    assert after(start, f"P{years}Y{months}M{weeks}W{days}D") == expected


@pytest.mark.parametrize("text", ["P90D", "P1Y", "P6M", "P2W", "P1Y6M"])
def test_what_is_a_duration(text):
    assert is_duration(text)


@pytest.mark.parametrize("text", ["90D", "P", "P1H", "PT1H", "P-1D", "P1.5Y", "p90d", "P1D1Y"])
def test_what_is_no_duration(text):
    assert not is_duration(text)


@pytest.mark.parametrize(
    ("text", "real"),
    [("2026-11-22", True), ("2026-02-30", False), ("20261122", False), ("2026-W01-1", False), ("", False)],
)
def test_what_is_a_date(text, real):
    assert is_date(text) is real
