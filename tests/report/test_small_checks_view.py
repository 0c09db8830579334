"""On paper, checks without details share one table, and none crowds out another."""

from __future__ import annotations

from typing import Literal

import handmade

from audit.records.audit import AuditRecord
from audit.records.measured import Exact
from audit.records.sections import CheckFacts, RobustnessSection
from audit.report.templating import words
from audit.report.view import EXTENTS, robustness
from audit.report.view.folio import Folio
from audit.report.view.tree import Section, Table


def record() -> AuditRecord:
    counts = {"one": 1, "many": 60, "few": 2}
    found = {
        name: tuple(
            handmade.observed(f"robustness/{name}/{i}", f"{name} {i}", Exact(value=i, n=90)) for i in range(count)
        )
        for name, count in counts.items()
    }
    checks = tuple(
        CheckFacts(name=name, label=name, status="done", summary="Found.", observations=tuple(o.id for o in told))
        for name, told in found.items()
    )
    every = tuple(o for told in found.values() for o in told)
    update = {"robustness": RobustnessSection(checks=checks), "observations": every}
    return handmade.binary("inconclusive").model_copy(update=update)


def sections(extent: Literal["screen", "paper"]) -> tuple[Section, ...]:
    return robustness.chapter(Folio(record(), words("en"), EXTENTS[extent])).sections


def test_checks_of_a_few_numbers_share_one_table_on_paper() -> None:
    (section,) = sections("paper")
    (table,) = (block for block in section.blocks if isinstance(block, Table))
    labels = [row.cells[0].text for row in table.rows]
    assert labels == ["many"] * 2 + ["few"] * 2
    assert "58" in table.rest


def test_on_a_screen_each_has_a_section_of_its_own() -> None:
    assert [section.title for section in sections("screen")] == ["one", "many", "few"]
