"""How the model stands beside others on the same rows: a dummy, a simple baseline, a challenger."""

from __future__ import annotations

from dataclasses import replace

from audit.records.measured import Estimate
from audit.records.observation import Observation
from audit.records.sections import MeasureFacts, PerformanceSection
from audit.report.view import figures, methods, numbers
from audit.report.view.folio import Folio
from audit.report.view.tree import Block, Cell, Column, Prose, Row, Table

ASIDE = ("", "cross_validated", "train", "challenger", "baseline", "dummy")
"""What the headline measure is drawn for, in this order."""
OTHERS = ("challenger", "baseline", "dummy")
TESTS = ("p_value", "mcnemar_p")
_OWN = frozenset({"difference", "holm", "z", *TESTS, "only_model_right", *(f"only_{name}_right" for name in OTHERS)})


def blocks(folio: Folio, section: PerformanceSection) -> tuple[Block, ...]:
    """Return the section on other models; nothing where there is none to compare with."""
    measures = (*section.measures, *section.decisions)
    pairs = [(name, m) for name in OTHERS for m in measures]
    found = [(name, m) for name, m in pairs if folio.get(f"{_main(folio, m)}/{name}/difference")]
    if not section.peers and not found:
        return ()
    figure = _figure(folio, section)
    table = (_table(folio, section, found),) if found else ()
    return (Prose(paragraphs=(_text(folio, section),)), *((figure,) if figure else ()), *table)


def places(id: str) -> bool:
    """Whether this section shows an observation."""
    parts = id.split("/")
    return len(parts) > 3 and any(name in parts[2:-1] for name in OTHERS) and parts[-1] in _OWN


def _main(folio: Folio, measure: MeasureFacts) -> str:
    bare = f"performance/{measure.name}"
    return bare if folio.get(bare) or not folio.get(f"{bare}/macro") else f"{bare}/macro"


def _text(folio: Folio, section: PerformanceSection) -> str:
    t = folio.t
    lines = [t("comparison.text")]
    lines += [t("performance.peer", name=t(f"beside.{p.name}"), type=p.type) for p in section.peers]
    lines += [
        t("comparison.threshold", name=t(f"beside.{p.name}"), threshold=numbers.number(p.threshold))
        for p in section.peers
        if p.threshold is not None
    ]
    return " ".join(lines)


def _figure(folio: Folio, section: PerformanceSection) -> Block | None:
    t = folio.t
    facts = next((m for m in section.measures if m.name == section.headline), None)
    if facts is None:
        return None
    main = _main(folio, facts)
    known = [
        (t(f"beside.{name}") if name else t(f"scope_head.{section.scope}"), o)
        for name in ASIDE
        if (o := folio.get(f"{main}/{name}" if name else main))
    ]
    if len(known) < 2:
        return None
    title = t("performance.peers_table", measure=facts.label)
    return figures.forest(folio, known, title=title, axis=facts.label, bounds=facts.bounds)


def _table(folio: Folio, section: PerformanceSection, found: list[tuple[str, MeasureFacts]]) -> Table:
    t = folio.t
    tested = any(_test(folio, name, m) for name, m in found)
    heads = (
        *folio.columns("beside=", "measure"),
        Column(title=t(f"scope_head.{section.scope}"), numeric=True),
        *folio.columns("theirs#", "difference#", "method"),
        *(folio.columns("p_value#") if tested else ()),
    )
    rows = []
    last = ""
    for name, m in found:
        main = _main(folio, m)
        difference = folio.get(f"{main}/{name}/difference")
        cells = (
            Cell(text=t(f"beside.{name}") if name != last else "", strong=True),
            Cell(text=m.label, detail=_discordant(folio, name, m)),
            folio.point(folio.get(main)),
            folio.point(folio.get(f"{main}/{name}")),
            replace(folio.estimate(difference), interval=""),
            Cell(text=_method(folio, difference), muted=True),
            *((_p_value(folio, _test(folio, name, m)),) if tested else ()),
        )
        rows.append(Row(cells=cells, sub=name == last))
        last = name
    note = t("comparison.note") + (f" {t('comparison.note_tests')}" if tested else "")
    return folio.table("comparison.table", heads, rows, note=note, dense=True)


def _test(folio: Folio, name: str, measure: MeasureFacts) -> Observation | None:
    ids = (f"performance/{measure.name}/{name}/{test}" for test in TESTS)
    return next((o for o in map(folio.get, ids) if o), None)


def _p_value(folio: Folio, test: Observation | None) -> Cell:
    if test is None:
        return Cell(text="", numeric=True)
    cell, adjusted = folio.point(test), folio.get(f"{test.id}/holm")
    detail = folio.t("comparison.holm", p=folio.point(adjusted).text) if adjusted else ""
    return Cell(text=cell.text, numeric=True, muted=cell.muted, source=cell.source, href=cell.href, detail=detail)


def _discordant(folio: Folio, name: str, measure: MeasureFacts) -> str:
    ours, theirs = (folio.get(f"performance/{measure.name}/{name}/only_{who}_right") for who in ("model", name))
    if ours is None or theirs is None:
        return ""
    return folio.t("comparison.discordant", ours=folio.point(ours).text, theirs=folio.point(theirs).text)


def _method(folio: Folio, difference: Observation | None) -> str:
    measured = difference.measured if difference else None
    return methods.name(folio.t, measured.method) if isinstance(measured, Estimate) else ""
