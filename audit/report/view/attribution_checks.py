"""The audit of the attributions: checks by method in one table, and what does not hold beside each method."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from audit.records.measured import Undefined
from audit.records.sections import AttributionCheckFacts, AttributionMethodFacts, AttributionSection
from audit.report.view import numbers
from audit.report.view.folio import Folio, chunked
from audit.report.view.tree import Block, Bullets, Callout, Cell, Column, Prose, Row, Section

ABREAST = 5
"""Methods side by side in a table."""
FEW = 3
"""Methods beside which a measure has room for a column of its own."""
ANCHOR = "attribution-checks"
SKILL = "skill"
"""The check on which all attributions rest."""


def unsupported(folio: Folio, section: AttributionSection) -> tuple[Block, ...]:
    """Return what holds of all attributions alike and must be read before them."""
    return tuple(
        Callout(title=folio.t("attribution_checks.unsupported"), text=_sentence(failure, ""), glyph="fail", tone="warn")
        for check in section.checks
        for name, failure in check.failures.items()
        if not name
    )


def beside(folio: Folio, method: AttributionMethodFacts) -> tuple[Block, ...]:
    """Return what the audit found not to hold of a method, to stand under its title."""
    section = folio.record.attribution
    checks = section.checks if section else ()
    failures = [_sentence(f"{c.failures[method.name]}", f"{c.label}: it ") for c in checks if method.name in c.failures]
    if not failures:
        return ()
    title = folio.t("attribution_checks.fails", method=method.label)
    return (Callout(title=title, text=" ".join(failures), glyph="fail", tone="warn"),)


def sections(folio: Folio, section: AttributionSection) -> tuple[Section, ...]:
    """Return the section on the audit of the attributions; none where nothing was audited."""
    if not section.checks:
        return ()
    t = folio.t
    blocks: list[Block] = [Prose(paragraphs=tuple(_lead(folio, section.checks)))]
    told = [m for m in section.methods if m.status == "done" and _audited(folio, section.checks, m)]
    by_method = [check for check in section.checks if check.measures and check.status == "done"]
    for methods in chunked(told, ABREAST):
        first = folio.columns("check", "measure>") if len(methods) <= FEW else folio.columns("check")
        heads = (*first, *(Column(title=m.label, numeric=True) for m in methods))
        rows = [row for check in by_method for row in _rows(folio, check, methods)]
        note = t("attribution_checks.note")
        blocks.append(folio.table("attribution_checks.table", heads, rows, note=note, dense=True, room=len(rows)))
    left_out = [f"{c.label}: {c.reason}" for c in section.checks if c.status != "done"]
    left_out += [f"{c.label}: {c.summary}" for c in by_method if not _applies(folio, c, told)]
    if left_out and folio.extent.whole:
        blocks.append(Bullets(items=tuple(left_out), title=t("attribution_checks.left_out")))
    if folio.extent.whole:
        blocks.append(_conventions(folio, section.checks))
    return (Section(title=t("attribution_checks.title"), anchor=ANCHOR, blocks=tuple(blocks)),)


def _lead(folio: Folio, checks: Sequence[AttributionCheckFacts]) -> Iterator[str]:
    t = folio.t
    failing = [c for c in checks if c.failures]
    ran = sum(c.status == "done" for c in checks)
    left = sum(c.status != "done" for c in checks)
    told = [t("attribution_checks.lead"), t.count("attribution_checks.ran", ran, failing=f"{len(failing):,}")]
    if left and not folio.extent.whole:
        told.append(t.count("attribution_checks.left_out_count", left))
    yield " ".join(told)
    # On paper a surrogate says just above how far it follows the model.
    summaries = (c for c in checks if not c.measures and c.status == "done")
    yield from (c.summary for c in summaries if folio.extent.whole or c.name == SKILL)


def _audited(folio: Folio, checks: Sequence[AttributionCheckFacts], method: AttributionMethodFacts) -> bool:
    return any(folio.get(_id(method, measure)) for check in checks for measure in check.measures)


def _rows(folio: Folio, check: AttributionCheckFacts, methods: Sequence[AttributionMethodFacts]) -> Iterator[Row]:
    """Yield the leading measure of a check, and where there is room every other one."""
    measures = check.measures if folio.extent.whole else check.measures[:1]
    for place, measure in enumerate(measures):
        if not _applies(folio, check, methods, measure):
            continue
        name, text = "" if place else check.label, folio.t.named("attribution_measure", measure)
        one = Cell(text=text, muted=True) if place else Cell(text=name, detail=text)
        heads = (Cell(text=name), Cell(text=text)) if len(methods) <= FEW else (one,)
        cells = (_cell(folio, check, method, measure, not place) for method in methods)
        yield Row(cells=(*heads, *cells), sub=bool(place))


def _applies(
    folio: Folio, check: AttributionCheckFacts, methods: Sequence[AttributionMethodFacts], measure: str = ""
) -> bool:
    """Tell whether a measure, or any of a check, has a number for one of the methods, or one of them fails."""
    asked = (measure,) if measure else check.measures
    found = [folio.get(_id(method, name)) for method in methods for name in asked]
    numbered = any(o is not None and not isinstance(o.measured, Undefined) for o in found)
    return numbered or any(method.name in check.failures for method in methods)


def _cell(
    folio: Folio, check: AttributionCheckFacts, method: AttributionMethodFacts, measure: str, first: bool
) -> Cell:
    found = folio.get(_id(method, measure))
    glyph = "fail" if first and method.name in check.failures else ""
    if found is None or isinstance(found.measured, Undefined):
        return Cell(text=numbers.DASH, numeric=True, muted=True, glyph=glyph)
    cell = folio.estimate(found)
    return Cell(
        text=cell.text,
        numeric=True,
        detail=cell.detail,
        source=cell.source,
        href=cell.href,
        interval=cell.interval,
        glyph=glyph,
    )


def _conventions(folio: Folio, checks: Sequence[AttributionCheckFacts]) -> Block:
    rows = (Row(cells=(Cell(text=c.label), Cell(text=c.summary or c.reason), Cell(text=c.convention))) for c in checks)
    heads = folio.columns("check", "found>", "convention>")
    return folio.table("attribution_checks.conventions", heads, rows, dense=True, room=len(checks))


def _id(method: AttributionMethodFacts, measure: str) -> str:
    return f"attribution/{method.name}/{measure}"


def _sentence(clause: str, before: str) -> str:
    whole = before + clause
    return whole[:1].upper() + whole[1:] + ("" if whole.endswith(".") else ".")
