"""Draws how the attributions of each feature are spread, shaded by how high the feature's value was."""

from __future__ import annotations

import math
from collections.abc import Sequence

from audit.records.sections import Density
from audit.report.charts.axis import Axis, axis_over
from audit.report.charts.drawing import (
    FULL,
    INK,
    SOFT,
    SOFT_LINE,
    TICK,
    box,
    floor_axis,
    hint,
    picture,
    shape,
    upright,
    word,
)
from audit.report.charts.rows import TOP, Rows, rows_for
from audit.report.charts.text import text_width

# From pale orange to deep blue: the order survives a grey print, and each shade can be seen on white and on black.
RAMP = ("#f3b778", "#e0b08b", "#bfaea6", "#93a8b8", "#5f9cc4", "#2f86bd", "#0068a3")


def beeswarm(densities: Sequence[Density], *, title: str, description: str, axis_label: str) -> str:
    """Return one mirrored strip a feature as SVG: as wide as rows are many, as deep as the feature's value is high."""
    layout = rows_for([d.feature for d in densities])
    edges = [e for d in densities for i, count in enumerate(d.counts) if count for e in d.edges[i : i + 2]]
    axis = axis_over([0.0, *edges], layout.left, layout.right)
    parts = [
        layout.rules(),
        floor_axis(axis, TOP, layout.bottom, axis_label),
        upright(axis.at(0), TOP, layout.bottom, SOFT_LINE),
        *(_strip(d, i, axis, layout) for i, d in enumerate(densities[: layout.shown])),
        layout.remainder(),
        _key(layout.height + 6),
    ]
    return picture(FULL, layout.height + 14, title, description, parts)


def _strip(density: Density, row: int, axis: Axis, layout: Rows) -> str:
    y = layout.middle(row)
    most = max(density.counts, default=0) or 1
    # The area of a strip is what the eye takes in; the root keeps thin tails to be seen.
    heights = [math.sqrt(count / most) * (layout.pitch / 2 - 2) for count in density.counts]
    xs = [axis.at(edge) for edge in density.edges]
    shades = [_shade(c) for c in density.colour] or ["none"] * len(heights)
    drawn = [layout.name(row, density.feature, INK)]
    start = 0
    for i in range(1, len(heights) + 1):
        if i == len(heights) or shades[i] != shades[start] or not density.counts[i] or not density.counts[i - 1]:
            if density.counts[start]:
                drawn.append(_patch(xs, heights, start, i, y, shades[start]))
            start = i
    return f"<g>{hint(density.feature)}{''.join(drawn)}</g>"


def _patch(xs: Sequence[float], heights: Sequence[float], start: int, stop: int, y: float, shade: str) -> str:
    top = [(xs[start], _edge(heights, start))]
    top += [((xs[i] + xs[i + 1]) / 2, heights[i]) for i in range(start, stop)]
    top.append((xs[stop], _edge(heights, stop)))
    if xs[stop] - xs[start] < 3:
        middle = (xs[start] + xs[stop]) / 2
        top = [(middle + side, max(heights[start:stop])) for side in (-1.5, 1.5)]
    outline = [(x, y - h) for x, h in top] + [(x, y + h) for x, h in reversed(top)]
    return shape(outline, _paint(shade))


def _edge(heights: Sequence[float], i: int) -> float:
    if i in (0, len(heights)):
        return heights[min(i, len(heights) - 1)] / 2
    return (heights[i - 1] + heights[i]) / 2


def _shade(rank: float | None) -> str:
    if rank is None or not math.isfinite(rank):
        return "none"
    return str(min(len(RAMP) - 1, max(0, int(rank * len(RAMP)))))


def _paint(shade: str) -> str:
    return 'class="k-grey" fill="#8a949e"' if shade == "none" else f'fill="{RAMP[int(shade)]}"'


def _key(y: float) -> str:
    wide, low, high = 16.0, "low value", "high value"
    start = FULL - 12 - text_width(high, TICK) - 8 - wide * len(RAMP)
    patches = "".join(box(start + i * wide, y - 8, wide, 8, _paint(str(i))) for i in range(len(RAMP)))
    return (
        word(start - 8, y, low, SOFT, anchor="end", size=TICK)
        + patches
        + word(FULL - 12, y, high, SOFT, anchor="end", size=TICK)
    )
