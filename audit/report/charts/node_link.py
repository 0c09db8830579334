"""Draws a tree of tests from left to right: each test, the way for yes and for no, and what the leaves say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audit.report.charts.drawing import FULL, GREY_LINE, INK, SOFT, TICK, box, hint, label, picture, stroke, word

_PITCH = 26.0
_BOX = 24.0
_GAP = 30.0
_SMALL = 10.0
MOST = 40
"""More nodes than these are not drawn."""


@dataclass(frozen=True)
class Node:
    """One node."""

    test: str
    """What is asked; empty in a leaf."""
    children: tuple[int, ...]
    """Places of the nodes for yes and for no."""
    told: str
    """What the tree says here, in a few signs."""
    depth: float
    """How deeply it is shaded, 0 to 1."""
    second: bool = False
    """Whether it is shaded in the second colour."""


def node_link(nodes: Sequence[Node], *, title: str, description: str, yes: str = "yes", no: str = "no") -> str:
    """Return a tree as SVG; the first node is the root, and the way up is the one for yes.

    Parameters
    ----------
    nodes : the nodes; a node's children stand behind it.
    """
    nodes = nodes[:MOST]
    levels, rows = _places(nodes)
    columns = max(levels.values(), default=0) + 1
    wide = min(210.0, (FULL + _GAP - 2) / columns - _GAP)
    height = _PITCH * max(1, 1 + round(max(rows.values(), default=0.0))) + 4
    at = {i: (1 + levels[i] * (wide + _GAP), 2 + rows[i] * _PITCH) for i in levels}
    parts = [
        _way(at[i], at[child], wide, yes if k == 0 else no)
        for i in at
        for k, child in enumerate(nodes[i].children)
        if child in at
    ]
    parts += [_node(nodes[i], *at[i], wide) for i in at]
    return picture(FULL, height, title, description, parts)


def _places(nodes: Sequence[Node]) -> tuple[dict[int, int], dict[int, float]]:
    # Depth of each node, and its row: leaves one below the other, each test in the middle of its answers.
    levels: dict[int, int] = {}
    rows: dict[int, float] = {}

    def place(i: int, depth: int, row: float) -> float:
        levels[i] = depth
        inside = [child for child in nodes[i].children if i < child < len(nodes)]
        below = row
        for child in inside:
            below = place(child, depth + 1, below)
        rows[i] = row if not inside else sum(rows[c] for c in inside) / len(inside)
        return below if inside else row + 1

    if nodes:
        place(0, 0, 0.0)
    return levels, rows


def _way(start: tuple[float, float], end: tuple[float, float], wide: float, text: str) -> str:
    x1, y1, x2, y2 = start[0] + wide, start[1] + _BOX / 2, end[0], end[1] + _BOX / 2
    bend = x1 + 7
    drawn = stroke([(x1, y1), (bend, y1), (bend, y2), (x2, y2)], GREY_LINE, width=1)
    return drawn + word(x2 - 2, y2 - 3, text, SOFT, anchor="end", size=8.5)


def _node(node: Node, x: float, y: float, wide: float) -> str:
    ground = 'class="k-orange-cell" fill="#D55E00"' if node.second else 'class="k-blue-cell" fill="#0072B2"'
    # Never so deep that dark words on it could not be read.
    painted = box(x, y, wide, _BOX, ground, opacity=0.06 + 0.42 * min(1.0, max(0.0, node.depth)))
    told = hint(f"{node.test}: {node.told}" if node.test else node.told)
    if not node.test:
        return f"<g>{told}{painted}{label(x + 6, y + _BOX / 2 + 4, node.told, wide - 12, INK, size=TICK)}</g>"
    first = label(x + 6, y + 10.5, node.test, wide - 12, INK, size=TICK)
    return f"<g>{told}{painted}{first}{label(x + 6, y + 21, node.told, wide - 12, SOFT, size=_SMALL)}</g>"
