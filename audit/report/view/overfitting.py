"""Whether the model remembers its rows: gaps to the training rows, the learning curve, and how steady folds are."""

from __future__ import annotations

from dataclasses import replace

from audit.records.measured import Undefined
from audit.records.sections import Curve, MeasureFacts, PerformanceSection
from audit.report.view import figures, numbers
from audit.report.view.folio import Folio
from audit.report.view.tree import Block, Cell, Column, Pair, Prose, Row, Table

LEARNING = "learning"
"""Name of the curves that stand in this section and not among the others."""
GAP = "performance/overfit_gap"
GAIN, GAP_BY_FOLD = "performance/learning_curve/gain", "performance/learning_curve/gap"
_TOLD = ("/train/difference", "/cross_validated/repeat=1", "/cross_validated/repeat_sd")


def blocks(folio: Folio, section: PerformanceSection) -> tuple[Block, ...]:
    """Return what there is to show of overfitting; nothing where nothing of it was measured."""
    return (*_gaps(folio, section), *_learning(folio, section))


def repeats(folio: Folio, section: PerformanceSection) -> tuple[Block, ...]:
    """Return how far figures move when the rows are dealt to folds anew; nothing where they were dealt once."""
    cv, t = section.cross_validation, folio.t
    if cv is None or cv.repeats < 2:
        return ()
    rows = tuple(
        Row(
            cells=(
                Cell(text=m.label),
                folio.estimate(folio.get(f"{main}/cross_validated")),
                folio.point(folio.get(f"{main}/cross_validated/repeat=1")),
                folio.point(folio.get(f"{main}/cross_validated/repeat_sd")),
            )
        )
        for m, main in _measures(folio, section)
        if folio.get(f"{main}/cross_validated/repeat_sd")
    )
    heads = (*folio.columns("measure"), *_heads(folio, "mean", "first_repeat", "repeat_sd"))
    note = t("overfitting.repeats_note", repeats=str(cv.repeats), folds=str(len(cv.folds)))
    return (folio.table("overfitting.repeats", heads, rows, note=note, dense=True),)


def places(id: str) -> bool:
    """Whether this section shows an observation."""
    return id in (GAP, GAIN, GAP_BY_FOLD) or id.endswith(_TOLD)


def _gaps(folio: Folio, section: PerformanceSection) -> tuple[Block, ...]:
    t = folio.t
    rows = tuple(
        Row(
            cells=(
                Cell(text=m.label, strong=m.name == section.headline),
                folio.point(folio.get(f"{main}/train")),
                folio.point(folio.get(main)),
                folio.point(folio.get(f"{main}/train/difference")),
                folio.interval(folio.get(f"{main}/train/difference")),
            )
        )
        for m, main in _measures(folio, section)
        if folio.get(f"{main}/train/difference")
    )
    if not rows:
        return ()
    gap = folio.get(GAP)
    told = t("overfitting.gap", measure=gap.label, found=folio.phrase(gap)) if gap else ""
    heads = (
        *folio.columns("measure"),
        Column(title=t("scope_head.train"), numeric=True),
        Column(title=t(f"scope_head.{section.scope}"), numeric=True),
        *_heads(folio, "difference"),
        *folio.columns("interval#"),
    )
    return (
        Prose(paragraphs=(f"{told} {t('overfitting.gap_text')}".strip(),)),
        folio.table("overfitting.gaps", heads, rows, dense=True),
    )


def _learning(folio: Folio, section: PerformanceSection) -> tuple[Block, ...]:
    t, curves = folio.t, section.curves.get(LEARNING, {})
    gain, gap = folio.get(GAIN), folio.get(GAP_BY_FOLD)
    if not curves or gain is None or gap is None:
        return ()
    drawn = {t.named("overfitting", name): curve for name, curve in curves.items()}
    text = t("overfitting.learning_text", gain=folio.phrase(gain), gap=folio.phrase(gap))
    if isinstance(gain.measured, Undefined):
        text = folio.phrase(gain)
    figure = replace(figures.curves(folio, LEARNING, drawn), title=t("curve.learning"))
    return (Pair(figure=figure, table=_points(folio, drawn), text=text),)


def _points(folio: Folio, drawn: dict[str, Curve]) -> Table:
    longest = max(drawn.values(), key=lambda curve: len(curve.x))
    heads = (Column(title=longest.x_label, numeric=True), *(Column(title=name, numeric=True) for name in drawn))
    rows = (
        Row(
            cells=(
                Cell(text=numbers.count(round(x)), numeric=True),
                *(_point(folio, curve, x) for curve in drawn.values()),
            )
        )
        for x in longest.x
    )
    return folio.table("curve.learning", heads, rows, dense=True, note=folio.t("overfitting.learning_note"))


def _point(folio: Folio, curve: Curve, x: float) -> Cell:
    if x not in curve.x or curve.low is None or curve.high is None:
        return Cell(text=numbers.DASH, numeric=True, muted=True)
    i = curve.x.index(x)
    band = folio.t("number.range", low=numbers.number(curve.low[i]), high=numbers.number(curve.high[i]))
    return Cell(text=numbers.number(curve.y[i]), numeric=True, detail=band)


def _measures(folio: Folio, section: PerformanceSection) -> tuple[tuple[MeasureFacts, str], ...]:
    """Each measure beside the id of its leading figure: its own, or its average over classes."""
    bare = [(m, f"performance/{m.name}") for m in section.measures]
    return tuple((m, id if folio.get(id) or not folio.get(f"{id}/macro") else f"{id}/macro") for m, id in bare)


def _heads(folio: Folio, *keys: str) -> tuple[Column, ...]:
    return tuple(Column(title=folio.t(f"overfitting.{key}"), numeric=True) for key in keys)
