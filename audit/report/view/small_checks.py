"""Puts the figures of checks without details of their own into one table, for paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from audit.records.observation import Observation
from audit.records.sections import CheckFacts
from audit.report.view.folio import Folio
from audit.report.view.tree import Cell, Row, Section

MOST = 2
"""Figures of one check, so that none crowds out another; the most telling stand first."""


def sections(folio: Folio, checks: Sequence[CheckFacts]) -> tuple[Section, ...]:
    """Return one section on checks that tell a few numbers each; none where there is room for a section of each."""
    found = [(c, [o for o in map(folio.get, c.observations) if o]) for c in checks if is_small(folio, c)]
    if not found:
        return ()
    rows = [_row(folio, check, observation) for check, told in found for observation in told[:MOST]]
    columns = folio.columns("check", "measure", "value#", "interval#", "n#")
    table = folio.table("robustness.others", columns, rows, dense=True, room=len(rows))
    hidden = sum(max(0, len(told) - MOST) for _, told in found)
    rest = folio.t.count("table.rest", hidden) if hidden else ""
    title = folio.t("robustness.others_title")
    return (Section(title=title, anchor="robustness-others", blocks=(replace(table, rest=rest),)),)


def is_small(folio: Folio, check: CheckFacts) -> bool:
    """Whether a check shares the table: on paper, with more than one number and no details."""
    return not folio.extent.whole and check.status == "done" and len(check.table) < 2 and len(check.observations) > 1


def _row(folio: Folio, check: CheckFacts, found: Observation) -> Row:
    return Row(
        cells=(
            Cell(text=check.label),
            Cell(text=found.label),
            folio.point(found),
            folio.interval(found),
            folio.rows_behind(found),
        )
    )
