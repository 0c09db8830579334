"""Lays out a chart whose rows are named on the left: how high a row is, and how wide each column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audit.report.charts.drawing import FULL, LABEL, SOFT, TICK, label, level, widest, word

MOST_ROWS = 44
"""More than these do not fit on a page."""
TOP = 8.0
FOOT = 44.0
_GAP = 14.0


@dataclass(frozen=True)
class Rows:
    """Places of the columns and rows of a chart that fills the page's width."""

    width: float
    """Of the whole chart."""
    shown: int
    """Rows that are drawn."""
    hidden: int
    """Rows that only the table holds."""
    pitch: float
    """From one row to the next."""
    name_width: float
    left: float
    """Where the plot starts."""
    right: float
    """Where the plot ends."""
    bottom: float
    """Where the plot ends below."""

    @property
    def gap(self) -> float:
        """Room between plot and words."""
        return _GAP

    @property
    def height(self) -> float:
        """Height of the whole chart."""
        return self.bottom + FOOT + (18 if self.hidden else 0)

    def middle(self, row: int) -> float:
        """Return the height of a row's middle."""
        return TOP + self.pitch * (row + 0.5)

    def name(self, row: int, text: str, paint: str) -> str:
        """Return the name of a row, set against the plot."""
        return label(self.left - _GAP, self.middle(row) + 4, text, self.name_width, paint, anchor="end")

    def value(self, row: int, text: str, paint: str, *, bold: bool = False) -> str:
        """Return the value of a row, to the right of the plot."""
        return word(self.right + _GAP, self.middle(row) + 4, text, paint, bold=bold)

    def rules(self) -> str:
        """Return a hairline under each row, so that the eye keeps its line to the right."""
        return "".join(level(TOP + self.pitch * (i + 1), 0, self.width) for i in range(self.shown))

    def remainder(self) -> str:
        """Return the line that tells how many rows are left to the table."""
        if not self.hidden:
            return ""
        return word(0, self.height - 4, f"{self.hidden} more in the table", SOFT, size=TICK)


def rows_for(names: Sequence[str], value_width: float = 0.0, width: float = FULL) -> Rows:
    """Return the layout for rows of these names, with so much room for values to the right of the plot."""
    shown = len(names) if len(names) <= MOST_ROWS else MOST_ROWS - 1
    pitch = 26.0 if shown <= 20 else 20.0
    name_width = widest(names[:shown], LABEL, width / 3)
    left = name_width + _GAP
    right = width - (value_width + _GAP + 4 if value_width else 12)
    return Rows(width, shown, len(names) - shown, pitch, name_width, left, right, TOP + pitch * max(1, shown))
