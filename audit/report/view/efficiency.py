"""What the model costs to keep and to run."""

from __future__ import annotations

from audit.records.measured import Undefined
from audit.records.observation import Observation
from audit.report.view.folio import Folio
from audit.report.view.tree import Block, Bullets, Cell, Chapter, Prose, Row


def chapter(folio: Folio) -> Chapter:
    """Return the chapter on efficiency; times differ between equal runs and stay in record.json."""
    t, section = folio.t, folio.record.efficiency
    title, lead = t("efficiency.title"), t("efficiency.lead")
    if section is None:
        return Chapter(
            number="", title=title, anchor="efficiency", lead=lead, blocks=(folio.absent("efficiency"),), brief=True
        )
    rows = tuple(Row(cells=(Cell(text=o.label, detail=_reason(o)), folio.point(o))) for o in folio.under("efficiency/"))
    blocks: list[Block] = []
    if rows:
        blocks.append(
            folio.table(
                "efficiency.sizes",
                folio.columns("measure", "value#"),
                rows,
                note=f"{t('efficiency.note')} {t('efficiency.times_text')}",
                dense=True,
            )
        )
    if section.notes:
        blocks.append(Bullets(items=section.notes))
    if not rows:
        blocks.append(Prose(paragraphs=(t("efficiency.times_text"),)))
    return Chapter(number="", title=title, anchor="efficiency", lead=lead, blocks=tuple(blocks), brief=True)


def _reason(observation: Observation) -> str:
    return observation.measured.reason if isinstance(observation.measured, Undefined) else ""
