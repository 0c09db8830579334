"""Which rows the numbers rest on: lineage, rows in and out, columns, base rates, people."""

from __future__ import annotations

from dataclasses import replace

from audit.records.sections import GroupFacts, GroupingFacts, TableFacts
from audit.report.view import figures, numbers
from audit.report.view.folio import Folio, decoded
from audit.report.view.tree import Block, Callout, Cell, Chapter, Facts, Pair, Prose, Row, Section, Table

FEW_CLASSES = 3
"""Classes whose base rates paper tells in a line instead of a chart."""


def chapter(folio: Folio) -> Chapter:
    """Return the chapter on the data."""
    t, subject = folio.t, folio.record.subject
    tables = [
        Section(
            title=t("data.table", role=t(f"role.{table.role}")),
            anchor=f"data-{table.role}",
            blocks=_table(folio, table),
        )
        for table in subject.tables
    ]
    people = folio.record.fairness.groupings if folio.record.fairness else ()
    who = Section(title=t("data.who"), anchor="data-who", blocks=_who(folio, people))
    none: tuple[Block, ...] = (
        () if tables else (Callout(title=t("data.none"), text=t("data.none_text"), glyph="not_run"),)
    )
    return Chapter(
        number="",
        title=t("data.title"),
        anchor="data",
        lead=t("data.lead"),
        blocks=none,
        sections=(*tables, who),
        running=True,
    )


def _table(folio: Folio, table: TableFacts) -> tuple[Block, ...]:
    t = folio.t
    dropped = tuple(Cell(text=t("data.dropped", n=f"{n:,}", reason=reason)) for reason, n in table.dropped.items())
    facts = [
        folio.fact("file", table.name),
        folio.fact("rows", Cell(text=f"{table.rows:,}")),
        folio.fact("rows_used", Cell(text=f"{table.rows_used:,}")),
        folio.fact("dropped", *(dropped or (Cell(text=t("data.nothing_dropped")),))),
    ]
    if table.weight_sum is not None:
        facts.append(folio.fact("weights", numbers.count(table.weight_sum)))
    if table.ignored:
        facts.append(folio.fact("ignored", ", ".join(table.ignored)))
    if table.sha256 and folio.extent.whole:
        # On paper it stands on the cover and in the manifest.
        facts.append(folio.fact("sha256", Cell(text=table.sha256, code=True)))
    few = 0 < len(table.target_counts) <= FEW_CLASSES and not folio.extent.whole
    if few:
        facts.append(folio.fact("classes", *_shares(table)))
    blocks: list[Block] = [Facts(facts=tuple(facts))]
    if table.target_counts and not few:
        blocks.append(_base_rates(folio, table))
    if table.columns:
        blocks.append(_columns(folio, table))
    return tuple(blocks)


def _shares(table: TableFacts) -> tuple[Cell, ...]:
    whole = sum(table.target_counts.values())
    return tuple(Cell(text=f"{name}: {n:,} ({numbers.share(n, whole)})") for name, n in table.target_counts.items())


def _base_rates(folio: Folio, table: TableFacts) -> Block:
    t = folio.t
    whole = sum(table.target_counts.values())
    rows = tuple(
        Row(
            cells=(
                Cell(text=name, strong=name == folio.record.subject.positive),
                Cell(text=f"{n:,}", numeric=True),
                Cell(text=numbers.share(n, whole), numeric=True),
            )
        )
        for name, n in table.target_counts.items()
    )
    listing = folio.table(
        "data.base_rates", folio.columns("class", "rows#", "share#"), rows, role=t(f"role.{table.role}")
    )
    figure = figures.counts(
        table.target_counts, title=t("data.base_rates", role=t(f"role.{table.role}")), axis=t("axis.rows")
    )
    return Pair(figure=figure, table=listing)


def _columns(folio: Folio, table: TableFacts) -> Table:
    rows = (
        Row(
            cells=(
                Cell(text=c.name),
                Cell(text=folio.t(f"column_role.{c.role}")),
                Cell(text=folio.t(f"column_kind.{c.kind}")),
                Cell(
                    text=f"{c.missing:,}",
                    numeric=True,
                    muted=c.missing == 0,
                    detail=numbers.share(c.missing, table.rows_used) if c.missing else "",
                ),
                Cell(text=f"{c.distinct:,}", numeric=True),
                Cell(text=c.summary),
            )
        )
        for c in table.columns
    )
    heads = folio.columns("column", "role<", "kind<", "missing#", "distinct#", "values>")
    return folio.table("data.columns", heads, rows, dense=True, role=folio.t(f"role.{table.role}"))


def _who(folio: Folio, groupings: tuple[GroupingFacts, ...]) -> tuple[Block, ...]:
    t = folio.t
    if not groupings:
        return (Callout(title=t("data.no_groups"), text=t("data.no_groups_text"), glyph="not_run"),)
    if not folio.extent.whole:
        return (
            Prose(paragraphs=(t("data.who_text", minimum=folio.record.spec.sensitive.minimum_group),)),
            _every(folio, groupings),
        )
    tables = tuple(
        folio.table(
            "data.groups",
            folio.columns("group", "rows#", "share#"),
            (_group(folio, g) for g in grouping.groups),
            grouping=" × ".join(grouping.columns),
        )
        for grouping in groupings
        if len(grouping.columns) == 1
    )
    minimum = folio.record.spec.sensitive.minimum_group
    return (Prose(paragraphs=(t("data.who_text", minimum=minimum),)), *tables)


def _every(folio: Folio, groupings: tuple[GroupingFacts, ...]) -> Table:
    """Set the groups of every single feature in one table, for paper."""
    rows = (
        replace(row, cells=(Cell(text=grouping.columns[0]), *row.cells))
        for grouping in groupings
        if len(grouping.columns) == 1
        for row in (_group(folio, group) for group in grouping.groups)
    )
    heads = folio.columns("grouping", "group", "rows#", "share#")
    return folio.table("data.every_group", heads, rows, dense=True)


def _group(folio: Folio, group: GroupFacts) -> Row:
    return Row(
        cells=(
            Cell(text=group_name(group), detail=group_note(folio, group)),
            Cell(text=f"{group.n:,}", numeric=True),
            Cell(text=numbers.percent(group.share), numeric=True),
        ),
        muted=group.small or group.unknown,
    )


def group_name(group: GroupFacts) -> str:
    """Write a group's name, an intersection with a cross, so that it stays one group in a list of several."""
    values = [decoded(part.partition("=")[2]) for part in group.key.split("&")]
    return " × ".join(values) if ", ".join(values) == group.label else group.label


def group_note(folio: Folio, group: GroupFacts) -> str:
    """Say why a group is shown but not judged; empty when it is judged."""
    if group.unknown:
        return folio.t("group.unknown")
    return folio.t("group.small") if group.small else ""
