"""What a method says of pairs of features, and of declared directions: one table each, and drawings of pairs."""

from __future__ import annotations

from markupsafe import Markup

from audit.records.effects import PairEffect
from audit.records.observation import encoded
from audit.records.sections import AttributionMethodFacts
from audit.report import charts
from audit.report.view import numbers
from audit.report.view.folio import Folio, decoded
from audit.report.view.tree import Block, Cell, Figure, Prose, Row

ON_PAPER = 3
"""Pairs told on paper."""
_STEPS = ("wrong_steps", "rows", "largest")
_TOLD = ("size", "h_squared")


def blocks(folio: Folio, method: AttributionMethodFacts) -> tuple[Block, ...]:
    """Return the tables of interactions and of monotonicity; nothing of any other method."""
    return (*_interactions(folio, method), *_directions(folio, method))


def _interactions(folio: Folio, method: AttributionMethodFacts) -> tuple[Block, ...]:
    stem = f"attribution/{method.name}"
    keys = [o.id.removeprefix(f"{stem}/size/") for o in folio.under(f"{stem}/size/")]
    if not keys:
        return ()
    if not folio.extent.whole:
        return (Prose(paragraphs=(_strongest(folio, method, stem, keys[:ON_PAPER]),)),)
    rows = (
        Row(
            cells=(
                Cell(text=" × ".join(map(decoded, key.split("&")))),
                *(folio.estimate(folio.get(f"{stem}/{name}/{key}")) for name in _TOLD),
                folio.rows_behind(folio.get(f"{stem}/size/{key}")),
            )
        )
        for key in keys
    )
    heads = folio.columns("pair", "interaction#", "h_squared#", "n#")
    note = folio.t("pairs.note", scale=method.scale)
    table = folio.table("pairs.table", heads, rows, note=note, dense=True)
    return (table, *(_figure(folio, pair) for pair in method.pairs))


def _strongest(folio: Folio, method: AttributionMethodFacts, stem: str, keys: list[str]) -> str:
    told = [
        f"{' × '.join(map(decoded, key.split('&')))} {folio.phrase(found)}"
        for key in keys
        if (found := folio.get(f"{stem}/size/{key}"))
    ]
    return folio.t("pairs.strongest", pairs="; ".join(told), scale=method.scale)


def _figure(folio: Folio, pair: PairEffect) -> Figure:
    t = folio.t
    title = t("pairs.figure", first=pair.features[0], second=pair.features[1])
    if pair.class_:
        title = t("attribution.case_class", title=title, name=pair.class_)
    lines = [list(line) for line in zip(*pair.values, strict=True)]
    svg = charts.heatmap(
        [f"{pair.features[1]} {numbers.number(_whole(y))}" for y in pair.y],
        [numbers.number(_whole(x)) for x in pair.x],
        lines,
        [[numbers.number(float(value)) for value in line] for line in lines],
        title=title,
        description=t("pairs.described", first=pair.features[0], second=pair.features[1]),
    )
    return Figure(svg=Markup(svg), title=title, hint=t("pairs.hint", first=pair.features[0]), wide=True)


def _directions(folio: Folio, method: AttributionMethodFacts) -> tuple[Block, ...]:
    stem = f"attribution/{method.name}"
    if folio.get(f"{stem}/violation_rate") is None:
        return ()
    rows = [_direction(folio, stem, name) for name in method.features]
    every = (
        Cell(text=folio.t("pairs.any_feature"), strong=True),
        Cell(text="", numeric=True),
        folio.estimate(folio.get(f"{stem}/violation_rate")),
        Cell(text="", numeric=True),
        folio.rows_behind(folio.get(f"{stem}/violation_rate")),
    )
    heads = folio.columns("feature", "wrong_steps#", "wrong_rows#", "largest_step#", "n#")
    return (folio.table("pairs.directions", heads, [*rows, Row(cells=every)], dense=True),)


def _direction(folio: Folio, stem: str, name: str) -> Row:
    found = [folio.get(f"{stem}/{encoded(name)}/{what}") for what in _STEPS]
    return Row(cells=(Cell(text=name), *(folio.estimate(o) for o in found), folio.rows_behind(found[0])))


def _whole(value: float) -> float:
    return int(value) if value.is_integer() else value
