"""Turns values into positions along an axis with ticks at round numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from audit.report.charts.text import decimal, in_powers, text_width


@dataclass(frozen=True)
class Axis:
    """A straight axis from `start` to `end` on the page, for values from `low` to `high`."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[tuple[float, str], ...]
    """Round values inside the axis with their text."""

    def at(self, value: float) -> float:
        """Return the place of a value; one outside stands at the nearer end."""
        share = (_tamed(value) - self.low) / (self.high - self.low)
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)

    def holds(self, value: float) -> bool:
        """Tell whether a value lies within the axis."""
        return self.low <= value <= self.high


def axis_over(
    values: Iterable[float | None],
    start: float,
    end: float,
    *,
    bounds: tuple[float | None, float | None] | None = None,
    size: float = 11,
    upright: bool = False,
) -> Axis:
    """Return an axis that holds all finite values, ends at round numbers and has no label on top of another.

    Parameters
    ----------
    values : numbers; null and non-finite ones count for nothing.
    start, end : ends of the axis on the page.
    bounds : smallest and largest value that can be, beyond which the axis does not go.
    size : height of the tick labels, in px.
    upright : whether the axis stands, so that labels are held apart by their height and not by their width.
    """
    low, high = _span([_tamed(v) for v in values if v is not None and math.isfinite(v)])
    length = abs(end - start)
    most = max(2, int(length / (size * (3 if upright else 4.5))))
    axis = _axis(low, high, _round_step((high - low) / min(most, 6)), start, end, bounds)
    for count in range(min(most, 6) - 1, 0, -1):
        if upright or _labels_part(axis, size):
            return axis
        axis = _axis(low, high, _round_step((high - low) / count), start, end, bounds)
    while not _labels_part(axis, size):
        axis = replace(axis, ticks=axis.ticks[::2])
    return axis


def _span(values: list[float]) -> tuple[float, float]:
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    # Below this a step would vanish in the last bits of the numbers.
    if high - low <= 1e-9 * max(abs(low), abs(high), 1e-240):
        room = abs(low) * 0.1
        return (low - room, high + room) if room else (0.0, 1.0)
    return low, high


def _axis(
    low: float, high: float, step: float, start: float, end: float, bounds: tuple[float | None, float | None] | None
) -> Axis:
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    least, most = bounds or (None, None)
    bottom = first * step if least is None or low < least else max(first * step, least)
    top = last * step if most is None or high > most else min(last * step, most)
    marks = [k * step for k in range(first, last + 1)]
    edge = step * 1e-6
    held = tuple(m for m in marks if bottom - edge <= m <= top + edge)
    return Axis(bottom, top, start, end, tuple((m, _tick(m, step, held)) for m in held))


def _round_step(rough: float) -> float:
    power = math.floor(math.log10(rough))
    unit = 10.0**power
    return next((m * unit for m in (1, 2, 5) if m * unit >= rough * (1 - 1e-9)), 10 * unit)


def _tick(value: float, step: float, ticks: tuple[float, ...]) -> str:
    largest = max(map(abs, ticks))
    power = math.floor(math.log10(step) + 1e-9)
    if largest >= 1e6 or (largest < 1e-3 and largest > 0):
        # One power of ten for the whole axis, so that the eye can compare.
        shared = math.floor(math.log10(largest) + 1e-9)
        return in_powers(value, shared, min(12, max(0, shared - power))) if abs(value) > step / 2 else "0"
    return decimal(value, max(0, -power))


def _labels_part(axis: Axis, size: float) -> bool:
    ends = [(axis.at(v), text_width(t, size) / 2) for v, t in axis.ticks]
    if axis.start > axis.end:
        ends.reverse()
    return all(a + wide + size * 0.8 <= b - broad for (a, wide), (b, broad) in pairwise(ends))


def _tamed(value: float) -> float:
    # Differences of larger numbers overflow.
    return min(1e250, max(-1e250, value))
