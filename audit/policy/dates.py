"""ISO dates and durations, as packs, attestations and waivers write them."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta


def is_date(text: str) -> bool:
    """Whether text is an ISO 8601 date."""
    return re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) is not None and _exists(text)


def is_duration(text: str) -> bool:
    """Whether text is a duration of years, months, weeks and days."""
    return _DURATION.fullmatch(text) is not None


def after(start: date, duration: str) -> date:
    """Return the date an ISO 8601 duration of years, months, weeks and days after another.

    Examples
    --------
    >>> after(date(2024, 1, 31), "P1M")
    datetime.date(2024, 2, 29)
    """
    years, months, weeks, days = _duration(duration)
    index = start.year * 12 + start.month - 1 + 12 * years + months
    year, month = divmod(index, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return date(year, month + 1, day) + timedelta(weeks=weeks, days=days)


_DURATION = re.compile(r"P(?=\d)(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?")


def _duration(text: str) -> tuple[int, int, int, int]:
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"expected a duration such as P90D or P1Y, found {text!r}")
    years, months, weeks, days = (int(part or 0) for part in found.groups())
    return years, months, weeks, days


def _exists(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
