"""Draws what was observed against what was predicted, with the number of rows behind each point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from audit.report.charts.axis import Axis, axis_over
from audit.report.charts.drawing import (
    BLUE,
    BLUE_LINE,
    GREY,
    GREY_LINE,
    HALF,
    SOFT,
    TICK,
    box,
    dot,
    floor_axis,
    hint,
    label,
    level,
    line,
    picture,
    side_axis,
    stroke,
    widest,
    word,
)
from audit.report.charts.text import decimal, figure, text_width

TOP = 26.0
PLOT = 240.0
STRIP = 54.0
_GAP = 20.0


def reliability(
    predicted: Sequence[float],
    observed: Sequence[float],
    low: Sequence[float | None] | None,
    high: Sequence[float | None] | None,
    n: Sequence[int] | None,
    *,
    title: str,
    description: str,
    x_label: str = "Predicted probability",
    y_label: str = "Observed share",
    width: float = HALF,
) -> str:
    """Return a reliability diagram as SVG: points on the dashed line are calibrated; bars below count rows."""
    values = [v for column in (predicted, observed, low or (), high or ()) for v in column]
    axes = axis_over([0.0, 1.0, *values], 0, 1)
    side = axis_over([axes.low, axes.high], TOP + PLOT, TOP, upright=True)
    left = widest([t for _, t in side.ticks], TICK, 90) + 8
    strip = STRIP + _GAP if n else 0.0
    bottom = TOP + PLOT + strip
    floor = axis_over([axes.low, axes.high], left, width - 14)
    parts = [
        label(0, 12, y_label, width, SOFT, size=TICK),
        side_axis(side, floor.start, floor.end),
        floor_axis(floor, TOP, bottom, x_label, width),
        line(floor.at(axes.low), side.at(axes.low), floor.at(axes.high), side.at(axes.high), GREY_LINE, dash="3 3"),
        _curve(predicted, observed, low, high, n, floor, side),
        _counts(predicted, n, floor, bottom) if n else "",
    ]
    return picture(width, bottom + 46, title, description, parts)


def _curve(
    predicted: Sequence[float],
    observed: Sequence[float],
    low: Sequence[float | None] | None,
    high: Sequence[float | None] | None,
    n: Sequence[int] | None,
    floor: Axis,
    side: Axis,
) -> str:
    places, marks = [], []
    for i, (x, y) in enumerate(zip(predicted, observed, strict=True)):
        if not (math.isfinite(x) and math.isfinite(y)):
            continue
        across, up = floor.at(x), side.at(y)
        places.append((across, up))
        rows = f", {decimal(n[i], 0)} rows" if n else ""
        told = hint(f"predicted {figure(x)}, observed {figure(y)}{rows}")
        marks.append(f"<g>{told}{_whisker(low, high, i, across, side)}{dot(across, up, 4, BLUE)}</g>")
    joined = stroke(places, BLUE_LINE, width=1) if len(places) > 1 else ""
    return joined + "".join(marks)


def _whisker(
    low: Sequence[float | None] | None, high: Sequence[float | None] | None, i: int, across: float, side: Axis
) -> str:
    if low is None or high is None:
        return ""
    bottom, top = low[i], high[i]
    foot = side.at(side.low if bottom is None or not math.isfinite(bottom) else bottom)
    head = side.at(side.high if top is None or not math.isfinite(top) else top)
    return line(across, foot, across, head, BLUE_LINE, width=1.5)


def _counts(predicted: Sequence[float], n: Sequence[int], floor: Axis, bottom: float) -> str:
    most = max(n, default=0)
    if most <= 0:
        return ""
    rows = [(floor.at(x), count) for x, count in zip(predicted, n, strict=True) if math.isfinite(x)]
    gaps = [abs(b[0] - a[0]) for a, b in pairwise(rows)]
    wide = min(22.0, max(3.0, min(gaps, default=22.0) * 0.7))
    drawn, taken = [level(bottom, floor.start, floor.end, GREY_LINE)], -1.0
    for x, count in rows:
        high = (STRIP - 12) * count / most
        drawn.append(box(x - wide / 2, bottom - high, wide, high, GREY))
        text = decimal(count, 0)
        half = text_width(text, 9.5) / 2
        if x - half > taken:
            drawn.append(word(x, bottom - high - 3, text, SOFT, anchor="middle", size=9.5))
            taken = x + half + 2
    return "".join(drawn)
