"""What gives a sensitive column away: the other features together, each of them alone, the model's score."""

from __future__ import annotations

from dataclasses import replace

from audit.records.measured import Undefined
from audit.records.observation import encoded
from audit.records.sections import ProxyFacts
from audit.report.view.folio import Folio
from audit.report.view.tree import Cell, Column, Prose, Row, Section

MEASURES = ("proxy_auc", "score_proxy_auc")
"""Measures that are told here, and so not among the others of a grouping."""
STRONGEST = 3


def sections(folio: Folio) -> tuple[Section, ...]:
    """Return the section on proxies; none where the screen was switched off or there are no groups."""
    told = folio.record.fairness.proxies if folio.record.fairness else ()
    if not told:
        return ()
    t = folio.t
    ranks = range(1, 1 + min(STRONGEST, max(len(proxy.features) for proxy in told)))
    heads = (
        *folio.columns("column", "rows#"),
        *(Column(title=t(f"proxies.{name}"), numeric=True) for name in ("together", "score")),
        *(Column(title=t("proxies.strongest", rank=str(rank)), numeric=True) for rank in ranks),
    )
    note = t("proxies.more") if any(len(proxy.features) > STRONGEST for proxy in told) else ""
    table = folio.table("proxies.table", heads, (_line(folio, proxy, len(ranks)) for proxy in told), note=note)
    return (
        Section(
            title=t("proxies.title"),
            anchor="fairness-proxies",
            blocks=(Prose(paragraphs=(t("proxies.text"),)), table),
        ),
    )


def _line(folio: Folio, proxy: ProxyFacts, ranks: int) -> Row:
    key = encoded(proxy.column)
    strongest = [(name, folio.get(f"fairness/proxy_auc/{key}/{encoded(name)}")) for name in proxy.features[:ranks]]
    alone = [replace(folio.point(o), detail=name) for name, o in strongest]
    return Row(
        cells=(
            Cell(text=proxy.column, detail=_detail(folio, proxy)),
            Cell(text=f"{proxy.rows:,}", numeric=True),
            folio.estimate(folio.get(f"fairness/proxy_auc/{key}")),
            folio.estimate(folio.get(f"fairness/score_proxy_auc/{key}")),
            *alone,
            *(Cell(text="", numeric=True) for _ in range(ranks - len(alone))),
        )
    )


def _detail(folio: Folio, proxy: ProxyFacts) -> str:
    if proxy.status != "done":
        return proxy.reason
    together = folio.get(f"fairness/proxy_auc/{encoded(proxy.column)}")
    missing = together.measured.reason if together and isinstance(together.measured, Undefined) else ""
    left = folio.t("proxies.left_out", names=", ".join(proxy.left_out)) if proxy.left_out else ""
    return " ".join(filter(None, (missing, left)))
