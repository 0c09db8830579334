"""What deciding by the score costs and is worth, at the audit's threshold and at others."""

from __future__ import annotations

from dataclasses import replace

from audit.records.measured import Undefined
from audit.records.observation import Observation
from audit.records.sections import Curve, PerformanceSection
from audit.report.view import figures, methods, numbers
from audit.report.view.folio import Folio
from audit.report.view.tree import Block, Cell, Column, Figure, Pair, Prose, Row, Table

CURVES = ("threshold_table", "net_benefit", "cost")
"""Curves that this section shows, and not the one on curves."""
OTHERS = ("challenger", "baseline", "dummy")
LINES = ("", "challenger", "treat all", "treat none")
SHOWN = 6
"""Thresholds listed beside a chart."""


def blocks(folio: Folio, section: PerformanceSection) -> tuple[Block, ...]:
    """Return the section on decisions; nothing where there are none to weigh."""
    return (*_costs(folio, section), *_net_benefit(folio, section), *_thresholds(folio, section))


def places(id: str) -> bool:
    """Whether this section shows an observation."""
    return id.startswith(("performance/expected_cost", "performance/cost_threshold/", "performance/net_benefit"))


# --- costs --------------------------------------------------------------------------------------


def _costs(folio: Folio, section: PerformanceSection) -> tuple[Block, ...]:
    t, costs = folio.t, folio.record.spec.decision.costs
    if costs is None or folio.get("performance/expected_cost") is None:
        return ()
    amounts = {name: numbers.limit(getattr(costs, name)) for name in type(costs).model_fields}
    table = _rules(folio)
    curves = section.curves.get("cost", {})
    if not curves:
        return (Prose(paragraphs=(t("decisions.costs_text", **amounts),)), table)
    figure = _titled(folio, "cost", curves)
    return (Prose(paragraphs=(t("decisions.costs_text", **amounts),)), Pair(figure=figure, table=table))


def _rules(folio: Folio) -> Table:
    """Every way of deciding that was measured, with what it costs."""
    t, threshold = folio.t, folio.record.subject.threshold
    own = Cell(text=numbers.DASH if threshold is None else numbers.limit(threshold), numeric=True)
    none = Cell(text=numbers.DASH, numeric=True, muted=True)
    rules: list[tuple[str, Cell, Observation | None, str]] = [
        ("model", own, folio.get("performance/expected_cost"), ""),
        *(
            (f"{name}_threshold", folio.point(folio.get(f"performance/cost_threshold/{name}")), found, detail)
            for name, found, detail in (
                ("theory", folio.get("performance/expected_cost/theory_threshold"), ""),
                ("empirical", folio.get("performance/expected_cost/empirical_threshold"), _optimism(folio)),
            )
        ),
        ("all_positive", none, folio.get("performance/expected_cost/all_positive"), ""),
        ("all_negative", none, folio.get("performance/expected_cost/all_negative"), ""),
        *((name, none, folio.get(f"performance/expected_cost/{name}"), "") for name in OTHERS),
    ]
    rows = tuple(
        Row(
            cells=(
                Cell(text=_rule(folio, name), detail=detail or _lacking(found), strong=name == "model"),
                at,
                folio.estimate(found),
            )
        )
        for name, at, found, detail in rules
        if found is not None
    )
    heads = folio.columns("rule", "threshold#", "expected_cost#")
    return folio.table("decisions.costs_table", heads, rows, note=t("decisions.costs_note"), dense=True)


def _rule(folio: Folio, name: str) -> str:
    subject, chosen = folio.record.subject, folio.get("performance/cost_threshold/empirical")
    scope = folio.t(f"scope.{chosen.scope}") if chosen else ""
    return folio.t(f"decisions.rule.{name}", positive=subject.positive or "", scope=scope)


def _optimism(folio: Folio) -> str:
    found = folio.get("performance/expected_cost/empirical_threshold/optimism")
    if found is None or isinstance(found.measured, Undefined):
        return ""
    return folio.t("decisions.optimism", more=folio.phrase(found))


def _lacking(observation: Observation) -> str:
    return observation.measured.reason if isinstance(observation.measured, Undefined) else ""


# --- net benefit --------------------------------------------------------------------------------


def _net_benefit(folio: Folio, section: PerformanceSection) -> tuple[Block, ...]:
    curves = section.curves.get("net_benefit", {})
    if not curves:
        return ()
    t = folio.t
    here = folio.get("performance/net_benefit")
    texts = [t("decisions.net_benefit_text")]
    if here is not None:
        texts.append(t("decisions.net_benefit_here", found=folio.phrase(here)))
    more = folio.get("performance/net_benefit/all_positive/difference")
    if more is not None:
        texts.append(t("decisions.net_benefit_more", more=folio.phrase(more)))
    figure = _titled(folio, "net_benefit", curves)
    return (Pair(figure=figure, table=_side_by_side(folio, curves), text=" ".join(texts)),)


def _side_by_side(folio: Folio, curves: dict[str, Curve]) -> Table:
    """A few thresholds, a line of the chart in each column."""
    first = next(iter(curves.values()))
    places = [round(i * (len(first.x) - 1) / (SHOWN - 1)) for i in range(SHOWN)] if len(first.x) > SHOWN else []
    kept = tuple(dict.fromkeys(first.x[i] for i in places)) or first.x
    names = [name for name in LINES if name in curves and name != "treat none"]
    heads = (
        *folio.columns("threshold#"),
        *(Column(title=folio.t(f"decisions.line.{_key(name)}"), numeric=True) for name in names),
    )
    rows = (
        Row(cells=(Cell(text=numbers.number(at), numeric=True), *(_at(folio, curves[name], at) for name in names)))
        for at in kept
    )
    table = folio.table("decisions.net_benefit_table", heads, rows, dense=True)
    return replace(table, methods=methods.of_curves(folio.t, (curves[name] for name in names)))


def _titled(folio: Folio, name: str, curves: dict[str, Curve]) -> Figure:
    return replace(figures.curves(folio, name, _named(folio, curves)), title=folio.t(f"curve.{name}"))


def _named(folio: Folio, curves: dict[str, Curve]) -> dict[str, Curve]:
    known = {name: curves[name] for name in LINES if name in curves}
    if len(known) == 1:
        return known
    # A line that is the same for everybody has no band to draw beside the model's.
    bare = {"treat all": {"low": None, "high": None}, "treat none": {"low": None, "high": None}}
    return {
        folio.t(f"decisions.line.{_key(name)}"): curve.model_copy(update=bare.get(name, {}))
        for name, curve in known.items()
    }


def _key(name: str) -> str:
    return name.replace(" ", "_") or "model"


# --- thresholds ---------------------------------------------------------------------------------


def _thresholds(folio: Folio, section: PerformanceSection) -> tuple[Block, ...]:
    curves = section.curves.get("threshold_table", {})
    if not curves:
        return ()
    t, own = folio.t, folio.record.subject.threshold
    every = max((curve.x for curve in curves.values()), key=len)
    heads = (
        *folio.columns("threshold#"),
        *(Column(title=curve.y_label, numeric=True) for curve in curves.values()),
    )
    rows = (
        Row(
            cells=(
                Cell(
                    text=numbers.limit(at),
                    numeric=True,
                    strong=at == own,
                    detail=t("decisions.own_threshold") if at == own else "",
                ),
                *(_at(folio, curve, at) for curve in curves.values()),
            )
        )
        for at in every
    )
    level = folio.record.spec.performance.interval.level if folio.record.spec.performance else 0.95
    note = t("decisions.thresholds_note", level=numbers.level(level))
    table = folio.table("decisions.thresholds_table", heads, rows, note=note, dense=True)
    return (replace(table, methods=methods.of_curves(t, curves.values())),)


def _at(folio: Folio, curve: Curve, at: float) -> Cell:
    """Write what a curve says at a threshold, its interval below."""
    if at not in curve.x:
        return Cell(text=folio.t("number.undefined") if at < max(curve.x) else numbers.DASH, numeric=True, muted=True)
    i = curve.x.index(at)
    ends = ""
    if curve.low is not None and curve.high is not None:
        ends = folio.t("number.range", low=numbers.number(curve.low[i]), high=numbers.number(curve.high[i]))
    return Cell(text=numbers.number(curve.y[i]), numeric=True, detail=ends)
