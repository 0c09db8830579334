"""Draws how one prediction comes about: from the base value, feature by feature, to what the model said."""

from __future__ import annotations

import math
from collections.abc import Sequence

from audit.report.charts.axis import Axis, axis_over
from audit.report.charts.drawing import (
    BLUE,
    GREY_LINE,
    HALF,
    INK,
    LABEL,
    ORANGE,
    dot,
    floor_axis,
    hint,
    picture,
    shape,
    upright,
    widest,
    word,
)
from audit.report.charts.rows import TOP, Rows, rows_for
from audit.report.charts.text import figure, signed


def waterfall(
    base: float,
    contributions: Sequence[tuple[str, str, float]],
    prediction: float,
    *,
    title: str,
    description: str,
    axis_label: str,
    base_label: str = "Base value",
    prediction_label: str = "Prediction",
) -> str:
    """Return a waterfall as SVG; arrows to the right raise the prediction, arrows to the left lower it.

    Parameters
    ----------
    contributions : (feature, its value as text, attribution), in the order drawn.
    """
    names = [
        base_label,
        *(f"{feature} = {value}" if value else feature for feature, value, _ in contributions),
        prediction_label,
    ]
    told = [figure(base), *(signed(added) for _, _, added in contributions), figure(prediction)]
    layout = rows_for(names, widest(told, LABEL, HALF), HALF)
    sums = _sums(base, [added for _, _, added in contributions])
    axis = axis_over([*sums, prediction], layout.left, layout.right)
    last = layout.shown - 1
    parts = [floor_axis(axis, TOP, layout.bottom, axis_label, HALF), _point(layout, axis, 0, base, names[0], told[0])]
    parts += [_step(layout, axis, i, sums, names[i], told[i]) for i in range(1, min(last + 1, len(names) - 1))]
    if not layout.hidden:
        parts.append(_point(layout, axis, last, prediction, names[-1], told[-1]))
    return picture(HALF, layout.height, title, description, [*parts, layout.remainder()])


def _sums(base: float, added: Sequence[float]) -> list[float]:
    sums = [base if math.isfinite(base) else 0.0]
    for value in added:
        sums.append(sums[-1] + (value if math.isfinite(value) else 0.0))
    return sums


def _point(layout: Rows, axis: Axis, row: int, value: float, name: str, told: str) -> str:
    y = layout.middle(row)
    mark = dot(axis.at(value), y, 5, INK) if math.isfinite(value) else ""
    named = word(layout.left - 14, y + 4, name, INK, anchor="end", bold=True)
    return f"<g>{hint(f'{name}: {told}')}{named}{mark}{layout.value(row, told, INK, bold=True)}</g>"


def _step(layout: Rows, axis: Axis, row: int, sums: Sequence[float], name: str, told: str) -> str:
    y = layout.middle(row)
    start, end = axis.at(sums[row - 1]), axis.at(sums[row])
    paint = BLUE if end >= start else ORANGE
    joint = upright(start, layout.middle(row - 1), y, GREY_LINE, dash="2 2")
    follow = upright(end, y, layout.middle(row + 1), GREY_LINE, dash="2 2") if row == len(sums) - 1 else ""
    drawn = layout.name(row, name, INK) + joint + follow + _arrow(start, end, y, paint)
    return f"<g>{hint(f'{name}: {told}')}{drawn}{layout.value(row, told, INK)}</g>"


def _arrow(start: float, end: float, y: float, paint: str) -> str:
    length = abs(end - start)
    if length < 1:
        return shape([(start - 0.5, y - 7), (start + 0.5, y - 7), (start + 0.5, y + 7), (start - 0.5, y + 7)], paint)
    head = min(6.0, length) * (1 if end > start else -1)
    neck = end - head
    return shape([(start, y - 7), (neck, y - 7), (end, y), (neck, y + 7), (start, y + 7)], paint)
