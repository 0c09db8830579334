"""What the model does to groups of people, group by group."""

from __future__ import annotations

from audit.records.observation import Observation
from audit.records.sections import FairnessSection, GroupingFacts, MeasureFacts
from audit.report.view import beside, figures, flips, numbers, proxies, thresholds
from audit.report.view.data import group_name, group_note
from audit.report.view.folio import Folio, chunked
from audit.report.view.tree import Block, Bullets, Callout, Cell, Chapter, Column, Pair, Prose, Row, Section, Table

MEASURES_A_TABLE = 4
COUNTS_A_TABLE = 7
GROUPS_ABREAST = 4
IN_EVERY_TABLE = ("count", "share")
TOLD_ELSEWHERE = (*flips.MEASURES, *proxies.MEASURES)
CHARTED_GROUPS = 24
BRIEF = (
    "selection_rate",
    "impact_ratio",
    "true_positive_rate",
    "false_positive_rate",
    "precision",
    "accuracy",
    "prevalence",
    "roc_auc",
)
"""What stands on paper, in this order, as far as it was measured."""
BRIEF_BETWEEN = ("equalized_odds", "average_odds", "conditional_use_accuracy_equality", "class_equalized_odds")
"""Disparities that are the gap of no single measure, and stand on paper beside those that are."""


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
        blocks=(Prose(paragraphs=(" ".join(texts),)), *none, *notes),
        sections=(
            *(
                Section(
                    title=" × ".join(g.columns),
                    anchor=f"fairness-{number}",
                    blocks=(
                        *_grouping(folio, section, g),
                        *beside.tables(folio, section, g),
                        *thresholds.blocks(folio, section, g),
                    ),
                )
                for number, g in enumerate(section.groupings, 1)
            ),
            *beside.inequality(folio, section),
            *flips.sections(folio),
            *proxies.sections(folio),
        ),
    )


def _grouping(folio: Folio, section: FairnessSection, grouping: GroupingFacts) -> tuple[Block, ...]:
    measures = _measures(folio, section, grouping)
    if not folio.extent.whole:
        return _in_brief(folio, section, grouping, measures)
    declared = {m.name for m in section.measures}
    lead = _lead(measures)
    rates = tuple(m for m in measures if m.name in declared and m not in lead)
    counts = tuple(m for m in measures if m.name not in declared and m not in lead)
    blocks: list[Block] = [Prose(paragraphs=(_reference(folio, grouping),))]
    blocks += [_chart(folio, m, grouping) for m in lead]
    blocks += [_counts(folio, chunk, grouping) for chunk in chunked(counts, COUNTS_A_TABLE)]
    if len(grouping.groups) <= GROUPS_ABREAST:
        between = _between(folio, section, grouping) if rates else ()
        blocks += [_abreast(folio, (*lead[:1], *rates), grouping, between)] if rates else []
        return (*blocks, *_disparities(folio, section, grouping, {m.name for m in (*lead[:1], *rates, *between)}))
    blocks += [_values(folio, chunk, grouping) for chunk in chunked(rates, MEASURES_A_TABLE)]
    return (*blocks, *_disparities(folio, section, grouping, set()))


def _in_brief(
    folio: Folio, section: FairnessSection, grouping: GroupingFacts, measures: tuple[MeasureFacts, ...]
) -> tuple[Block, ...]:
    """Draw one measure, and set those that a committee asks for first in one table."""
    ranked = sorted(measures, key=lambda m: BRIEF.index(m.name) if m.name in BRIEF else len(BRIEF))
    chart = [block.figure for block in (_chart(folio, m, grouping) for m in ranked[:1]) if isinstance(block, Pair)]
    text = Prose(paragraphs=(_reference(folio, grouping),))
    if len(grouping.groups) <= GROUPS_ABREAST:
        between = _between(folio, section, grouping)
        return (text, *chart, _abreast(folio, tuple(ranked), grouping, between))
    values = _values(folio, tuple(ranked[: folio.extent.group_measures]), grouping)
    return (text, *chart, values, *_disparities(folio, section, grouping, set()))


def _between(folio: Folio, section: FairnessSection, grouping: GroupingFacts) -> tuple[MeasureFacts, ...]:
    """Return the disparities that were measured between the groups."""
    forms = ("difference", "ratio")
    ids = {m.name: [f"fairness/{m.name}/{grouping.key}/{form}" for form in forms] for m in section.disparities}
    return tuple(m for m in section.disparities if any(folio.get(id) for id in ids[m.name]))


def _measures(folio: Folio, section: FairnessSection, grouping: GroupingFacts) -> tuple[MeasureFacts, ...]:
    """Return what was measured group by group: declared measures first, then what only observations name."""
    keys = {g.key: g.label for g in grouping.groups}
    elsewhere = beside.measured_here(section).union(IN_EVERY_TABLE, TOLD_ELSEWHERE)
    found: dict[str, str] = {}
    for o in folio.under("fairness/"):
        _, name, *place = o.id.split("/")
        if len(place) == 1 and place[0] in keys and name.partition(";")[0] not in elsewhere:
            found.setdefault(name, o.label.removesuffix(f": {keys[place[0]]}"))
    known = {m.name: m for m in (*section.measures, *section.disparities)}
    listed = [m for name, m in known.items() if name in found]
    return (*listed, *(MeasureFacts(name=name, label=label) for name, label in found.items() if name not in known))


def _reference(folio: Folio, grouping: GroupingFacts) -> str:
    named = next((group_name(g) for g in grouping.groups if g.key == grouping.reference), None)
    text = folio.t("fairness.reference", name=named) if named else folio.t("fairness.reference_highest")
    text += " " + folio.t("fairness.probabilistic") if grouping.probabilistic else ""
    return text + (
        " " + folio.t("fairness.role", role=grouping.role.replace("_", " ").replace("&", " and "))
        if grouping.role
        else ""
    )


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
                Cell(text=group_name(g), detail=group_note(folio, g)),
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
    muted = frozenset(group_name(g) for g, _ in known if g.small or g.unknown)
    figure = figures.forest(
        folio,
        [(group_name(g), o) for g, o in known],
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


def _counts(folio: Folio, measures: tuple[MeasureFacts, ...], grouping: GroupingFacts) -> Table:
    heads = (*folio.columns("group"), *(Column(title=m.label, numeric=True) for m in measures))
    rows = (
        Row(
            cells=(
                Cell(text=group_name(g)),
                *(folio.estimate(folio.get(f"fairness/{m.name}/{g.key}")) for m in measures),
            ),
            muted=g.small or g.unknown,
        )
        for g in grouping.groups
    )
    return folio.table("fairness.counts", heads, rows, dense=True, grouping=" × ".join(grouping.columns))


def _abreast(
    folio: Folio,
    measures: tuple[MeasureFacts, ...],
    grouping: GroupingFacts,
    between: tuple[MeasureFacts, ...] = (),
) -> Table:
    """Set few groups side by side, one measure a line, with what lies between the groups."""
    forms = [
        f for f in ("difference", "ratio") if any(folio.get(f"fairness/{m.name}/{grouping.key}/{f}") for m in measures)
    ]
    heads = (
        *folio.columns("measure"),
        *(Column(title=group_name(g), detail=group_note(folio, g), numeric=True) for g in grouping.groups),
        *(Column(title=folio.t.named("aggregate", form), numeric=True) for form in forms),
    )
    shown = measures[: folio.extent.group_measures]
    same, other = _matched(folio, shown, between, [f"{grouping.key}/{form}" for form in forms])
    if not folio.extent.whole:
        other = tuple(m for m in other if _on_paper(m.name))
    empty = tuple(Cell(text="", numeric=True) for _ in forms)
    sizes = (Cell(text=f"{g.n:,}", numeric=True, detail=numbers.percent(g.share)) for g in grouping.groups)
    rows = [Row(cells=(Cell(text=folio.t("column.rows"), detail=folio.t("column.share")), *sizes, *empty))]
    rows += [
        Row(
            cells=(
                Cell(text=m.label, detail=same.get(m.name, "")),
                *(folio.estimate(folio.get(f"fairness/{m.name}/{g.key}")) for g in grouping.groups),
                *(folio.estimate(folio.get(f"fairness/{m.name}/{grouping.key}/{form}")) for form in forms),
            )
        )
        for m in (*shown, *other)
    ]
    left = len(measures) - folio.extent.group_measures
    notes = _how_to_read(folio, grouping, named=bool(same))
    notes += [folio.t.count("fairness.more_measures", left)] if left > 0 else []
    return folio.table(
        "fairness.abreast",
        heads,
        rows,
        note=" ".join(notes),
        dense=True,
        grouping=" × ".join(grouping.columns),
    )


def _on_paper(name: str) -> bool:
    # Nobody is compared with all rows unless the spec or a pack asks for it.
    return name in BRIEF_BETWEEN or name.endswith("_to_overall")


def _how_to_read(folio: Folio, grouping: GroupingFacts, *, named: bool) -> list[str]:
    """Say how to read what lies between groups; on paper where it stands first."""
    section = folio.record.fairness
    if not folio.extent.whole and section and section.groupings[:1] != (grouping,):
        return []
    return [folio.t("fairness.disparities_note"), *([folio.t("fairness.named_disparities")] if named else [])]


def _matched(
    folio: Folio, measures: tuple[MeasureFacts, ...], between: tuple[MeasureFacts, ...], places: list[str]
) -> tuple[dict[str, str], tuple[MeasureFacts, ...]]:
    """Name the disparities that are what lies between the groups in a measure; return the others beside them."""
    lies = {m.name: [folio.estimate(folio.get(f"fairness/{m.name}/{p}")).text for p in places] for m in measures}
    same: dict[str, str] = {}
    other = []
    for disparity in between:
        own = [folio.estimate(folio.get(f"fairness/{disparity.name}/{p}")).text for p in places]
        mates = disparity.parts or tuple(lies)
        name = next((name for name in mates if lies.get(name) == own and name not in same), None)
        # A gap of several measures is the widest of them, and not that measure's own.
        name = name if len(disparity.parts) <= 1 else None
        if name is None:
            other.append(disparity)
        else:
            same[name] = disparity.label.lower()
    return same, tuple(other)


def _values(folio: Folio, measures: tuple[MeasureFacts, ...], grouping: GroupingFacts) -> Table:
    heads = (*folio.columns("group", "rows#"), *(Column(title=m.label, numeric=True) for m in measures))
    rows = (
        Row(
            cells=(
                Cell(text=group_name(g), detail=group_note(folio, g)),
                Cell(text=f"{g.n:,}", numeric=True),
                *(folio.estimate(folio.get(f"fairness/{m.name}/{g.key}")) for m in measures),
            ),
            muted=g.small or g.unknown,
        )
        for g in grouping.groups
    )
    names = ", ".join(m.label for m in measures)
    return folio.table("fairness.values", heads, rows, grouping=" × ".join(grouping.columns), measures=names)


def _disparities(folio: Folio, section: FairnessSection, grouping: GroupingFacts, shown: set[str]) -> tuple[Block, ...]:
    # Of what is the gap of one measure, the measure's own line tells on paper.
    declared = {m.name for m in section.disparities if len(m.parts) == 1 and m.parts[0] in BRIEF}
    elsewhere = beside.measured_here(section).union(TOLD_ELSEWHERE)
    found: dict[str, dict[str, Observation]] = {}
    for o in folio.under("fairness/"):
        _, measure, *rest = o.id.split("/")
        if rest and rest[0] == grouping.key and len(rest) <= 2 and measure not in (*shown, *elsewhere):
            found.setdefault(measure, {})[rest[1] if len(rest) == 2 else ""] = o
    left = 0
    if not folio.extent.whole:
        told = {name: by for name, by in found.items() if name in (*BRIEF, *declared) or _on_paper(name)}
        left, found = len(found) - len(told), told
    if not found:
        return ()
    aggregates = list(dict.fromkeys(a for by in found.values() for a in by))
    labels = {m.name: m.label for m in (*section.measures, *section.disparities, *section.indices)}
    heads = (
        *folio.columns("measure"),
        *(Column(title=folio.t.named("aggregate", a or "value"), numeric=True) for a in aggregates),
    )
    measured = tuple(m for m in section.measures if m.name in found)
    named = tuple(m for m in section.disparities if m.name in found)
    same, other = _matched(folio, measured, named, [f"{grouping.key}/{a}" for a in aggregates if a])
    twice = {m.name for m in named} - {m.name for m in other}
    rows = (
        Row(
            cells=(
                Cell(text=labels.get(name, name.replace("_", " ")), detail=same.get(name, "")),
                *(folio.estimate(by.get(a)) for a in aggregates),
            )
        )
        for name, by in found.items()
        if name not in twice
    )
    notes = _how_to_read(folio, grouping, named=bool(same))
    notes += [folio.t.count("fairness.more_measures", left)] if left else []
    note = " ".join(notes)
    return (folio.table("fairness.disparities", heads, rows, note=note, grouping=" × ".join(grouping.columns)),)
