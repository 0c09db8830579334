"""What a change of threshold does to each group of one grouping."""

from __future__ import annotations

from dataclasses import replace

from audit.records.sections import Curve, FairnessSection, GroupingFacts
from audit.report.view import figures, methods, numbers
from audit.report.view.data import group_name
from audit.report.view.folio import Folio
from audit.report.view.tree import Block, Cell, Column, Figure, Pair, Prose, Row, Table

MEASURES = ("selection_rate", "true_positive_rate", "false_positive_rate")
CHARTED = 6
"""Groups whose lines can be told apart."""
TABLED = 5
"""Thresholds side by side; one fewer on paper."""


def blocks(folio: Folio, section: FairnessSection, grouping: GroupingFacts) -> tuple[Block, ...]:
    """Return charts and a table over thresholds; on paper for single features only, and of the selection rate."""
    curves = section.thresholds.get(grouping.key, {})
    lines = curves.get("selection_rate", {})
    if not lines or (not folio.extent.whole and len(grouping.columns) > 1):
        return ()
    at = _tabled(folio, curves)
    names = {g.key: group_name(g) for g in grouping.groups}
    table = _table(folio, curves, grouping, names, at)
    drawn = [_drawn(folio, curves[measure], names) for measure in MEASURES if curves.get(measure)]
    if len(lines) > CHARTED or len(next(iter(lines.values())).x) <= TABLED:
        return (table,)
    text = folio.t("thresholds.text")
    if not folio.extent.whole:
        return (Pair(figure=drawn[0], table=table, text=text),)
    return (Prose(paragraphs=(text,)), *drawn, table)


def _tabled(folio: Folio, curves: dict[str, dict[str, Curve]]) -> tuple[float, ...]:
    """A few thresholds from the first to the last, the audit's own among them."""
    every = next(iter(curves["selection_rate"].values())).x
    own = folio.record.subject.threshold
    wanted = min(TABLED if folio.extent.whole else TABLED - 1, len(every))
    kept = {every[round(i * (len(every) - 1) / max(wanted - 1, 1))] for i in range(wanted)}
    if own is not None and own in every and own not in kept:
        kept = {own, *(kept - {min(kept, key=lambda x: (abs(x - own), x))})}
    return tuple(sorted(kept))


def _drawn(folio: Folio, lines: dict[str, Curve], names: dict[str, str]) -> Figure:
    named = {names.get(key, key): curve for key, curve in lines.items()}
    figure = figures.curves(folio, "group_thresholds", named)
    return replace(figure, title=folio.t("thresholds.figure", measure=next(iter(lines.values())).y_label))


def _table(
    folio: Folio,
    curves: dict[str, dict[str, Curve]],
    grouping: GroupingFacts,
    names: dict[str, str],
    at: tuple[float, ...],
) -> Table:
    t, own = folio.t, folio.record.subject.threshold
    heads = (
        *folio.columns("group"),
        *(
            Column(title=numbers.limit(x), detail=t("decisions.own_threshold") if x == own else "", numeric=True)
            for x in at
        ),
    )
    lines = curves["selection_rate"]
    rows = [
        Row(
            cells=(Cell(text=names[g.key]), *(_at(folio, lines.get(g.key), x) for x in at)),
            muted=g.small or g.unknown,
        )
        for g in grouping.groups
    ]
    ratio = curves.get("impact_ratio", {}).get("")
    if ratio is not None:
        cells = (Cell(text=t("thresholds.impact_ratio"), strong=True), *(_at(folio, ratio, x) for x in at))
        rows.append(Row(cells=cells))
    name = " × ".join(grouping.columns)
    table = folio.table("thresholds.table", heads, rows, dense=True, note=t("thresholds.note"), grouping=name)
    shown = (*lines.values(), *((ratio,) if ratio else ()))
    return replace(table, methods=methods.of_curves(t, shown))


def _at(folio: Folio, curve: Curve | None, at: float) -> Cell:
    if curve is None or at not in curve.x or curve.low is None or curve.high is None:
        return Cell(text=folio.t("number.undefined"), numeric=True, muted=True)
    i = curve.x.index(at)
    ends = folio.t("number.range", low=numbers.number(curve.low[i]), high=numbers.number(curve.high[i]))
    return Cell(text=numbers.number(curve.y[i]), numeric=True, detail=ends)
