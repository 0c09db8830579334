"""How important each feature is by each method, side by side in one table, for paper."""

from __future__ import annotations

from collections.abc import Sequence

from audit.records.observation import Observation, encoded
from audit.records.sections import AttributionMethodFacts
from audit.report.view.folio import Folio
from audit.report.view.tree import Block, Cell, Column, Row

MOST = 4
"""Methods side by side."""
LISTED = 15
"""Features."""


def blocks(folio: Folio, done: Sequence[AttributionMethodFacts]) -> tuple[Block, ...]:
    """Return the table of sizes by method; nothing where each method has room for a table of its own."""
    shown = [method for method in done if is_listed(folio, method, done)]
    if not shown:
        return ()
    names = list(dict.fromkeys(name for method in shown for name in method.features))
    heads = (
        *folio.columns("feature"),
        *(Column(title=method.label, detail=method.scale, numeric=True) for method in shown),
    )
    rows = (
        Row(cells=(Cell(text=name), *(folio.estimate(_size(folio, method, name)) for method in shown)))
        for name in names
    )
    note = folio.t("attribution.importance_note")
    return (folio.table("attribution.importance", heads, rows, note=note, dense=True, room=LISTED),)


def is_listed(folio: Folio, method: AttributionMethodFacts, done: Sequence[AttributionMethodFacts]) -> bool:
    """Whether a method's sizes stand in the table that methods share."""
    if folio.extent.whole:
        return False
    return method.name in [m.name for m in done if any(_size(folio, m, name) for name in m.features)][:MOST]


def _size(folio: Folio, method: AttributionMethodFacts, feature: str) -> Observation | None:
    return folio.get(f"attribution/{method.name}/global/{encoded(feature)}")
