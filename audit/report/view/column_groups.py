"""What groups of columns add to predictions together, beside what each column adds alone."""

from __future__ import annotations

from audit.records.observation import Observation, encoded
from audit.records.sections import AttributionMethodFacts
from audit.report.view.folio import Folio
from audit.report.view.tree import Block, Cell, Row

GROUPS_ON_PAPER = 15


def blocks(folio: Folio, method: AttributionMethodFacts) -> tuple[Block, ...]:
    """Return one table of the groups that hold more than one column, the largest total first."""
    found = [
        (name, columns, measured)
        for name, columns in method.groups.items()
        if len(columns) > 1 and (measured := folio.get(f"attribution/{method.name}/group={encoded(name)}"))
    ]
    if not found:
        return ()
    found.sort(key=lambda each: -_size(each[2]))
    rows = (
        Row(cells=(Cell(text=name), Cell(text=", ".join(columns)), folio.point(o), folio.interval(o)))
        for name, columns, o in found
    )
    heads = folio.columns("column_group", "columns>", "attribution#", "interval#")
    room = None if folio.extent.whole else GROUPS_ON_PAPER
    own = f"attribution.groups_note_{method.name}"
    note = folio.t(own if own in folio.t.keys else "attribution.groups_note", scale=method.scale)
    return (folio.table("attribution.groups", heads, rows, note=note, room=room, method=method.label),)


def _size(observation: Observation) -> float:
    return 0.0 if observation.measured.kind == "undefined" else abs(float(observation.measured.value))
