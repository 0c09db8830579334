"""Turns what a chapter wants to show into a drawing with its title, description and caption."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from audit.records.measured import Estimate, Undefined
from audit.records.observation import Observation
from audit.records.sections import Case, Confusion, Curve, Density
from audit.report import charts
from audit.report.charts.drawing import FULL, HALF
from audit.report.view import numbers
from audit.report.view.folio import Folio
from audit.report.view.tree import Figure

WATERFALL_STEPS = 12
MARKED_POINTS = 12
CLASSES_ABREAST = 4
"""Classes whose matrix still leaves room for a table beside it."""


def forest(
    folio: Folio,
    rows: Sequence[tuple[str, Observation]],
    *,
    title: str,
    axis: str,
    bounds: tuple[float | None, float | None] = (None, None),
    reference: float | None = None,
    reference_label: str = "",
    muted: frozenset[str] = frozenset(),
) -> Figure | None:
    """Draw values with their intervals; None where there is no number to draw."""
    if all(isinstance(o.measured, Undefined) for _, o in rows):
        return None
    svg = charts.forest(
        [_point(folio, label, o, label in muted) for label, o in rows],
        title=title,
        description=_told(folio, rows),
        axis_label=axis,
        reference=reference,
        reference_label=reference_label if reference is not None else "",
        bounds=bounds,
    )
    return _figure(svg, title, folio.t("figure.forest_muted" if muted else "figure.forest"), wide=True)


def attributions(folio: Folio, rows: Sequence[tuple[str, Observation]], *, title: str, axis: str) -> Figure | None:
    """Draw the size of each feature's attribution; None where there is no number to draw."""
    if all(isinstance(o.measured, Undefined) for _, o in rows):
        return None
    items = [charts.Bar(label, *_numbers(o)) for label, o in rows]
    svg = charts.bars(items, title=title, description=_told(folio, rows), axis_label=axis)
    return _figure(svg, title, folio.t("figure.bars"), wide=True)


def counts(rows: Mapping[str, int], *, title: str, axis: str) -> Figure:
    """Draw counts by name."""
    items = [charts.Bar(name, float(n)) for name, n in rows.items()]
    told = "; ".join(f"{name}: {n:,}" for name, n in rows.items())
    return _figure(charts.bars(items, title=title, description=told, axis_label=axis), title, wide=True)


def curves(folio: Folio, name: str, drawn: Mapping[str, Curve]) -> Figure:
    """Draw the curves of one kind, one line a class."""
    title = folio.t.named("curve", name)
    first = next(iter(drawn.values()))
    described = f"figure.{name}" if f"figure.{name}" in folio.t.keys else "figure.curve"
    description = folio.t(described, title=title, x=first.x_label, y=first.y_label)
    if name == "calibration" and len(drawn) == 1 and first.n is not None:
        svg = charts.reliability(
            first.x,
            first.y,
            first.low,
            first.high,
            first.n,
            title=title,
            description=description,
            x_label=first.x_label,
            y_label=first.y_label,
        )
        return _figure(svg)
    series = [charts.Series(label or first.y_label, c.x, c.y, c.low, c.high) for label, c in drawn.items()]
    mark = folio.record.subject.threshold if name in _OVER_SCORES else None
    marked = folio.t("figure.threshold_mark") if mark is not None else ""
    if name == "score_distribution":
        return _figure(
            charts.histogram(
                series,
                title=title,
                description=description,
                x_label=first.x_label,
                y_label=first.y_label,
                reference=mark,
                reference_label=marked,
            )
        )
    return _figure(
        charts.lines(
            series,
            title=title,
            description=description,
            x_label=first.x_label,
            y_label=first.y_label,
            diagonal=name == "roc",
            points=len(first.x) <= MARKED_POINTS,
            reference=mark,
            reference_label=marked,
        )
    )


_OVER_SCORES = ("threshold", "score_distribution", "net_benefit", "cost", "group_thresholds")


def confusion(folio: Folio, confusion: Confusion, *, title: str) -> Figure:
    """Draw the confusion matrix."""
    told = "; ".join(
        folio.t("figure.confusion_cell", true=true, predicted=predicted, n=numbers.count(n))
        for true, line in zip(confusion.classes, confusion.counts, strict=True)
        for predicted, n in zip(confusion.classes, line, strict=True)
    )
    wide = len(confusion.classes) > CLASSES_ABREAST
    svg = charts.confusion(
        confusion.classes, confusion.counts, title=title, description=told, width=FULL if wide else HALF
    )
    return _figure(svg, title, wide=wide)


def beeswarm(folio: Folio, densities: Sequence[Density], *, title: str, axis: str) -> Figure:
    """Draw how the attributions of each feature are spread."""
    names = ", ".join(d.feature for d in densities)
    svg = charts.beeswarm(densities, title=title, description=folio.t("figure.beeswarm", names=names), axis_label=axis)
    return _figure(svg, title, folio.t("figure.beeswarm_hint"), wide=True)


def waterfall(folio: Folio, case: Case, *, title: str, scale: str) -> Figure:
    """Draw how one prediction comes about."""
    shown = [(c.feature, c.value, c.attribution) for c in case.contributions[:WATERFALL_STEPS]]
    rest = [c.attribution for c in case.contributions[WATERFALL_STEPS:]]
    if rest:
        shown.append((folio.t.count("figure.other_features", len(rest)), "", sum(rest)))
    told = "; ".join(f"{feature} {numbers.number(float(added))}" for feature, _, added in shown)
    svg = charts.waterfall(
        case.base,
        shown,
        case.prediction,
        title=title,
        description=told,
        axis_label=scale,
        base_label=folio.t("figure.base"),
        prediction_label=folio.t("figure.prediction"),
    )
    return _figure(svg, title)


def _figure(svg: str, title: str = "", hint: str = "", *, wide: bool = False) -> Figure:
    # Charts escape every text themselves, which their tests hold them to.
    return Figure(svg=Markup(svg), title=title, hint=hint, wide=wide)


def _point(folio: Folio, label: str, observation: Observation, muted: bool) -> charts.ForestPoint:
    measured = observation.measured
    if isinstance(measured, Undefined):
        return charts.ForestPoint(label, None, None, None, muted=True)
    value, low, high = _numbers(observation)
    if not isinstance(measured, Estimate):
        low = high = value
    return charts.ForestPoint(label, value, low, high, note=folio.t("number.n", n=f"{measured.n:,}"), muted=muted)


def _numbers(observation: Observation) -> tuple[float | None, float | None, float | None]:
    match observation.measured:
        case Undefined():
            return None, None, None
        case Estimate(value=value, low=low, high=high):
            return value, low, high
        case exact:
            return float(exact.value), None, None


def _told(folio: Folio, rows: Sequence[tuple[str, Observation]]) -> str:
    return "; ".join(f"{label}: {folio.phrase(o)}" for label, o in rows[:12])
