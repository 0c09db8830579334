"""Draws small line charts side by side on one scale, with the density of the data below each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from audit.report.charts.axis import Axis, axis_over
from audit.report.charts.drawing import (
    FULL,
    GREY,
    GREY_LINE,
    INK,
    SOFT,
    TICK,
    box,
    dot,
    hint,
    label,
    level,
    line,
    picture,
    shape,
    side_axis,
    stroke,
    widest,
    word,
)
from audit.report.charts.lines import Series, Style, runs, style_of
from audit.report.charts.text import fitted, text_width

PLOT = 66.0
_STRIP = 12.0
_HEAD = 18.0
_FOOT = 22.0
_GAP = 16.0
_LEGEND = 20.0
_SMALL = 10.0
_NARROWEST = 40.0
"""Room that the name of a category is given at least, where others are left unnamed for it."""


@dataclass(frozen=True)
class Panel:
    """One small chart."""

    title: str
    series: Sequence[Series]
    density: Sequence[float] = ()
    """Share of the rows between each x and the next; of each category where there are categories."""
    categories: Sequence[str] = ()
    """Names at x = 0, 1, ...; empty for numbers."""


@dataclass(frozen=True)
class Band:
    """Panels whose lines mean the same, under one legend."""

    title: str
    names: Sequence[str]
    """What each line is, in the order of the series of every panel."""
    panels: Sequence[Panel]


def panels(
    bands: Sequence[Band], *, title: str, description: str, y_label: str, across: int = 3, from_zero: bool = True
) -> str:
    """Return small multiples as SVG: all panels share the standing axis, so that sizes compare.

    Parameters
    ----------
    bands : groups of panels, one below the other.
    across : panels side by side.
    from_zero : whether zero is in every panel, under a line of its own.
    """
    every = [p for b in bands for p in b.panels]
    ys = [0.0] * from_zero + [
        v for p in every for s in p.series for values in (s.y, s.low or (), s.high or ()) for v in values
    ]
    ticks = axis_over(ys, PLOT, 0, upright=True).ticks
    left = widest([t for _, t in ticks], TICK, 90) + 10
    pitch = (FULL - 7 - left + _GAP) / across
    parts, top = [label(0, 12, y_label, FULL, SOFT, size=TICK)], 18.0
    for band in bands:
        parts.append(_legend(band, top))
        top += _LEGEND
        for start in range(0, len(band.panels), across):
            row = band.panels[start : start + across]
            side = axis_over(ys, top + _HEAD + PLOT, top + _HEAD, upright=True)
            for place, panel in enumerate(row):
                begin = left + place * pitch
                parts.append(_panel(panel, side, begin, begin + pitch - _GAP, first=place == 0))
            top += _HEAD + PLOT + _STRIP + _FOOT + 4
    return picture(FULL, top, title, description, parts)


def _legend(band: Band, top: float) -> str:
    drawn, x = [word(0, top + 12, fitted(band.title, FULL / 3, 12), INK, bold=True)], 0.0
    x = text_width(fitted(band.title, FULL / 3, 12), 12) * 1.08 + 16
    for row, name in enumerate(band.names):
        wide = text_width(fitted(name, 150, TICK), TICK)
        if x + 29 + wide > FULL - 40:
            drawn.append(word(x, top + 12, f"+{len(band.names) - row}", SOFT, size=TICK))
            break
        style = style_of(row)
        drawn.append(stroke([(x, top + 8), (x + 24, top + 8)], style.line, width=1.8, dash=style.dash))
        drawn.append(label(x + 29, top + 12, name, 150, style.fill, size=TICK))
        x += 29 + wide + 16
    return "".join(drawn)


def _panel(panel: Panel, side: Axis, start: float, end: float, *, first: bool) -> str:
    categories = len(panel.categories)
    if categories:
        floor = Axis(-0.5, categories - 0.5, start, end, ())
        wide = (end - start) / categories
        longest = widest(panel.categories, _SMALL, max(wide, _NARROWEST)) + 8
        apart = 1 if wide >= _NARROWEST else math.ceil(longest / wide)
        named = list(enumerate(panel.categories))[::apart]
        feet = "".join(_foot(floor, i, name, side, wide * apart) for i, name in named)
    else:
        floor = _fitting([x for s in panel.series for x in s.x if math.isfinite(x)], start, end)
        feet = "".join(_tick(floor, v, t, side) for v, t in floor.ticks)
    grid = side_axis(side, start, end) if first else "".join(level(side.at(v), start, end) for v, _ in side.ticks)
    zero = level(side.at(0.0), start, end, GREY_LINE) if side.holds(0.0) else ""
    many = len(panel.series)
    drawn = [
        label(start, side.end - 5, panel.title, end - start, INK, size=TICK),
        grid,
        zero,
        _density(panel, floor, side),
        feet,
    ]
    for row, series in enumerate(panel.series):
        style = style_of(row)
        drawn.append(
            _points(series, style, floor, side, row, many) if categories else _curve(series, style, floor, side)
        )
    return f"<g>{''.join(drawn)}</g>"


def _fitting(xs: Sequence[float], start: float, end: float) -> Axis:
    # An axis as long as the data: where no row is, nothing is told.
    return axis_over(xs, start, end, bounds=(min(xs), max(xs)) if xs and max(xs) > min(xs) else None, size=_SMALL)


def _foot(floor: Axis, place: int, name: str, side: Axis, wide: float) -> str:
    x, room = floor.at(place), wide - 8
    # The last name of several may reach beyond its panel, were it not held in.
    half = min(room, text_width(fitted(name, room, _SMALL), _SMALL)) / 2
    x = min(max(x, floor.start + half), floor.end - half)
    return label(x, side.start + _STRIP + 13, name, room, SOFT, anchor="middle", size=_SMALL)


def _tick(floor: Axis, value: float, text: str, side: Axis) -> str:
    half = text_width(text, _SMALL) / 2
    x = min(max(floor.at(value), floor.start + half - 6), floor.end - half + 6)
    return word(x, side.start + _STRIP + 13, text, SOFT, anchor="middle", size=_SMALL)


def _density(panel: Panel, floor: Axis, side: Axis) -> str:
    bottom = side.start + _STRIP
    if panel.categories:
        spans = [(i - 0.3, i + 0.3, share) for i, share in enumerate(panel.density)]
    else:
        xs = panel.series[0].x if panel.series else ()
        spans = list(zip(xs[:-1], xs[1:], panel.density, strict=False))
    height = [share / max(high - low, 1e-300) for low, high, share in spans]
    most = max((h for h in height if math.isfinite(h)), default=0.0)
    if not most > 0:
        return ""
    tall = [(_STRIP - 3) * h / most for h in height]
    return "".join(
        box(floor.at(low), bottom - high_as, floor.at(high) - floor.at(low), high_as, GREY)
        for (low, high, _), high_as in zip(spans, tall, strict=True)
    )


def _curve(series: Series, style: Style, floor: Axis, side: Axis) -> str:
    drawn = []
    if series.low is not None and series.high is not None:
        for run in runs(series.x, series.low, series.high):
            upper = [(floor.at(x), side.at(high)) for x, _, high in run]
            lower = [(floor.at(x), side.at(low)) for x, low, _ in run[::-1]]
            drawn.append(shape(upper + lower, style.fill, opacity=0.15))
    for run in runs(series.x, series.y):
        places = [(floor.at(x), side.at(y)) for x, y in run]
        lone = len(places) == 1
        drawn.append(dot(*places[0], 2.5, style.fill) if lone else stroke(places, style.line, dash=style.dash))
    return f"<g>{hint(series.name)}{''.join(drawn)}</g>"


def _points(series: Series, style: Style, floor: Axis, side: Axis, row: int, many: int) -> str:
    # Lines over the same category stand beside each other.
    shift = (row - (many - 1) / 2) * min(0.16, 0.8 / many)
    drawn = []
    for i, (x, y) in enumerate(zip(series.x, series.y, strict=True)):
        across = floor.at(x + shift)
        if series.low is not None and series.high is not None:
            drawn.append(line(across, side.at(series.low[i]), across, side.at(series.high[i]), style.line, width=1.5))
        drawn.append(dot(across, side.at(y), 2.6, style.fill))
    return f"<g>{hint(series.name)}{''.join(drawn)}</g>"
