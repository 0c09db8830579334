"""Draws sizes as bars from zero, one row each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from audit.report.charts.axis import Axis, axis_over
from audit.report.charts.drawing import (
    BLUE,
    FULL,
    INK,
    INK_LINE,
    LABEL,
    SOFT,
    SOFT_LINE,
    box,
    floor_axis,
    hint,
    line,
    picture,
    upright,
    widest,
)
from audit.report.charts.rows import TOP, Rows, rows_for
from audit.report.charts.text import figure


@dataclass(frozen=True)
class Bar:
    """One row: a size, and how far it could be off."""

    label: str
    value: float | None
    """Null where there is no number."""
    low: float | None = None
    high: float | None = None


def bars(items: Sequence[Bar], *, title: str, description: str, axis_label: str) -> str:
    """Return horizontal bars as SVG, with whiskers where an interval is known."""
    told = [_told(item.value) for item in items]
    layout = rows_for([item.label for item in items], widest(told, LABEL, FULL))
    axis = axis_over([0.0, *(x for i in items for x in (i.value, i.low, i.high))], layout.left, layout.right)
    parts = [
        floor_axis(axis, TOP, layout.bottom, axis_label),
        *(_row(item, i, axis, layout, told[i]) for i, item in enumerate(items[: layout.shown])),
        upright(axis.at(0), TOP, layout.bottom, SOFT_LINE),
        layout.remainder(),
    ]
    return picture(FULL, layout.height, title, description, parts)


def _told(value: float | None) -> str:
    return "no value" if value is None else figure(value)


def _row(item: Bar, row: int, axis: Axis, layout: Rows, told: str) -> str:
    y = layout.middle(row)
    drawn = layout.name(row, item.label, INK) + layout.value(row, told, SOFT if item.value is None else INK)
    if item.value is not None and math.isfinite(item.value):
        zero, end = sorted((axis.at(0), axis.at(item.value)))
        drawn += box(zero, y - 7, max(end - zero, 1), 14, BLUE)
    if item.low is not None and item.high is not None and math.isfinite(item.low) and math.isfinite(item.high):
        low, high = axis.at(item.low), axis.at(item.high)
        ends = "".join(line(x, y - 3.5, x, y + 3.5, INK_LINE) for x in (low, high))
        drawn += line(low, y, high, y, INK_LINE) + ends
    return f"<g>{hint(f'{item.label}: {told}')}{drawn}</g>"
