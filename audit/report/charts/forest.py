"""Draws values with their intervals, one row each, against one axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audit.report.charts.axis import Axis, axis_over
from audit.report.charts.drawing import (
    BLUE,
    BLUE_LINE,
    FULL,
    GREY_LINE,
    HOLLOW_GREY,
    INK,
    ORANGE,
    ORANGE_LINE,
    SOFT,
    TICK,
    dot,
    floor_axis,
    hint,
    label,
    line,
    picture,
    shape,
    upright,
    widest,
)
from audit.report.charts.rows import TOP, Rows, rows_for
from audit.report.charts.text import figure, text_width


@dataclass(frozen=True)
class ForestPoint:
    """One row: a value and the interval around it."""

    label: str
    value: float | None
    """Null where there is no number; the note says why."""
    low: float | None
    """Null where the interval is unbounded below."""
    high: float | None
    """Null where the interval is unbounded above."""
    note: str = ""
    """What stands at the end of the row, e.g. the number of rows."""
    muted: bool = False
    """Shown but not judged: hollow and grey."""


def forest(
    points: Sequence[ForestPoint],
    *,
    title: str,
    description: str,
    axis_label: str,
    reference: float | None = None,
    reference_label: str = "",
    bounds: tuple[float | None, float | None] | None = None,
) -> str:
    """Return a forest plot as SVG; a muted point is hollow, an unbounded end is an arrow."""
    told = [_told(p) for p in points]
    layout = rows_for([p.label for p in points], told)
    reach = [x for p in points for x in (p.value, p.low, p.high)]
    axis = axis_over([*reach, reference], layout.left, layout.right, bounds=bounds)
    lift = 16 if reference is not None and reference_label else 0
    parts = [
        layout.rules(),
        floor_axis(axis, TOP, layout.bottom, axis_label),
        _reference(axis, reference, reference_label, layout),
        *(_row(p, i, axis, layout, told[i]) for i, p in enumerate(points[: layout.shown])),
        layout.remainder(),
    ]
    return picture(
        FULL, layout.height + lift, title, description, [f'<g transform="translate(0 {lift})">', *parts, "</g>"]
    )


def _told(point: ForestPoint) -> str:
    value = "no value" if point.value is None else figure(point.value)
    return f"{value}  {point.note}" if point.note else value


def _row(point: ForestPoint, row: int, axis: Axis, layout: Rows, told: str) -> str:
    y = layout.middle(row)
    room = FULL - layout.right
    value = "no value" if point.value is None else figure(point.value)
    width = text_width(value, 12)
    side = label(layout.right + 14, y + 4, value, room, SOFT if point.muted or point.value is None else INK)
    if point.note:
        side += label(layout.right + 14 + width + 8, y + 4, point.note, room - width - 22, SOFT, size=TICK)
    name = layout.name(row, point.label, SOFT if point.muted else INK)
    mark = "" if point.value is None else _mark(point, point.value, y, axis)
    return f"<g>{hint(f'{point.label}: {told}')}{name}{mark}{side}</g>"


def _mark(point: ForestPoint, value: float, y: float, axis: Axis) -> str:
    paint = GREY_LINE if point.muted else BLUE_LINE
    low, high = _end(point.low, axis.low, axis), _end(point.high, axis.high, axis)
    whisker = line(low, y, high, y, paint, width=2)
    whisker += _tip(low, y, paint, -1 if point.low is None else 0) + _tip(
        high, y, paint, 1 if point.high is None else 0
    )
    return whisker + dot(axis.at(value), y, 4.5, HOLLOW_GREY if point.muted else BLUE)


def _end(value: float | None, edge: float, axis: Axis) -> float:
    return axis.at(edge if value is None else value)


def _tip(x: float, y: float, paint: str, arrow: int) -> str:
    if not arrow:
        return line(x, y - 4, x, y + 4, paint, width=1.5)
    return line(x, y, x - 5 * arrow, y - 4, paint, width=1.5) + line(x, y, x - 5 * arrow, y + 4, paint, width=1.5)


def _reference(axis: Axis, value: float | None, text: str, layout: Rows) -> str:
    if value is None:
        return ""
    x = axis.at(value)
    drawn = upright(x, TOP - 2, layout.bottom, ORANGE_LINE, width=1.5, dash="5 3")
    if not text:
        return drawn
    half = widest([text], TICK, FULL) / 2
    middle = min(max(x, half + 2), FULL - half - 2)
    flag = shape([(x - 4, TOP - 8), (x + 4, TOP - 8), (x, TOP - 2)], ORANGE)
    return drawn + flag + label(middle, TOP - 12, text, FULL, SOFT, anchor="middle", size=TICK)
