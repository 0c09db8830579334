"""The averages over classes side by side: every class alike, every row alike, every class by how often it occurs."""

from __future__ import annotations

from audit.records.sections import PerformanceSection
from audit.report.view.folio import Folio
from audit.report.view.tree import Block, Cell, Column, Row

_AVERAGES = ("macro", "micro", "weighted")


def blocks(folio: Folio, section: PerformanceSection) -> tuple[Block, ...]:
    """Return the table of measures that have more than one average; nothing where none has."""
    found = [(m, {name: folio.get(f"performance/{m.name}/{name}") for name in _AVERAGES}) for m in section.measures]
    several = [(m, by) for m, by in found if sum(o is not None for o in by.values()) > 1]
    if not several:
        return ()
    heads = (
        *folio.columns("measure"),
        *(Column(title=folio.t(f"averages.{name}"), numeric=True) for name in _AVERAGES),
    )
    rows = (Row(cells=(Cell(text=m.label), *(folio.estimate(by[name]) for name in _AVERAGES))) for m, by in several)
    return (folio.table("averages.table", heads, rows, note=folio.t("averages.note"), dense=True),)


def places(id: str) -> bool:
    """Whether an observation stands in that table."""
    _, _, *rest = id.split("/")
    return len(rest) == 1 and rest[0] in _AVERAGES
