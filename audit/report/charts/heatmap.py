"""Draws a table of values as shaded cells."""

from __future__ import annotations

import math
from collections.abc import Sequence

from audit.report.charts.drawing import FULL, picture
from audit.report.charts.grid import Cell, cells, grid_for


def heatmap(
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[float | None]],
    texts: Sequence[Sequence[str]],
    *,
    title: str,
    description: str,
    width: float = FULL,
) -> str:
    """Return shaded cells as SVG: the deeper, the further from zero; below zero in the second colour."""
    grid = grid_for(rows, columns, width)
    known = [abs(v) for row in values for v in row if v is not None and math.isfinite(v)]
    most = max(known, default=0.0) or 1.0
    found = [
        Cell(i, j, texts[i][j], _depth(value, most), (value or 0) < 0, f"{rows[i]}, {columns[j]}: {texts[i][j]}")
        for i, row in enumerate(values)
        for j, value in enumerate(row)
    ]
    return picture(width, grid.height, title, description, [cells(grid, rows, columns, found)])


def _depth(value: float | None, most: float) -> float | None:
    return None if value is None or not math.isfinite(value) else abs(value) / most
