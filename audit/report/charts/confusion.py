"""Draws counts of true class by predicted class as shaded cells."""

from __future__ import annotations

import math
from collections.abc import Sequence

from audit.report.charts.drawing import FULL, HALF, INK_LINE, SOFT, TICK, label, picture
from audit.report.charts.grid import Cell, Grid, cells, grid_for
from audit.report.charts.text import decimal, figure


def confusion(
    classes: Sequence[str],
    counts: Sequence[Sequence[float]],
    *,
    title: str,
    description: str,
    row_label: str = "True class",
    column_label: str = "Predicted class",
    width: float | None = None,
) -> str:
    """Return a confusion matrix as SVG; right answers stand in framed cells, each row is shaded by its share.

    Parameters
    ----------
    width : `HALF` or `FULL` of `drawing`; by default what the number of classes needs.
    """
    width = width or (HALF if len(classes) <= 8 else FULL)
    texts = [[_count(value) for value in row] for row in counts]
    grid = grid_for(classes, classes, width, head=22)
    found = [
        Cell(i, j, texts[i][j], _share(value, row), i != j, f"true {classes[i]}, predicted {classes[j]}: {texts[i][j]}")
        for i, row in enumerate(counts)
        for j, value in enumerate(row)
    ]
    parts = [
        label(0, 12, f"{row_label} ↓", grid.left, SOFT, size=TICK),
        label(grid.left, 12, f"{column_label} →", width - grid.left, SOFT, size=TICK),
        cells(grid, classes, classes, found),
        *(_frame(grid, i) for i in range(min(grid.rows, grid.columns))),
    ]
    return picture(width, grid.height, title, description, parts)


def _count(value: float) -> str:
    return decimal(value, 0) if math.isfinite(value) and value == int(value) and abs(value) < 1e6 else figure(value)


def _share(value: float, row: Sequence[float]) -> float | None:
    total = sum(x for x in row if math.isfinite(x))
    return value / total if total > 0 and math.isfinite(value) else 0.0


def _frame(grid: Grid, i: int) -> str:
    x, y = grid.place(i, i)
    width, height = grid.cell_width - 3, grid.cell_height - 3
    return (
        f'<rect x="{x + 1.5:.1f}" y="{y + 1.5:.1f}" width="{width:.1f}" height="{height:.1f}" fill="none" {INK_LINE}/>'
    )
