"""What the model does to groups of people, group by group."""

from __future__ import annotations

from audit.records.observation import Observation
from audit.records.sections import FairnessSection, GroupingFacts, MeasureFacts
from audit.report.view import figures, numbers
from audit.report.view.data import group_note
from audit.report.view.folio import Folio, chunked
from audit.report.view.tree import Block, Bullets, Callout, Cell, Chapter, Column, Pair, Prose, Row, Section, Table

MEASURES_A_TABLE = 4
CHARTED_GROUPS = 24


def chapter(folio: Folio) -> Chapter:
    """Return the chapter on groups and intersections."""
    t, section = folio.t, folio.record.fairness
    title, lead = t("fairness.title"), t("fairness.lead")
    if section is None:
        return Chapter(number="", title=title, anchor="fairness", lead=lead, blocks=(folio.absent("fairness"),))
    texts = [t(f"fairness.basis.{section.scope}")]
    if section.favourable is not None:
        texts.append(t("fairness.favourable", favourable=section.favourable))
    texts.append(t("fairness.how_to_read", minimum=folio.record.spec.sensitive.minimum_group))
    none = (
        ()
        if section.groupings
        else (Callout(title=t("data.no_groups"), text=t("data.no_groups_text"), glyph="not_run"),)
    )
    notes = (Bullets(items=section.notes, title=t("fairness.notes")),) if section.notes else ()
    return Chapter(
        number="",
        title=title,
        anchor="fairness",
        lead=lead,
        blocks=(Prose(paragraphs=tuple(texts)), *none, *notes),
        sections=tuple(
            Section(title=" × ".join(g.columns), anchor=f"fairness-{number}", blocks=_grouping(folio, section, g))
            for number, g in enumerate(section.groupings, 1)
        ),
    )


def _grouping(folio: Folio, section: FairnessSection, grouping: GroupingFacts) -> tuple[Block, ...]:
    measures = tuple(m for m in (*section.measures, *section.disparities) if _by_group(folio, m, grouping))
    blocks: list[Block] = [Prose(paragraphs=(_reference(folio, grouping),))]
    lead = _lead(measures)
    blocks += [_chart(folio, m, grouping) for m in lead]
    others = tuple(m for m in measures if m not in lead)
    blocks += [_values(folio, chunk, grouping) for chunk in chunked(others, MEASURES_A_TABLE)]
    return (*blocks, *_disparities(folio, section, grouping))


def _reference(folio: Folio, grouping: GroupingFacts) -> str:
    named = next((g.label for g in grouping.groups if g.key == grouping.reference), None)
    text = folio.t("fairness.reference", name=named) if named else folio.t("fairness.reference_highest")
    return text + (" " + folio.t("fairness.role", role=grouping.role.replace("_", " ")) if grouping.role else "")


def _by_group(folio: Folio, measure: MeasureFacts, grouping: GroupingFacts) -> bool:
    return any(folio.get(f"fairness/{measure.name}/{g.key}") for g in grouping.groups)


def _lead(measures: tuple[MeasureFacts, ...]) -> tuple[MeasureFacts, ...]:
    """Choose the measures that are drawn: the rate that decides and its ratio, or else the first."""
    chosen = tuple(m for name in ("selection_rate", "impact_ratio") for m in measures if m.name == name)
    return chosen or measures[:1]


def _overall(folio: Folio, measure: MeasureFacts) -> Observation | None:
    found = folio.get(f"fairness/{measure.name}/overall") or folio.get(f"fairness/{measure.name}")
    return found or folio.get(f"performance/{measure.name}")


def _chart(folio: Folio, measure: MeasureFacts, grouping: GroupingFacts) -> Block:
    t = folio.t
    title = t("fairness.chart", measure=measure.label, grouping=" × ".join(grouping.columns))
    groups = grouping.groups[:CHARTED_GROUPS]
    found = [(g, folio.get(f"fairness/{measure.name}/{g.key}")) for g in groups]
    known = [(g, o) for g, o in found if o]
    overall = _overall(folio, measure)
    rows = [
        Row(
            cells=(
                Cell(text=g.label, detail=group_note(folio, g)),
                Cell(text=f"{g.n:,}", numeric=True),
                Cell(text=numbers.percent(g.share), numeric=True),
                folio.point(o),
                folio.interval(o),
            ),
            muted=g.small or g.unknown,
        )
        for g, o in known
    ]
    if overall:
        whole = (Cell(text=t("group.overall"), strong=True), folio.rows_behind(overall), Cell(text="", numeric=True))
        rows.append(Row(cells=(*whole, folio.point(overall), folio.interval(overall))))
    heads = folio.columns("group", "rows#", "share#", "value#", "interval#")
    table = folio.table("table.caption", heads, rows, caption=title)
    muted = frozenset(g.label for g, _ in known if g.small or g.unknown)
    figure = figures.forest(
        folio,
        [(g.label, o) for g, o in known],
        title=title,
        axis=measure.label,
        bounds=measure.bounds,
        muted=muted,
        reference=1.0 if measure.name == "impact_ratio" else _value(overall),
        reference_label=t("axis.parity") if measure.name == "impact_ratio" else t("axis.overall"),
    )
    return Pair(figure=figure, table=table) if figure else table


def _value(observation: Observation | None) -> float | None:
    return (
        None if observation is None or observation.measured.kind == "undefined" else float(observation.measured.value)
    )


def _values(folio: Folio, measures: tuple[MeasureFacts, ...], grouping: GroupingFacts) -> Table:
    heads = (
        *folio.columns("group", "rows#"),
        *(Column(title=m.label, numeric=True) for m in measures),
    )
    overall = [_overall(folio, m) for m in measures]
    rows = [
        Row(
            cells=(
                Cell(text=g.label, detail=group_note(folio, g)),
                Cell(text=f"{g.n:,}", numeric=True),
                *(folio.estimate(folio.get(f"fairness/{m.name}/{g.key}")) for m in measures),
            ),
            muted=g.small or g.unknown,
        )
        for g in grouping.groups
    ]
    if any(overall):
        whole = Cell(text=folio.t("group.overall"), strong=True)
        rows.append(Row(cells=(whole, Cell(text="", numeric=True), *(folio.estimate(o) for o in overall))))
    caption = folio.t(
        "fairness.values", grouping=" × ".join(grouping.columns), measures=", ".join(m.label for m in measures)
    )
    return folio.table("table.caption", heads, rows, caption=caption)


def _disparities(folio: Folio, section: FairnessSection, grouping: GroupingFacts) -> tuple[Block, ...]:
    found: dict[str, dict[str, Observation]] = {}
    for o in folio.under("fairness/"):
        _, measure, *rest = o.id.split("/")
        if rest and rest[0] == grouping.key and len(rest) <= 2:
            found.setdefault(measure, {})[rest[1] if len(rest) == 2 else ""] = o
    if not found:
        return ()
    aggregates = list(dict.fromkeys(a for by in found.values() for a in by))
    labels = {m.name: m.label for m in (*section.measures, *section.disparities)}
    heads = (
        *folio.columns("measure"),
        *(Column(title=folio.t.named("aggregate", a or "value"), numeric=True) for a in aggregates),
    )
    rows = (
        Row(
            cells=(
                Cell(text=labels.get(name, name.replace("_", " "))),
                *(folio.estimate(by.get(a)) for a in aggregates),
            )
        )
        for name, by in found.items()
    )
    return (
        folio.table(
            "fairness.disparities",
            heads,
            rows,
            note=folio.t("fairness.disparities_note"),
            grouping=" × ".join(grouping.columns),
        ),
    )
