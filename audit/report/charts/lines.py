"""Draws lines with bands over two axes, each named at its end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from audit.report.charts.axis import Axis, axis_over
from audit.report.charts.drawing import (
    BLUE,
    BLUE_LINE,
    GREY,
    GREY_LINE,
    HALF,
    INK,
    INK_LINE,
    ORANGE,
    ORANGE_LINE,
    SOFT,
    SOFT_LINE,
    TICK,
    dot,
    floor_axis,
    label,
    line,
    middled,
    picture,
    shape,
    side_axis,
    stroke,
    upright,
    widest,
)

_TOP = 26.0
PLOT = 220.0
FOOT = 46.0
MOST_NAMED = 12
"""More lines than these are drawn, but not named."""


@dataclass(frozen=True)
class Series:
    """One line."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] | None = None
    """Lower edge of the band, as long as y."""
    high: Sequence[float] | None = None


@dataclass(frozen=True)
class Style:
    """How one of several lines is told from the others: by dash as well as by colour."""

    line: str
    fill: str
    dash: str


STYLES = (
    Style(BLUE_LINE, BLUE, ""),
    Style(ORANGE_LINE, ORANGE, "7 3"),
    Style(INK_LINE, INK, "2 2.5"),
    Style(GREY_LINE, GREY, ""),
    Style(BLUE_LINE, BLUE, "9 3 2 3"),
    Style(ORANGE_LINE, ORANGE, "2 2.5"),
    Style(SOFT_LINE, SOFT, "12 4"),
)


def lines(
    series: Sequence[Series],
    *,
    title: str,
    description: str,
    x_label: str,
    y_label: str,
    diagonal: bool = False,
    points: bool = False,
    reference: float | None = None,
    reference_label: str = "",
    width: float = HALF,
) -> str:
    """Return a line chart as SVG.

    Parameters
    ----------
    series : the lines; a break in a line is a value that is not finite.
    diagonal : whether the line y = x is drawn, as on a ROC curve.
    points : whether each point gets a mark.
    reference : a place on the x axis to mark, such as a threshold.
    width : `HALF` or `FULL` of `drawing`.
    """
    top = top_below(reference_label)
    side, floor, names = plane(series, width, top, diagonal=diagonal, reference=reference)
    parts = [
        label(0, 12, y_label, width, SOFT, size=TICK),
        side_axis(side, floor.start, floor.end),
        floor_axis(floor, top, top + PLOT, x_label, width),
        _diagonal(floor, side) if diagonal else "",
        mark_of(floor, top, reference, reference_label, width),
        *(_band(s, style_of(i), floor, side) for i, s in enumerate(series)),
        *(_line(s, style_of(i), floor, side, points) for i, s in enumerate(series)),
        name_ends(series, floor, side, names),
    ]
    return picture(width, top + PLOT + FOOT, title, description, parts)


def plane(
    series: Sequence[Series],
    width: float,
    top: float,
    *,
    diagonal: bool = False,
    from_zero: bool = False,
    reference: float | None = None,
) -> tuple[Axis, Axis, float]:
    """Return the standing axis, the lying axis and the width that the names of the lines take."""
    names = widest([s.name for s in series], TICK, 110 if width <= HALF else 180) if len(series) > 1 else 0.0
    xs = [x for s in series for x in s.x] + ([] if reference is None else [reference])
    ys = [y for s in series for values in (s.y, s.low or (), s.high or ()) for y in values]
    if diagonal:
        xs = ys = [*xs, *ys]
    side = axis_over([0.0, *ys] if from_zero else ys, top + PLOT, top, upright=True)
    left = widest([t for _, t in side.ticks], TICK, 90) + 8
    floor = axis_over(xs, left, width - (names + 14 if names else 12))
    return side, floor, names


def style_of(row: int) -> Style:
    """Return the style of a line by its place."""
    return STYLES[row % len(STYLES)]


def runs(xs: Sequence[float], *columns: Sequence[float]) -> list[list[tuple[float, ...]]]:
    """Part rows into runs in which every number is finite."""
    found: list[list[tuple[float, ...]]] = [[]]
    for row in zip(xs, *columns, strict=False):
        if all(map(math.isfinite, row)):
            found[-1].append(row)
        elif found[-1]:
            found.append([])
    return [run for run in found if run]


def top_below(reference_label: str) -> float:
    """Return where the plot starts, below the name of the vertical axis and that of a marked place."""
    return _TOP + 14 if reference_label else _TOP


def mark_of(floor: Axis, top: float, value: float | None, text: str, width: float) -> str:
    """Return a vertical line at a value, named above the plot."""
    if value is None or not math.isfinite(value):
        return ""
    x = floor.at(value)
    return upright(x, top - 3, top + PLOT, SOFT_LINE, dash="4 3") + middled(x, top - 7, text, width)


def name_ends(series: Sequence[Series], floor: Axis, side: Axis, width: float) -> str:
    """Return the names of lines beside their ends, moved apart where they would touch."""
    if len(series) < 2:
        return ""
    ends = []
    for row, s in enumerate(series[:MOST_NAMED]):
        finite = [point for run in runs(s.x, s.y) for point in run]
        if finite:
            ends.append((side.at(finite[-1][1]), floor.at(finite[-1][0]), row))
    ends.sort()
    places = _apart([y for y, _, _ in ends], 14, side.end + 4, side.start - 4)
    drawn = []
    for (y, x, row), place in zip(ends, places, strict=True):
        style = style_of(row)
        start = floor.end + 3
        if abs(place - y) > 2 or start - x > 4:
            drawn.append(line(x + 1, y, floor.end + 8, place, GREY_LINE, width=0.5))
        drawn.append(label(floor.end + 11, place + 4, series[row].name, width, style.fill, size=TICK))
    if len(series) > MOST_NAMED:
        more = f"{len(series) - MOST_NAMED} not named"
        drawn.append(label(floor.end + 11, side.start + 15, more, width, SOFT, size=TICK))
    return "".join(drawn)


def _apart(wanted: Sequence[float], gap: float, first: float, last: float) -> list[float]:
    # Down the page once, then up again from the bottom edge.
    gap = min(gap, (last - first) / max(1, len(wanted) - 1))
    places: list[float] = []
    for y in wanted:
        places.append(max(y, places[-1] + gap if places else first))
    limit = last
    for i in range(len(places) - 1, -1, -1):
        places[i] = min(places[i], limit)
        limit = places[i] - gap
    return places


def _diagonal(floor: Axis, side: Axis) -> str:
    low, high = max(floor.low, side.low), min(floor.high, side.high)
    return line(floor.at(low), side.at(low), floor.at(high), side.at(high), GREY_LINE, dash="3 3")


def _band(s: Series, style: Style, floor: Axis, side: Axis) -> str:
    if s.low is None or s.high is None:
        return ""
    return "".join(
        shape(
            [(floor.at(x), side.at(high)) for x, _, high in run]
            + [(floor.at(x), side.at(low)) for x, low, _ in run[::-1]],
            style.fill,
            opacity=0.15,
        )
        for run in runs(s.x, s.low, s.high)
        if len(run) > 1
    )


def _line(s: Series, style: Style, floor: Axis, side: Axis, points: bool) -> str:
    drawn = []
    for run in runs(s.x, s.y):
        places = [(floor.at(x), side.at(y)) for x, y in run]
        if len(places) > 1:
            drawn.append(stroke(places, style.line, width=1.8, dash=style.dash))
        if points or len(places) == 1:
            drawn.extend(dot(x, y, 3, style.fill) for x, y in places)
    return "".join(drawn)
