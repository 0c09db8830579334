"""How well the model predicts."""

from __future__ import annotations

from dataclasses import replace

from audit.records.measured import Estimate, Undefined
from audit.records.observation import Observation
from audit.records.sections import Confusion, Curve, MeasureFacts, PerformanceSection
from audit.report.view import averages, comparison, decisions, figures, grades, methods, numbers, overfitting
from audit.report.view.folio import Folio, aggregate_of, chunked, decoded, measure_of
from audit.report.view.tree import (
    Block,
    Bullets,
    Callout,
    Cell,
    Chapter,
    Column,
    Pair,
    Prose,
    Row,
    Section,
    Table,
)

BESIDE = ("cross_validated", "train", "challenger", "baseline", "dummy")
CURVES = ("roc", "precision_recall", "calibration", "threshold", "score_distribution", "residuals")
SERIES = 6
LEAST_POINTS = 4
TABLED_CLASSES = 6
"""More classes make a confusion table wider than a page."""
CONFUSIONS = 10
CALIBRATED_CLASSES = 4
"""Curves of more classes, one over the other, cannot be told apart."""


def chapter(folio: Folio) -> Chapter:
    """Return the chapter on performance."""
    t, section = folio.t, folio.record.performance
    title = t("performance.title")
    if section is None:
        return Chapter(
            number="",
            title=title,
            anchor="performance",
            lead=t("performance.lead"),
            blocks=(folio.absent("performance"),),
        )
    parts = (
        ("performance.figures", "figures", _headline(folio, section)),
        ("performance.peers", "peers", comparison.blocks(folio, section)),
        ("performance.decisions", "decisions", decisions.blocks(folio, section)),
        ("performance.cross_validation", "cross-validation", _cross_validation(folio, section)),
        ("performance.overfitting", "overfitting", overfitting.blocks(folio, section)),
        ("performance.grades", "grades", grades.blocks(folio, section)),
        ("performance.confusion", "confusion", _confusion(folio, section.confusion)),
        ("performance.by_class", "classes", (*_by_class(folio, section), *averages.blocks(folio, section))),
        *(
            (f"curve.{name}", name.replace("_", "-"), _curve(folio, name, section.curves[name]))
            for name in _curve_names(folio, section)
        ),
        ("performance.further", "further", _further(folio, section)),
    )
    return Chapter(
        number="",
        title=title,
        anchor="performance",
        lead=t("performance.lead"),
        blocks=(
            Prose(paragraphs=(_basis(folio, section),)),
            *((Bullets(items=section.notes, title=t("performance.notes")),) if section.notes else ()),
        ),
        sections=tuple(
            Section(title=_title(folio, key), anchor=f"performance-{anchor}", blocks=blocks)
            for key, anchor, blocks in parts
            if blocks
        ),
    )


def _basis(folio: Folio, section: PerformanceSection) -> str:
    return folio.t(f"performance.basis.{folio.basis if section.scope == 'held_out' else section.scope}")


def _title(folio: Folio, key: str) -> str:
    group, _, name = key.partition(".")
    return folio.t.named(group, name)


def _measures(folio: Folio, section: PerformanceSection) -> tuple[MeasureFacts, ...]:
    return tuple(
        m for m in section.measures if folio.get(f"performance/{m.name}") or folio.under(f"performance/{m.name}/")
    )


def _headline(folio: Folio, section: PerformanceSection) -> tuple[Block, ...]:
    measures = _measures(folio, section)
    if not measures:
        return (
            Callout(
                title=folio.t("performance.no_figures"), text=folio.t("performance.no_figures_text"), glyph="not_run"
            ),
        )
    beside = [name for name in BESIDE if any(folio.get(f"{_main(folio, m)}/{name}") for m in measures)]
    heads = (
        *folio.columns("measure"),
        Column(title=folio.t(f"scope_head.{section.scope}"), numeric=True),
        *folio.columns("method"),
        *(Column(title=folio.t(f"beside.{name}"), numeric=True) for name in beside),
    )
    rows = tuple(
        Row(
            cells=(
                Cell(
                    text=_named(folio, m), detail=_better(folio, m.higher_is_better), strong=m.name == section.headline
                ),
                # Its method stands beside it, and so not below the table again.
                replace(folio.estimate(folio.get(_main(folio, m))), interval=""),
                Cell(text=_method(folio, folio.get(_main(folio, m))), muted=True),
                *(folio.estimate(folio.get(f"{_main(folio, m)}/{name}")) for name in beside),
            )
        )
        for m in measures
    )
    return (folio.table("performance.figures_table", heads, rows, note=_note(folio, section, measures), dense=True),)


def _main(folio: Folio, measure: MeasureFacts) -> str:
    """Return the id of a measure over all classes: its own, or its average where it is one number a class."""
    bare = f"performance/{measure.name}"
    return bare if folio.get(bare) or not folio.get(f"{bare}/macro") else f"{bare}/macro"


def _named(folio: Folio, measure: MeasureFacts) -> str:
    return (
        folio.t("performance.average", measure=measure.label)
        if _main(folio, measure).endswith("/macro")
        else measure.label
    )


def _note(folio: Folio, section: PerformanceSection, measures: tuple[MeasureFacts, ...]) -> str:
    found = [o.measured for o in (folio.get(_main(folio, m)) for m in measures) if o]
    levels = [m.level for m in found if isinstance(m, Estimate)]
    counts = sorted({numbers.count(m.n) for m in found if not isinstance(m, Undefined)})
    texts = [folio.t("performance.figures_note", level=numbers.level(levels[0]))] if levels else []
    texts += [folio.t("performance.figures_rows", n=folio.t("number.or").join(counts))] if counts else []
    left = len(_unplaced(folio, section))
    texts += [folio.t.count("performance.further_elsewhere", left)] if left and not folio.extent.whole else []
    return " ".join(texts)


def _method(folio: Folio, observation: Observation | None) -> str:
    measured = observation.measured if observation else None
    return methods.name(folio.t, measured.method) if isinstance(measured, Estimate) else ""


def _better(folio: Folio, higher: bool | None) -> str:
    return folio.t({True: "better.higher", False: "better.lower", None: "better.neither"}[higher])


def _cross_validation(folio: Folio, section: PerformanceSection) -> tuple[Block, ...]:
    t, cv = folio.t, section.cross_validation
    if cv is None:
        return ()
    if not cv.done:
        return (
            Callout(
                title=t("performance.no_cross_validation"), text=cv.reason or t("stage.no_reason"), glyph="not_run"
            ),
        )
    by = t.named("fold_kind", cv.by) + (f" ({cv.column})" if cv.column else "")
    text = Prose(paragraphs=(t("performance.cross_validation_text", folds=len(cv.folds), by=by),))
    measures = [
        m
        for m in section.measures
        if any(folio.get(f"{_main(folio, m)}/cross_validated/fold={f.fold}") for f in cv.folds)
    ][:5]
    heads = (
        *folio.columns("fold", "train_rows#", "test_rows#"),
        *(Column(title=_named(folio, m), numeric=True) for m in measures),
    )
    rows = (
        Row(
            cells=(
                Cell(text=str(f.fold)),
                Cell(text=f"{f.train_rows:,}", numeric=True),
                Cell(text=f"{f.test_rows:,}", numeric=True),
                *(folio.point(folio.get(f"{_main(folio, m)}/cross_validated/fold={f.fold}")) for m in measures),
            )
        )
        for f in cv.folds
    )
    return (text, folio.table("performance.folds", heads, rows), *overfitting.repeats(folio, section))


def _confusion(folio: Folio, confusion: Confusion | None) -> tuple[Block, ...]:
    if confusion is None:
        return ()
    t = folio.t
    scope = t(f"scope.{confusion.scope}")
    figure = figures.confusion(folio, confusion, title=t("performance.confusion_table", scope=scope))
    if len(confusion.classes) > TABLED_CLASSES:
        told = t("performance.largest_confusions_text")
        return (Pair(figure=figure, table=_largest_confusions(folio, confusion), text=told),)
    return (Pair(figure=figure, table=_confusion_table(folio, confusion, scope)),)


def _largest_confusions(folio: Folio, confusion: Confusion) -> Table:
    t = folio.t
    wrong = [
        (n, true, predicted)
        for true, line in zip(confusion.classes, confusion.counts, strict=True)
        for predicted, n in zip(confusion.classes, line, strict=True)
        if true != predicted and n
    ]
    rows = tuple(
        Row(cells=(Cell(text=true), Cell(text=predicted), Cell(text=numbers.count(n), numeric=True)))
        for n, true, predicted in sorted(wrong, key=lambda found: -found[0])[:CONFUSIONS]
    )
    return Table(
        caption=t("performance.largest_confusions"),
        columns=folio.columns("true_class", "predicted_class", "rows#"),
        rows=rows,
        rest=t("performance.largest_confusions_note" if rows else "performance.no_confusions"),
        dense=True,
    )


def _confusion_table(folio: Folio, confusion: Confusion, scope: str) -> Table:
    t = folio.t
    heads = (
        Column(title=t("column.true_class")),
        *(Column(title=t("column.predicted_as", name=name), numeric=True) for name in confusion.classes),
    )
    rows = (
        Row(
            cells=(
                Cell(text=name),
                *(
                    Cell(text=numbers.count(n), numeric=True, strong=predicted == name)
                    for predicted, n in zip(confusion.classes, line, strict=True)
                ),
            )
        )
        for name, line in zip(confusion.classes, confusion.counts, strict=True)
    )
    return folio.table("performance.confusion_table", heads, rows, scope=scope)


def _by_class(folio: Folio, section: PerformanceSection) -> tuple[Block, ...]:
    measures = [m for m in section.measures if any(folio.under(f"performance/{m.name}/class="))]
    if not measures:
        return ()
    names = list(
        dict.fromkeys(aggregate_of(o.id)[0] for m in measures for o in folio.under(f"performance/{m.name}/class="))
    )
    return tuple(
        folio.table(
            "performance.by_class_table",
            (*folio.columns("class"), *(Column(title=m.label, numeric=True) for m in chunk)),
            (
                Row(
                    cells=(
                        Cell(text=decoded(name.partition("=")[2])),
                        *(folio.estimate(folio.get(f"performance/{m.name}/{name}")) for m in chunk),
                    )
                )
                for name in names
            ),
        )
        for chunk in chunked(measures, 4)
    )


def _curve_names(folio: Folio, section: PerformanceSection) -> tuple[str, ...]:
    known = [name for name in CURVES if section.curves.get(name)]
    if section.curves.get("threshold_table") and not folio.extent.whole:
        # On paper the table of thresholds, with its intervals, says the same.
        known = [name for name in known if name != "threshold"]
    elsewhere = (*CURVES, *decisions.CURVES, overfitting.LEARNING)
    return (*known, *(name for name in section.curves if name not in elsewhere and section.curves[name]))


def _curve(folio: Folio, name: str, curves: dict[str, Curve]) -> tuple[Block, ...]:
    t = folio.t
    if name == "calibration" and len(curves) > CALIBRATED_CLASSES:
        return _worst_calibrated(folio, curves)
    drawn = dict(list(curves.items())[:SERIES])
    figure = figures.curves(folio, name, drawn)
    texts = [t(f"curve_text.{name}")] if f"curve_text.{name}" in t.keys else []
    if len(curves) > len(drawn):
        texts.append(t.count("curve_text.more", len(curves) - len(drawn)))
    return (Pair(figure=figure, table=_points(folio, name, drawn), text=" ".join(texts)),)


def _worst_calibrated(folio: Folio, curves: dict[str, Curve]) -> tuple[Block, ...]:
    """Draw the class whose scores are furthest from what happened; of each class, list the band that is."""
    t = folio.t
    ranked = sorted(curves, key=lambda class_: -sum(_astray(curves[class_])))
    first = curves[ranked[0]]
    figure = figures.curves(folio, "calibration", {ranked[0]: first})
    rows = []
    for class_ in (c for c in ranked if curves[c].x):
        astray = _astray(curves[class_])
        (cells,) = _curve_cells(folio, curves[class_], (astray.index(max(astray)),))
        rows.append(Row(cells=(Cell(text=class_), *cells)))
    heads = (*folio.columns("class"), *_curve_heads(folio, first))
    note = t("performance.worst_bands_note")
    table = folio.table("performance.worst_bands", heads, rows, dense=True, note=note)
    text = " ".join((t("curve_text.calibration"), t("performance.worst_calibrated", name=ranked[0])))
    return (Pair(figure=figure, table=table, text=text),)


def _astray(curve: Curve) -> list[float]:
    """Return how much each band adds to a calibration error, up to a factor: rows times distance."""
    rows = curve.n or (1,) * len(curve.x)
    return [n * abs(y - x) for n, x, y in zip(rows, curve.x, curve.y, strict=True)]


def _points(folio: Folio, name: str, drawn: dict[str, Curve]) -> Table:
    first = next(iter(drawn.values()))
    if len(drawn) > 1 and all(curve.x == first.x for curve in drawn.values()):
        heads, rows = _side_by_side(drawn, first, folio.extent.curve_rows)
    else:
        wanted = max(LEAST_POINTS, folio.extent.curve_rows // len(drawn))
        heads = (*(folio.columns("class") if len(drawn) > 1 else ()), *_curve_heads(folio, first))
        rows = [
            Row(cells=(*((Cell(text=class_),) if len(drawn) > 1 else ()), *cells))
            for class_, curve in drawn.items()
            for cells in _curve_cells(
                folio, curve, _spread(len(curve.x), wanted if len(drawn) > 1 or not curve.n else len(curve.x))
            )
        ]
    total = max(len(curve.x) for curve in drawn.values())
    shown = len(rows) if len(drawn) == 1 or heads[0].title == first.x_label else len(rows) // len(drawn)
    rest = folio.t("curve_text.chosen", shown=shown, total=f"{total:,}") if shown < total else ""
    caption, made = folio.t.named("curve", name), methods.of_curves(folio.t, drawn.values())
    return Table(caption=caption, columns=tuple(heads), rows=tuple(rows), methods=made, rest=rest, dense=True)


def _side_by_side(drawn: dict[str, Curve], first: Curve, wanted: int) -> tuple[tuple[Column, ...], list[Row]]:
    heads = (Column(title=first.x_label, numeric=True), *(Column(title=class_, numeric=True) for class_ in drawn))
    rows = [
        Row(
            cells=tuple(
                Cell(text=numbers.number(v), numeric=True) for v in (first.x[i], *(c.y[i] for c in drawn.values()))
            )
        )
        for i in _spread(len(first.x), wanted)
    ]
    return heads, rows


def _curve_heads(folio: Folio, curve: Curve) -> tuple[Column, ...]:
    return (
        Column(title=curve.x_label, numeric=True),
        Column(title=curve.y_label, numeric=True),
        *(folio.columns("interval#") if curve.low is not None and curve.high is not None else ()),
        *(folio.columns("threshold#") if curve.at is not None else ()),
        *(folio.columns("rows#") if curve.n is not None else ()),
    )


def _curve_cells(folio: Folio, curve: Curve, places: tuple[int, ...]) -> list[tuple[Cell, ...]]:
    rows = []
    for i in places:
        texts = [numbers.number(curve.x[i]), numbers.number(curve.y[i])]
        if curve.low is not None and curve.high is not None:
            texts.append(folio.t("number.range", low=numbers.number(curve.low[i]), high=numbers.number(curve.high[i])))
        if curve.at is not None:
            at = curve.at[i]
            texts.append(numbers.DASH if at is None else numbers.number(at))
        if curve.n is not None:
            texts.append(f"{curve.n[i]:,}")
        rows.append(tuple(Cell(text=text, numeric=True) for text in texts))
    return rows


def _spread(total: int, wanted: int) -> tuple[int, ...]:
    """Choose places evenly from the first to the last."""
    if total <= max(wanted, 2):
        return tuple(range(total))
    return tuple(dict.fromkeys(round(i * (total - 1) / (wanted - 1)) for i in range(wanted)))


def _further(folio: Folio, section: PerformanceSection) -> tuple[Block, ...]:
    found = _unplaced(folio, section)
    if not found or not folio.extent.whole:
        return ()
    rows = (
        Row(
            cells=(
                Cell(text=o.label, detail=o.id),
                folio.point(o),
                folio.interval(o),
                folio.rows_behind(o),
                Cell(text=folio.t(f"scope.{o.scope}"), muted=True),
            )
        )
        for o in found
    )
    heads = folio.columns("measure", "value#", "interval#", "n#", "scope<")
    return (folio.table("performance.further_table", heads, rows),)


def _unplaced(folio: Folio, section: PerformanceSection) -> list[Observation]:
    names = {m.name for m in section.measures}
    shown = (averages.places, comparison.places, decisions.places, grades.places, overfitting.places)
    return [o for o in folio.under("performance/") if not (_placed(o, names) or any(by(o.id) for by in shown))]


def _placed(observation: Observation, names: set[str]) -> bool:
    aggregate = aggregate_of(observation.id)
    if measure_of(observation.id) not in names:
        return False
    aggregate = aggregate[1:] if aggregate[:1] == ("macro",) else aggregate
    head = aggregate[0] if aggregate else ""
    if len(aggregate) == 2:
        return head == "cross_validated" and aggregate[1].startswith("fold=") and "&" not in aggregate[1]
    return head == "" or head in BESIDE or head.startswith("class=")
