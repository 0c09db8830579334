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
    LABEL,
    ORANGE,
    ORANGE_LINE,
    SOFT,
    TICK,
    dot,
    floor_axis,
    hint,
    label,
    line,
    middled,
    picture,
    shape,
    upright,
    widest,
)
from audit.report.charts.rows import TOP, Rows, rows_for
from audit.report.charts.text import figure

_GAP = 10.0


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
    values = [_value(p) for p in points]
    value_width = widest(values, LABEL, FULL)
    note_width = widest([p.note for p in points], TICK, 150)
    layout = rows_for([p.label for p in points], value_width + (note_width + _GAP if note_width else 0))
    note = layout.right + layout.gap + value_width + _GAP
    reach = [x for p in points for x in (p.value, p.low, p.high)]
    axis = axis_over([*reach, reference], layout.left, layout.right, bounds=bounds)
    lift = 16 if reference is not None and reference_label else 0
    parts = [
        layout.rules(),
        floor_axis(axis, TOP, layout.bottom, axis_label),
        _reference(axis, reference, reference_label, layout),
        *(_row(p, i, axis, layout, note) for i, p in enumerate(points[: layout.shown])),
        layout.remainder(),
    ]
    return picture(
        FULL, layout.height + lift, title, description, [f'<g transform="translate(0 {lift})">', *parts, "</g>"]
    )


def _value(point: ForestPoint) -> str:
    return "no value" if point.value is None else figure(point.value)


def _row(point: ForestPoint, row: int, axis: Axis, layout: Rows, note: float) -> str:
    y, value = layout.middle(row), _value(point)
    name = layout.name(row, point.label, SOFT if point.muted else INK)
    mark = "" if point.value is None else _mark(point, point.value, y, axis)
    told = layout.value(row, value, SOFT if point.muted or point.value is None else INK)
    noted = label(note, y + 4, point.note, FULL - note, SOFT, size=TICK)
    return f"<g>{hint(f'{point.label}: {value} {point.note}')}{name}{mark}{told}{noted}</g>"


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
    flag = shape([(x - 4, TOP - 8), (x + 4, TOP - 8), (x, TOP - 2)], ORANGE)
    return drawn + flag + middled(x, TOP - 12, text, FULL)
