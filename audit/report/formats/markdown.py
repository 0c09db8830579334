"""The conclusion, the key figures and every control as Markdown, short enough for a comment on a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from audit.declarations.output_format import OutputFormat
from audit.records.audit import AuditRecord
from audit.records.verdict import Verdict
from audit.report.marks import escaped, table
from audit.report.standing import name_of, standing
from audit.report.templating import words
from audit.report.view import EXTENTS, front
from audit.report.view.folio import Folio

_ROOM = 60_000
"""Bytes; a comment on the usual hosts holds 65,536 signs."""
_URGENT = ("blocks", "finding", "waived")


def render(record: AuditRecord) -> bytes:
    """Return a comment of at most 60,000 bytes; controls that have no room are counted, the least urgent first."""
    folio = Folio(record, words(record.spec.report.language), EXTENTS["paper"])
    urgent, settled = _sorted(record)
    for room in range(len(urgent) + len(settled), -1, -1):
        text = _page(folio, urgent[:room], settled[: max(0, room - len(urgent))], len(urgent) + len(settled) - room)
        if len(text.encode()) <= _ROOM:
            break
    return text.encode()


def _sorted(record: AuditRecord) -> tuple[list[Verdict], list[Verdict]]:
    order = {name: place for place, name in enumerate(record.conclusion.findings)}
    urgent = [v for v in record.verdicts if standing(v) in _URGENT]
    settled = [v for v in record.verdicts if standing(v) not in _URGENT]
    return sorted(urgent, key=lambda v: order.get(f"{v.pack}/{v.control}", len(order))), settled


def _page(folio: Folio, urgent: Sequence[Verdict], settled: Sequence[Verdict], left_out: int) -> str:
    t, answer, model = folio.t, front.answer(folio), folio.record.subject.model
    blocks = [
        f"## {escaped(folio.record.spec.title)}",
        f"**{escaped(answer.word)}.** {escaped(answer.sentence)}",
        escaped(t("cover.subtitle", model=model.name)) + ".",
        _figures(folio),
        _controls(folio, urgent),
        _folded(folio, settled),
        escaped(t.count("table.rest", left_out)) if left_out else "",
        f"{escaped(t('role.record'))} `{folio.record.digest or t('cover.unsealed')}`",
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _figures(folio: Folio) -> str:
    figures = front.summary(folio).figures
    heads = tuple(column.title for column in folio.columns("measure", "value", "interval", "rows"))
    return table(heads, [(f.label, f.value, f.interval, f.basis) for f in figures])


def _controls(folio: Folio, verdicts: Sequence[Verdict]) -> str:
    heads = tuple(column.title for column in folio.columns("outcome", "control", "finding"))
    rows = [
        (
            f"{folio.t(f'outcome.{v.outcome}')} ({front.weight(folio, v)})",
            f"{v.title} ({name_of(v)})",
            v.reason,
        )
        for v in verdicts
    ]
    return table(heads, rows)


def _folded(folio: Folio, verdicts: Sequence[Verdict]) -> str:
    if not verdicts:
        return ""
    title = escaped(folio.t.count("markdown.settled", len(verdicts)))
    return f"<details><summary>{title}</summary>\n\n{_controls(folio, verdicts)}\n\n</details>"


FORMAT = OutputFormat(
    name="markdown", suffix=".md", media_type="text/markdown; charset=utf-8", render=render, stem="summary"
)
