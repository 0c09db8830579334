"""How predictions move with each feature: small charts on one scale, over all rows and by group, and their sizes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from audit.records.effects import Effect, EffectLine
from audit.records.observation import encoded
from audit.records.sections import AttributionMethodFacts
from audit.report import charts
from audit.report.view import numbers
from audit.report.view.folio import Folio, decoded
from audit.report.view.tree import Block, Cell, Column, Figure, Row

ACROSS = 4
ON_PAPER = 4
GROUPINGS = 2
"""Sensitive features by which effects are shown on paper."""
COLUMNS = 5
"""Features side by side in a table."""
CLASSES = 6


def blocks(folio: Folio, method: AttributionMethodFacts) -> tuple[Block, ...]:
    """Return the charts of a method's effects and the table of their sizes."""
    shown = method.effects if folio.extent.whole else method.effects[:ON_PAPER]
    if not shown:
        return ()
    classes = list(dict.fromkeys(line.class_ for line in shown[0].lines))[:CLASSES]
    return (*_figures(folio, method, shown, classes), *_tables(folio, method, shown, classes))


def _figures(
    folio: Folio, method: AttributionMethodFacts, shown: Sequence[Effect], classes: list[str]
) -> tuple[Figure, ...]:
    t = folio.t
    overall = [_overall(folio, shown, classes)]
    by = [(name, _by(folio, shown, name, classes[0])) for name in _groupings(folio, shown)] if len(classes) == 1 else []
    title = t("effects.figure", method=method.label)
    if not folio.extent.whole:
        # One drawing of the strongest: over all rows, then by group.
        return (_figure(folio, method, title, [*overall, *(band for _, band in by)]),)
    figures = [_figure(folio, method, title, overall)]
    figures += [_figure(folio, method, t("effects.figure_by", method=method.label, name=n), [b]) for n, b in by]
    if any(line.kind == "quantile" for effect in shown for line in effect.lines):
        single = t("effects.figure_single", method=method.label)
        figures.append(_figure(folio, method, single, [_single(folio, shown, classes[0])], from_zero=True))
    return tuple(figures)


def _figure(
    folio: Folio,
    method: AttributionMethodFacts,
    title: str,
    bands: Sequence[charts.Band],
    *,
    from_zero: bool | None = None,
) -> Figure:
    t = folio.t
    centred = method.effects[0].centred if from_zero is None else from_zero
    names = dict.fromkeys(panel.title for band in bands for panel in band.panels)
    svg = charts.panels(
        bands,
        title=title,
        description=t("effects.shown", names=", ".join(names)),
        y_label=t("effects.centred" if centred else "effects.level", scale=method.scale),
        across=ACROSS,
        from_zero=centred,
    )
    level = method.effects[0].level
    hint = t("effects.hint", level=numbers.level(level)) if level else ""
    return Figure(svg=Markup(svg), title=title, hint=hint, wide=True)


def _overall(folio: Folio, shown: Sequence[Effect], classes: list[str]) -> charts.Band:
    several = len(classes) > 1
    panels = [_panel(e, [(line.class_, line) for line in e.lines if line.kind == "overall"][:CLASSES]) for e in shown]
    return charts.Band(
        folio.t("effects.classes" if several else "effects.all_rows"), classes if several else [], panels
    )


def _by(folio: Folio, shown: Sequence[Effect], name: str, class_: str) -> charts.Band:
    keys = _keys(shown, name)
    panels = [
        _panel(e, [(_group(k), line) for k in keys for line in e.lines if line.key == k and line.class_ == class_])
        for e in shown
    ]
    return charts.Band(folio.t("effects.by", name=name), [_group(k) for k in keys], panels)


def _single(folio: Folio, shown: Sequence[Effect], class_: str) -> charts.Band:
    keys = list(dict.fromkeys(line.key for e in shown for line in e.lines if line.kind == "quantile"))
    panels = [
        _panel(e, [(line.key, line) for line in e.lines if line.kind == "quantile" and line.class_ == class_])
        for e in shown
    ]
    return charts.Band(folio.t("effects.single"), keys, panels)


def _panel(effect: Effect, lines: Iterable[tuple[str, EffectLine]]) -> charts.Panel:
    series = [charts.Series(name or effect.feature, effect.x, line.y, line.low, line.high) for name, line in lines]
    # Many bands on top of each other hide the lines.
    if len(series) > 2:
        series = [charts.Series(s.name, s.x, s.y) for s in series]
    return charts.Panel(effect.feature, series, effect.density, effect.categories)


def _sensitive(shown: Sequence[Effect]) -> list[str]:
    keys = dict.fromkeys(line.key for e in shown for line in e.lines if line.kind == "group")
    return list(dict.fromkeys(decoded(key.partition("=")[0]) for key in keys))


def _groupings(folio: Folio, shown: Sequence[Effect]) -> list[str]:
    return _sensitive(shown)[: None if folio.extent.whole else GROUPINGS]


def _keys(shown: Sequence[Effect], name: str) -> list[str]:
    keys = dict.fromkeys(line.key for e in shown for line in e.lines if line.kind == "group")
    return [key for key in keys if decoded(key.partition("=")[0]) == name]


def _group(key: str) -> str:
    return decoded(key.partition("=")[2])


def _tables(folio: Folio, method: AttributionMethodFacts, shown: Sequence[Effect], classes: list[str]) -> list[Block]:
    told = [effect for effect in shown if effect.ends is not None][:COLUMNS]
    if not told or not folio.extent.whole:
        # On paper the drawing tells them, with its bands.
        return []
    heads = (
        *folio.columns("measure"),
        *(Column(title=effect.feature, detail=_from_to(folio, effect), numeric=True) for effect in told),
    )
    return [_table(folio, method, told, heads, c, _lines(folio, told, c)) for c in classes]


def _lines(folio: Folio, told: Sequence[Effect], class_: str) -> list[tuple[str, str, str]]:
    # (what a line tells, what stands in its id before the feature, and what after).
    t, tail = folio.t, f"/class={encoded(class_)}" if class_ else ""
    keys = [key for sensitive in _groupings(folio, told) for key in _keys(told, sensitive)]
    return [
        (t("effects.size"), "global", tail),
        (t("effects.change"), "change", tail),
        *((t("effects.change_in", name=decoded(key)), "change", f"/{key}{tail}") for key in keys),
    ]


def _table(
    folio: Folio,
    method: AttributionMethodFacts,
    told: Sequence[Effect],
    heads: Sequence[Column],
    class_: str,
    lines: Sequence[tuple[str, str, str]],
) -> Block:
    stem, names = f"attribution/{method.name}", [encoded(effect.feature) for effect in told]
    rows = (
        Row(cells=(Cell(text=label), *(folio.estimate(folio.get(f"{stem}/{what}/{n}{end}")) for n in names)))
        for label, what, end in lines
    )
    key, note = "effects.table_class" if class_ else "effects.table", folio.t("effects.note")
    return folio.table(key, heads, rows, note=note, dense=True, method=method.label, name=class_)


def _from_to(folio: Folio, effect: Effect) -> str:
    assert effect.ends is not None
    low, high = (
        effect.categories[i] if effect.categories else numbers.number(_whole(effect.x[i])) for i in effect.ends
    )
    return folio.t("effects.from_to", low=low, high=high)


def _whole(value: float) -> float:
    return int(value) if value.is_integer() else value
