"""Puts the figures of checks without details of their own into one table, for paper."""

from __future__ import annotations

from collections.abc import Sequence

from audit.records.sections import CheckFacts
from audit.report.view.folio import Folio
from audit.report.view.tree import Cell, Row, Section


def sections(folio: Folio, checks: Sequence[CheckFacts]) -> tuple[Section, ...]:
    """Return one section on checks that tell a few numbers each; none where there is room for a section of each."""
    told = [check for check in checks if is_small(folio, check)]
    if not told:
        return ()
    rows = (
        Row(
            cells=(
                Cell(text=check.label),
                Cell(text=found.label),
                folio.point(found),
                folio.interval(found),
                folio.rows_behind(found),
            )
        )
        for check in told
        for found in (folio.get(id) for id in check.observations)
        if found is not None
    )
    table = folio.table(
        "robustness.others", folio.columns("check", "measure", "value#", "interval#", "n#"), rows, dense=True
    )
    return (Section(title=folio.t("robustness.others_title"), anchor="robustness-others", blocks=(table,)),)


def is_small(folio: Folio, check: CheckFacts) -> bool:
    """Whether a check shares the table: on paper, with more than one number and no details."""
    return not folio.extent.whole and check.status == "done" and len(check.table) < 2 and len(check.observations) > 1
