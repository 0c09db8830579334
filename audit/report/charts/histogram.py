"""Draws how values are spread, as steps for each class over one axis."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from audit.report.charts.axis import Axis
from audit.report.charts.drawing import HALF, SOFT, TICK, floor_axis, label, picture, shape, side_axis, stroke
from audit.report.charts.lines import FOOT, PLOT, Series, Style, mark_of, name_ends, plane, runs, style_of, top_below


def histogram(
    series: Sequence[Series],
    *,
    title: str,
    description: str,
    x_label: str,
    y_label: str,
    reference: float | None = None,
    reference_label: str = "",
    width: float = HALF,
) -> str:
    """Return steps as SVG.

    Parameters
    ----------
    series : x holds the middles of the bins, or their edges where it is one longer than y.
    reference : a place on the x axis to mark, such as a threshold.
    """
    stepped = [_stepped(s) for s in series]
    top = top_below(reference_label)
    side, floor, names = plane(stepped, width, top, from_zero=True, reference=reference)
    parts = [
        label(0, 12, y_label, width, SOFT, size=TICK),
        side_axis(side, floor.start, floor.end),
        floor_axis(floor, top, top + PLOT, x_label, width),
        *(_steps(s, style_of(i), floor, side) for i, s in enumerate(stepped)),
        mark_of(floor, top, reference, reference_label, width),
        name_ends(stepped, floor, side, names),
    ]
    return picture(width, top + PLOT + FOOT, title, description, parts)


def _stepped(s: Series) -> Series:
    edges = list(s.x) if len(s.x) > len(s.y) else _edges(s.x)
    xs = [x for pair in pairwise(edges) for x in pair]
    return Series(s.name, xs, [y for y in s.y for _ in (0, 1)])


def _edges(middles: Sequence[float]) -> list[float]:
    if len(middles) < 2:
        return [m + d for m in middles for d in (-0.5, 0.5)]
    between = [(a + b) / 2 for a, b in pairwise(middles)]
    return [2 * middles[0] - between[0], *between, 2 * middles[-1] - between[-1]]


def _steps(s: Series, style: Style, floor: Axis, side: Axis) -> str:
    drawn = []
    for run in runs(s.x, s.y):
        places = [(floor.at(x), side.at(y)) for x, y in run]
        ground = side.at(0)
        drawn.append(shape([(places[0][0], ground), *places, (places[-1][0], ground)], style.fill, opacity=0.12))
        drawn.append(stroke(places, style.line, dash=style.dash))
    return "".join(drawn)
