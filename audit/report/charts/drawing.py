"""Writes the parts of a chart as SVG text: frame, words, lines, marks."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from html import escape

from audit.report.charts.axis import Axis
from audit.report.charts.text import fitted, one_line, text_width

# Colours are attributes, so that a chart is whole by itself; the classes let a page turn them for a dark ground.
INK = 'class="k-ink" fill="#1f2933"'
SOFT = 'class="k-soft" fill="#5a6672"'
BLUE = 'class="k-blue" fill="#0072B2"'
ORANGE = 'class="k-orange" fill="#D55E00"'
GREY = 'class="k-grey" fill="#8a949e"'
PAPER = 'class="k-paper" fill="#ffffff"'
BLUE_LINE = 'class="k-blue-line" stroke="#0072B2"'
ORANGE_LINE = 'class="k-orange-line" stroke="#D55E00"'
INK_LINE = 'class="k-ink-line" stroke="#1f2933"'
SOFT_LINE = 'class="k-soft-line" stroke="#5a6672"'
GREY_LINE = 'class="k-grey-line" stroke="#8a949e"'
HOLLOW_BLUE = 'class="k-paper k-blue-line" fill="#ffffff" stroke="#0072B2" stroke-width="1.5"'
HOLLOW_GREY = 'class="k-paper k-grey-line" fill="#ffffff" stroke="#8a949e" stroke-width="1.5"'
GRID_LINE = 'class="k-grid-line" stroke="#dde2e7"'

FULL = 720.0
"""Width of a chart that fills the page, in px."""
HALF = 352.0
"""Width of a chart of which two stand side by side."""
LABEL = 12.0
"""Height of labels."""
TICK = 11.0
"""Height of tick labels, axis labels and notes."""
FAMILY = "Inter, 'Noto Sans SC', sans-serif"


def picture(width: float, height: float, title: str, description: str, parts: Iterable[str]) -> str:
    """Return a whole SVG element whose title and description come first."""
    body = "".join(parts)
    key = hashlib.sha256(f"{title}\0{description}\0{body}".encode("utf-8", "replace")).hexdigest()[:12]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" aria-labelledby="t-{key} d-{key}" '
        f'viewBox="0 0 {px(width)} {px(height)}" width="{px(width)}" height="{px(height)}" font-family="{FAMILY}" '
        f'font-size="{px(LABEL)}"><title id="t-{key}">{safe(title)}</title>'
        f'<desc id="d-{key}">{safe(description)}</desc>{body}</svg>'
    )


def safe(text: str) -> str:
    """Return a text that is inert in XML and HTML."""
    return escape(one_line(text), quote=True)


def px(value: float) -> str:
    """Write a coordinate to a tenth of a pixel.

    >>> px(3.0), px(2.25), px(-0.01)
    ('3', '2.2', '0')
    """
    if not math.isfinite(value):
        raise ValueError("a coordinate must be finite")
    written = f"{value:.1f}"
    return written[:-2].replace("-0", "0") if written.endswith(".0") else written


def word(
    x: float,
    y: float,
    text: str,
    paint: str = INK,
    *,
    anchor: str = "start",
    size: float = LABEL,
    bold: bool = False,
    turn: float = 0,
) -> str:
    """Return one line of text with its baseline at y."""
    more = "" if anchor == "start" else f' text-anchor="{anchor}"'
    more += "" if size == LABEL else f' font-size="{px(size)}"'
    more += ' font-weight="600"' if bold else ""
    more += f' transform="rotate({px(turn)} {px(x)} {px(y)})"' if turn else ""
    return f'<text x="{px(x)}" y="{px(y)}" {paint}{more}>{safe(text)}</text>' if text else ""


def label(
    x: float, y: float, text: str, width: float, paint: str = INK, *, anchor: str = "start", size: float = LABEL
) -> str:
    """Return a text shortened to a width; the whole of it is told on hovering."""
    if not text:
        return ""
    short = fitted(text, width, size)
    drawn = word(x, y, short, paint, anchor=anchor, size=size)
    return drawn if short == one_line(text) else f"<g>{hint(text)}{drawn}</g>"


def hint(text: str) -> str:
    """Return what a mark tells on hovering."""
    return f"<title>{safe(text)}</title>"


def line(
    x1: float, y1: float, x2: float, y2: float, paint: str = GRID_LINE, *, width: float = 1, dash: str = ""
) -> str:
    """Return a straight line."""
    more = f' stroke-width="{px(width)}"' if width != 1 else ""
    more += f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line x1="{px(x1)}" y1="{px(y1)}" x2="{px(x2)}" y2="{px(y2)}" fill="none" {paint}{more}/>'


def upright(x: float, y1: float, y2: float, paint: str = GRID_LINE, *, width: float = 1, dash: str = "") -> str:
    """Return a vertical line that falls on whole pixels."""
    sharp = math.floor(x) + 0.5 if width == 1 else x
    return line(sharp, y1, sharp, y2, paint, width=width, dash=dash)


def level(y: float, x1: float, x2: float, paint: str = GRID_LINE, *, width: float = 1, dash: str = "") -> str:
    """Return a horizontal line that falls on whole pixels."""
    sharp = math.floor(y) + 0.5 if width == 1 else y
    return line(x1, sharp, x2, sharp, paint, width=width, dash=dash)


def box(x: float, y: float, width: float, height: float, paint: str, *, opacity: float = 1) -> str:
    """Return a rectangle."""
    more = f' fill-opacity="{opacity:.2f}"' if opacity < 1 else ""
    return (
        f'<rect x="{px(x)}" y="{px(y)}" width="{px(max(0.0, width))}" height="{px(max(0.0, height))}" {paint}{more}/>'
    )


def dot(x: float, y: float, radius: float, paint: str) -> str:
    """Return a disc."""
    return f'<circle cx="{px(x)}" cy="{px(y)}" r="{px(radius)}" {paint}/>'


def shape(points: Sequence[tuple[float, float]], paint: str, *, opacity: float = 1) -> str:
    """Return a filled polygon."""
    more = f' fill-opacity="{opacity:.2f}"' if opacity < 1 else ""
    return f'<path d="M{_joined(points)}Z" {paint}{more}/>'


def stroke(points: Sequence[tuple[float, float]], paint: str, *, width: float = 1.5, dash: str = "") -> str:
    """Return an open line through points."""
    more = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<path d="M{_joined(points)}" fill="none" stroke-width="{px(width)}" stroke-linejoin="round" {paint}{more}/>'
    )


def floor_axis(axis: Axis, top: float, bottom: float, text: str, width: float = FULL) -> str:
    """Return grid lines, ticks below the plot and the axis label under its middle, all within the chart's width."""
    grid = "".join(upright(axis.at(v), top, bottom) for v, _ in axis.ticks)
    ticks = "".join(middled(axis.at(v), bottom + 16, t, width) for v, t in axis.ticks)
    return grid + ticks + middled((axis.start + axis.end) / 2, bottom + 34, text, width)


def middled(x: float, y: float, text: str, width: float) -> str:
    """Return a small text around x, moved or shortened where it would leave the chart."""
    half = widest([text], TICK, width - 4) / 2
    return label(min(max(x, half + 2), width - half - 2), y, text, width - 4, SOFT, anchor="middle", size=TICK)


def side_axis(axis: Axis, left: float, right: float) -> str:
    """Return grid lines and ticks to the left of the plot."""
    grid = "".join(level(axis.at(v), left, right) for v, _ in axis.ticks)
    return grid + "".join(word(left - 7, axis.at(v) + 4, t, SOFT, anchor="end", size=TICK) for v, t in axis.ticks)


def widest(texts: Iterable[str], size: float, limit: float) -> float:
    """Return the width that the longest text needs, at most the limit."""
    return min(limit, max((text_width(one_line(t), size) for t in texts), default=0.0))


def _joined(points: Sequence[tuple[float, float]]) -> str:
    return "L".join(f"{px(x)} {px(y)}" for x, y in points)
