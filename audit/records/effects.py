"""How predictions move with a column, as curves, and the trees and tables that a method draws."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from audit.records.base import Record


class EffectLine(Record):
    """One line of an effect."""

    kind: Literal["overall", "group", "quantile"] = "overall"
    """All rows, the rows of one group, or a quantile over the curves of single rows."""
    key: str = ""
    """Key of the group as in observation ids, e.g. "sex=female"; the quantile, e.g. "0.1"; else empty."""
    class_: str = ""
    """Class whose score it is; empty where there is one output."""
    y: tuple[float, ...]
    """On the method's scale, one number for each x."""
    low: tuple[float, ...] | None = None
    """Lower ends of the interval at each x on its own; null where none is told."""
    high: tuple[float, ...] | None = None
    n: int
    """Rows behind it."""


class Effect(Record):
    """How the prediction moves with one column."""

    feature: str
    x: tuple[float, ...]
    """Values of the column, increasing; the places 0, 1, ... of categories."""
    categories: tuple[str, ...] = ()
    """Name at each place, for a column of categories; empty for numbers."""
    ordered_by: Literal["value", "declaration", "similarity"] = "value"
    """What puts categories in their order."""
    density: tuple[float, ...] = ()
    """Share of the rows, by weight: between each x and the next, or at each category."""
    missing: float = Field(default=0.0, ge=0, le=1)
    """Share of the rows that have no value."""
    lines: tuple[EffectLine, ...]
    centred: bool = True
    """Whether lines are changes from the mean prediction; else they are mean predictions."""
    ends: tuple[int, int] | None = None
    """Places of the two values between which its change is told; null where it is not."""
    level: float | None = None
    """Confidence level of the bands; null where there are none."""
    method: str = ""
    """Name of the bands' method."""


class PairEffect(Record):
    """How the prediction moves with two columns together, beyond what each does alone."""

    features: tuple[str, str]
    x: tuple[float, ...]
    """Values of the first column, increasing."""
    y: tuple[float, ...]
    """Values of the second, increasing."""
    values: tuple[tuple[float, ...], ...]
    """On the method's scale, at each x and, within it, at each y."""
    counts: tuple[tuple[int, ...], ...]
    """Rows between neighbouring x's and y's."""
    class_: str = ""


class DrawnNode(Record):
    """A node of a tree that is drawn."""

    test: str = ""
    """What is asked here, in words; empty in a leaf."""
    children: tuple[int, ...] = ()
    """Places in the tree of the nodes for yes and for no; empty in a leaf."""
    value: dict[str, float]
    """Class ("" for one output) to what the tree says here."""
    n: int
    """Rows that it was fitted on which came here."""
    share: float = Field(ge=0, le=1)
    """Those rows as a part of all, by weight."""


class DetailTable(Record):
    """White-box content under its own title."""

    title: str
    rows: tuple[tuple[str, ...], ...]
    """Header row first; already text."""
