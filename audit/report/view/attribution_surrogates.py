"""A simple model that stands in for the one under audit: how far it says the same, and what it looks like."""

from __future__ import annotations

from markupsafe import Markup

from audit.records.effects import DrawnNode
from audit.records.observation import Observation
from audit.records.sections import AttributionMethodFacts
from audit.report import charts
from audit.report.view import numbers
from audit.report.view.folio import Folio
from audit.report.view.tree import Block, Cell, Figure, Prose, Row

CLASSES = 3
"""Classes whose value stands in a node."""


def blocks(folio: Folio, method: AttributionMethodFacts) -> tuple[Block, ...]:
    """Return the fidelity of a surrogate and its drawing; nothing of any other method."""
    stem = f"attribution/{method.name}"
    told = folio.get(f"{stem}/fidelity")
    if told is None:
        return ()
    found: list[Block] = [Prose(paragraphs=(_sentence(folio, stem, told),))]
    if folio.extent.whole:
        found.append(_table(folio, method, stem))
    if method.drawn:
        found.append(_figure(folio, method))
    return tuple(found)


def _sentence(folio: Folio, stem: str, told: Observation) -> str:
    t, train = folio.t, folio.get(f"{stem}/fidelity/train")
    parts = [t("surrogates.fidelity", value=folio.phrase(told), train=folio.point(train).text)]
    agreement = folio.get(f"{stem}/agreement")
    if agreement is not None and agreement.measured.kind != "undefined":
        again = folio.point(folio.get(f"{stem}/agreement/train")).text
        parts.append(t("surrogates.agreement", value=folio.phrase(agreement), train=again))
    return " ".join((*parts, t("surrogates.caution")))


def _table(folio: Folio, method: AttributionMethodFacts, stem: str) -> Block:
    t = folio.t
    rows = [
        Row(cells=(Cell(text=t(f"surrogates.{name}_name")), Cell(text=t(f"surrogates.{where}")), *_numbers(folio, o)))
        for name in ("fidelity", "agreement")
        for where, tail in (("held", ""), ("seen", "/train"))
        if (o := folio.get(f"{stem}/{name}{tail}"))
    ]
    heads = folio.columns("measure", "rows_of", "value#", "interval#", "n#")
    return folio.table("surrogates.table", heads, rows, dense=True, method=method.label)


def _numbers(folio: Folio, observation: Observation) -> tuple[Cell, ...]:
    return folio.point(observation), folio.interval(observation), folio.rows_behind(observation)


def _figure(folio: Folio, method: AttributionMethodFacts) -> Figure:
    t = folio.t
    title = t("surrogates.figure", method=method.label, scale=method.scale)
    svg = charts.node_link(
        [_node(node, method.drawn) for node in method.drawn],
        title=title,
        description="; ".join(filter(None, (node.test for node in method.drawn))) or title,
        yes=t("surrogates.way_yes"),
        no=t("surrogates.way_no"),
    )
    return Figure(svg=Markup(svg), title=title, hint=t("surrogates.hint"), wide=True)


def _node(node: DrawnNode, every: tuple[DrawnNode, ...]) -> charts.Node:
    if len(node.value) == 1:
        (value,) = node.value.values()
        all_values = [v for other in every for v in other.value.values()]
        low, high = min(all_values), max(all_values)
        depth = (value - low) / (high - low) if high > low else 0.0
        said = numbers.number(value)
    else:
        ranked = sorted(node.value.items(), key=lambda pair: -pair[1])[:CLASSES]
        depth = max(0.0, min(1.0, ranked[0][1]))
        said = ", ".join(f"{name} {numbers.number(value)}" for name, value in ranked)
    return charts.Node(
        test=node.test,
        children=node.children,
        told=f"{said} · {numbers.percent(node.share)}",
        depth=depth,
    )
