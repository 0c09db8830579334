"""Checks of the data and of the model's steadiness."""

from __future__ import annotations

from audit.records.observation import Observation
from audit.records.sections import CheckFacts
from audit.report.view import small_checks, steadiness
from audit.report.view.folio import Folio
from audit.report.view.tree import Block, Bullets, Callout, Cell, Chapter, Column, Prose, Row, Section, Table

BY_FEATURE = ("high_cardinality",)
"""Checks whose details say of each feature what the overview says of those that stand out; not on paper."""


def chapter(folio: Folio) -> Chapter:
    """Return the chapter on robustness and data checks."""
    t, section = folio.t, folio.record.robustness
    title, lead = t("robustness.title"), t("robustness.lead")
    if section is None:
        return Chapter(number="", title=title, anchor="robustness", lead=lead, blocks=(folio.absent("robustness"),))
    overview = folio.table(
        "robustness.overview",
        folio.columns("check", "status<", "finding>"),
        _lines(folio, section.checks),
    )
    notes = (Bullets(items=section.notes, title=t("robustness.notes")),) if section.notes else ()
    empty = (Callout(title=t("robustness.no_checks"), text=t("robustness.no_checks_text"), glyph="not_run"),)
    return Chapter(
        number="",
        title=title,
        anchor="robustness",
        lead=lead,
        blocks=(overview, *notes) if section.checks else (*empty, *notes),
        sections=(
            *steadiness.sections(folio, section.checks),
            *(
                Section(title=check.label, anchor=f"robustness-{number}", blocks=_check(folio, check))
                for number, check in enumerate(section.checks, 1)
                if check.status == "done" and check.name not in steadiness.TOGETHER and _tells_more(folio, check)
            ),
            *small_checks.sections(folio, [c for c in section.checks if c.name not in steadiness.TOGETHER]),
        ),
    )


def _lines(folio: Folio, checks: tuple[CheckFacts, ...]) -> tuple[Row, ...]:
    """Set each check in a line; on paper those that were not run for one reason share one, after the others."""
    if folio.extent.whole:
        return tuple(_line(folio, check) for check in checks)
    done = [check for check in checks if check.status == "done"]
    left: dict[tuple[str, str], list[CheckFacts]] = {}
    for check in checks:
        if check.status != "done":
            left.setdefault((check.status, check.reason), []).append(check)
    joined = (same[0].model_copy(update={"label": ", ".join(check.label for check in same)}) for same in left.values())
    return tuple(_line(folio, check) for check in (*done, *joined))


def _line(folio: Folio, check: CheckFacts) -> Row:
    glyph = {"done": "recorded", "error": "error"}.get(check.status, "not_run")
    return Row(
        cells=(
            Cell(text=check.label),
            Cell(text=folio.t(f"stage.{check.status}"), glyph=glyph),
            Cell(text=check.summary or check.reason),
        )
    )


def _tells_more(folio: Folio, check: CheckFacts) -> bool:
    # On paper a single number is not listed again: the overview says it in words. A few share a table.
    told = len(check.table) > 1 and check.name not in BY_FEATURE
    return told or (bool(check.observations) and folio.extent.whole)


def _check(folio: Folio, check: CheckFacts) -> tuple[Block, ...]:
    blocks: list[Block] = [Prose(paragraphs=(check.summary,))] if check.summary else []
    found = [o for o in (folio.get(id) for id in check.observations) if o]
    rows = (
        Row(cells=(Cell(text=o.label, detail=_id(folio, o)), folio.point(o), folio.interval(o), folio.rows_behind(o)))
        for o in found
    )
    if found and (folio.extent.whole or len(check.table) < 2):
        blocks.append(
            folio.table(
                "robustness.values", folio.columns("measure", "value#", "interval#", "n#"), rows, check=check.label
            )
        )
    if len(check.table) > 1:
        blocks.append(as_text(folio, check.table, folio.t("robustness.details", check=check.label)))
    return tuple(blocks)


def _id(folio: Folio, observation: Observation) -> str:
    return observation.id if folio.extent.whole else ""


def as_text(folio: Folio, table: tuple[tuple[str, ...], ...], caption: str) -> Table:
    """Return a table that a stage wrote as text, its header row first."""
    head, *lines = table
    numeric = tuple(bool(lines) and all(_numeric(line[i]) for line in lines if i < len(line)) for i in range(len(head)))
    rows = (
        Row(cells=tuple(Cell(text=text, numeric=i < len(numeric) and numeric[i]) for i, text in enumerate(line)))
        for line in lines
    )
    columns = tuple(Column(title=title, numeric=numeric[i]) for i, title in enumerate(head))
    return folio.table("table.caption", columns, rows, dense=True, caption=caption)


def _numeric(text: str) -> bool:
    return not text or (text[:1] in "+-−–<>≤≥.0123456789" and any(sign.isdigit() for sign in text))
