"""Lays out and draws shaded cells under column names and beside row names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audit.report.charts.drawing import INK, LABEL, SOFT, TICK, box, hint, label, safe, widest, word
from audit.report.charts.text import fitted, one_line, text_width

MOST_ROWS = 40
"""More than these do not fit on a page."""
_NARROWEST = 15.0


@dataclass(frozen=True)
class Cell:
    """One cell."""

    row: int
    column: int
    text: str
    depth: float | None
    """How deeply it is shaded, 0 to 1; null where there is no number."""
    second: bool
    """Whether it is shaded in the second colour."""
    told: str
    """What it tells on hovering."""


@dataclass(frozen=True)
class Grid:
    """Places of cells."""

    left: float
    top: float
    cell_width: float
    cell_height: float
    rows: int
    columns: int
    turned: bool
    """Whether the column names stand upright, being too long to lie."""
    hidden: int
    """Rows and columns that only the record holds."""

    @property
    def height(self) -> float:
        """Height of the whole chart."""
        return self.top + self.cell_height * max(1, self.rows) + (24 if self.hidden else 6)

    def place(self, row: int, column: int) -> tuple[float, float]:
        """Return the upper left corner of a cell."""
        return self.left + column * self.cell_width, self.top + row * self.cell_height


def grid_for(rows: Sequence[str], columns: Sequence[str], width: float, head: float = 0.0) -> Grid:
    """Return the layout of cells for these names, below a head of its own height."""
    shown_rows = min(len(rows), MOST_ROWS)
    left = max(80.0, widest(rows[:shown_rows], LABEL, width * 0.32) + 10)
    shown_columns = min(len(columns), int((width - left) / _NARROWEST))
    cell_width = min((width - left - 2) / max(1, shown_columns), 120.0)
    names = widest(columns[:shown_columns], TICK, 1000)
    turned = names > cell_width - 6 and cell_width < 64
    top = head + (widest(columns[:shown_columns], TICK, 110) + 8 if turned else 18)
    cell_height = min(max(24.0, cell_width * 0.6), 44.0) if shown_rows <= 12 else 22.0
    hidden = len(rows) - shown_rows + len(columns) - shown_columns
    return Grid(left, top, cell_width, cell_height, shown_rows, shown_columns, turned, hidden)


def cells(grid: Grid, rows: Sequence[str], columns: Sequence[str], found: Sequence[Cell]) -> str:
    """Return the names and the cells."""
    parts = [
        label(grid.left - 10, _middle(grid, i), rows[i], grid.left - 12, INK, anchor="end") for i in range(grid.rows)
    ]
    parts += [_head(grid, j, columns[j]) for j in range(grid.columns)]
    size = _size(grid, found)
    parts += [_cell(grid, cell, size) for cell in found if cell.row < grid.rows and cell.column < grid.columns]
    if grid.hidden:
        parts.append(word(0, grid.height - 6, f"{grid.hidden} more rows and columns in record.json", SOFT, size=TICK))
    return "".join(parts)


def _middle(grid: Grid, row: int) -> float:
    return grid.place(row, 0)[1] + grid.cell_height / 2 + 4


def _head(grid: Grid, column: int, text: str) -> str:
    middle = grid.place(0, column)[0] + grid.cell_width / 2
    if not grid.turned:
        return label(middle, grid.top - 7, text, grid.cell_width - 6, INK, anchor="middle", size=TICK)
    short = fitted(text, 110, TICK)
    drawn = word(middle + 4, grid.top - 6, short, INK, size=TICK, turn=-90)
    return drawn if short == one_line(text) else f"<g>{hint(text)}{drawn}</g>"


def _size(grid: Grid, found: Sequence[Cell]) -> float:
    room = grid.cell_width - 6
    longest = max((text_width(cell.text, 1) for cell in found), default=1.0) or 1.0
    return min(LABEL, room / longest, grid.cell_height - 8)


def _cell(grid: Grid, cell: Cell, size: float) -> str:
    x, y = grid.place(cell.row, cell.column)
    ground = 'class="k-orange-cell" fill="#D55E00"' if cell.second else 'class="k-blue-cell" fill="#0072B2"'
    # Never so deep that dark words on it could not be read.
    opacity = 0.0 if cell.depth is None else 0.05 + 0.5 * cell.depth
    empty = 'class="k-grid" fill="#f1f3f5"'
    width, height = grid.cell_width - 1.5, grid.cell_height - 1.5
    painted = (
        box(x, y, width, height, empty) if cell.depth is None else box(x, y, width, height, ground, opacity=opacity)
    )
    if size < 6:
        return f"<g><title>{safe(cell.told)}</title>{painted}</g>"
    middle = x + (grid.cell_width - 1.5) / 2
    text = word(middle, y + grid.cell_height / 2 + size * 0.33, cell.text, INK, anchor="middle", size=size)
    return f"<g>{hint(cell.told)}{painted}{text}</g>"
