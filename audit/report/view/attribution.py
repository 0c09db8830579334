"""Which features move the predictions, and how far that can be believed."""

from __future__ import annotations

from collections.abc import Sequence

from audit.records.observation import Observation, encoded
from audit.records.sections import AttributionMethodFacts
from audit.report.view import (
    attribution_cases,
    attribution_checks,
    attribution_effects,
    attribution_importance,
    attribution_pairs,
    attribution_surrogates,
    column_groups,
    figures,
    local_surrogates,
    numbers,
)
from audit.report.view.folio import Folio, decoded
from audit.report.view.robustness import as_text
from audit.report.view.tree import Block, Bullets, Callout, Cell, Chapter, Facts, Pair, Prose, Row, Section

CHARTED = 15
CLASSES = 6


def chapter(folio: Folio) -> Chapter:
    """Return the chapter on attributions."""
    t, section = folio.t, folio.record.attribution
    title, lead = t("attribution.title"), t("attribution.lead")
    if section is None:
        return Chapter(number="", title=title, anchor="attribution", lead=lead, blocks=(folio.absent("attribution"),))
    overview = folio.table(
        "attribution.overview",
        folio.columns("method", "status<", "explains>", "rows#"),
        (_line(folio, m) for m in section.methods if folio.extent.whole or m.status == "done"),
        note=_not_run(folio, section.methods),
    )
    empty = Callout(title=t("attribution.no_methods"), text=t("attribution.no_methods_text"), glyph="not_run")
    notes = (Bullets(items=section.notes, title=t("attribution.notes")),) if section.notes else ()
    done = [m for m in section.methods if m.status == "done"]
    return Chapter(
        number="",
        title=title,
        anchor="attribution",
        lead=lead,
        blocks=(
            *attribution_checks.unsupported(folio, section),
            Prose(paragraphs=(t("attribution.caution"),)),
            overview if section.methods else empty,
            *attribution_importance.blocks(folio, done),
            *notes,
        ),
        sections=(
            *(
                Section(title=m.label, anchor=f"attribution-{m.name}", blocks=blocks)
                for m in done
                if (blocks := _method(folio, m, listed=attribution_importance.is_listed(folio, m, done)))
            ),
            *attribution_checks.sections(folio, section),
            *attribution_cases.sections(folio, section),
        ),
    )


def _not_run(folio: Folio, methods: Sequence[AttributionMethodFacts]) -> str:
    # On paper their reasons stand once, in the chapter on limitations.
    names = [m.label for m in methods if m.status != "done"]
    return "" if folio.extent.whole or not names else folio.t("attribution.not_run", names=", ".join(names))


def _line(folio: Folio, method: AttributionMethodFacts) -> Row:
    glyph = {"done": "recorded", "error": "error"}.get(method.status, "not_run")
    rows = f"{method.rows:,}" if method.rows else numbers.DASH
    detail = folio.t("attribution.of_rows", n=f"{method.rows_available:,}") if method.rows_available else ""
    return Row(
        cells=(
            Cell(text=method.label),
            Cell(text=folio.t(f"stage.{method.status}"), glyph=glyph),
            Cell(text=method.game if method.status == "done" else method.reason),
            Cell(text=rows, numeric=True, detail=detail if method.rows else ""),
        )
    )


def _method(folio: Folio, method: AttributionMethodFacts, *, listed: bool) -> tuple[Block, ...]:
    # What of a method is listed beside others is not told again.
    t = folio.t
    own = [
        *attribution_surrogates.blocks(folio, method),
        *attribution_effects.blocks(folio, method),
        *attribution_pairs.blocks(folio, method),
    ]
    if own and not folio.extent.whole:
        # On paper their scale stands at the axis or under the table, and their rows in the list of methods.
        return (*attribution_checks.beside(folio, method), *own, *_white_box(folio, method))
    # On paper what is attributed stands just above, in the list of methods.
    facts = [folio.fact("game", method.game or numbers.DASH)] if folio.extent.whole else []
    facts.append(folio.fact("scale", method.scale or numbers.DASH))
    facts.append(
        folio.fact("rows_used", t("attribution.rows", n=f"{method.rows:,}", total=f"{method.rows_available:,}"))
    )
    if method.background_rows:
        facts.append(folio.fact("background", f"{method.background_rows:,}"))
    if method.base:
        bases = "; ".join(
            f"{name}: {numbers.number(v)}" if name else numbers.number(v) for name, v in method.base.items()
        )
        facts.append(folio.fact("base", bases))
    if method.additivity_error is not None:
        facts.append(
            folio.fact(
                "additivity",
                Cell(text=numbers.number(float(method.additivity_error)), detail=t("fact.additivity_note")),
            )
        )
    facts += local_surrogates.facts(folio, method)
    told: list[Block] = [Facts(facts=tuple(facts))]
    if method.notes:
        told.append(Bullets(items=method.notes))
    blocks: list[Block] = [*own]
    for class_ in () if method.effects else _classes(folio, method):
        blocks += _global(folio, method, class_, listed=listed and not class_)
    blocks += column_groups.blocks(folio, method)
    blocks += _white_box(folio, method)
    return (*attribution_checks.beside(folio, method), *(told if blocks or not listed else ()), *blocks)


def _white_box(folio: Folio, method: AttributionMethodFacts) -> list[Block]:
    title = folio.t("attribution.white_box", method=method.label)
    tables = [as_text(folio, method.table, title)] if len(method.table) > 1 else []
    return [*tables, *(as_text(folio, detail.rows, detail.title) for detail in method.details)]


def _classes(folio: Folio, method: AttributionMethodFacts) -> tuple[str, ...]:
    # Names as the model gives them: only ids hold them encoded.
    parts = [o.id.split("/") for o in folio.under(f"attribution/{method.name}/global/")]
    classes = dict.fromkeys(decoded(part[4].removeprefix("class=")) for part in parts if len(part) == 5)
    bare = any(len(part) == 4 for part in parts)
    return (*([""] if bare else []), *classes)[:CLASSES]


def _global(folio: Folio, method: AttributionMethodFacts, class_: str, *, listed: bool) -> list[Block]:
    t = folio.t
    found = [(name, _of(folio, method, name, class_)) for name in method.features]
    known: list[tuple[str, Observation]] = [(name, o) for name, o in found if o]
    if class_:
        known.sort(key=lambda pair: -_magnitude(pair[1]))
    shown = class_ or ""
    title = t("attribution.global_class" if shown else "attribution.global", method=method.label, name=shown)
    rows = tuple(Row(cells=(Cell(text=name), folio.point(o), folio.interval(o))) for name, o in known)
    room = None if folio.extent.whole else CHARTED
    heads = folio.columns("feature", "attribution#", "interval#")
    table = folio.table("table.caption", heads, rows, caption=title, room=room)
    figure = figures.attributions(folio, known[:CHARTED], title=title, axis=method.scale or t("column.attribution"))
    if (
        figure
        and class_
        and not folio.extent.whole
        and folio.under(f"attribution/{method.name}/global/{encoded(known[0][0])}/")
    ):
        return [figure]
    blocks: list[Block] = [Pair(figure=figure, table=table) if figure else table] if known and not listed else []
    densities = method.beeswarm.get(class_, ())[: folio.extent.beeswarm_rows]
    if densities:
        swarm_title = t(
            "attribution.beeswarm_class" if shown else "attribution.beeswarm", method=method.label, name=shown
        )
        blocks.append(figures.beeswarm(folio, densities, title=swarm_title, axis=method.scale))
    return blocks


def _of(folio: Folio, method: AttributionMethodFacts, feature: str, class_: str) -> Observation | None:
    id = f"attribution/{method.name}/global/{encoded(feature)}"
    return folio.get(f"{id}/class={encoded(class_)}" if class_ else id)


def _magnitude(observation: Observation) -> float:
    return 0.0 if observation.measured.kind == "undefined" else abs(float(observation.measured.value))
