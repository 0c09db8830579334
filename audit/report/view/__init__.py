"""Turns a record into the words, shapes and drawings that templates lay out."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from audit.records.audit import AuditRecord
from audit.report.view import (
    attribution,
    back,
    data,
    efficiency,
    fairness,
    findings,
    front,
    matrix,
    performance,
    robustness,
    scope,
)
from audit.report.view.folio import Extent, Folio, shortened
from audit.report.view.tree import Report
from audit.report.view.words import Words

EXTENTS: dict[Literal["screen", "paper"], Extent] = {
    "screen": Extent(
        table_rows=200,
        observations=2000,
        cases=50,
        parts=50,
        group_measures=50,
        beeswarm_rows=30,
        curve_rows=12,
        whole=True,
    ),
    "paper": Extent(
        table_rows=40,
        observations=0,
        cases=3,
        parts=5,
        group_measures=6,
        beeswarm_rows=15,
        curve_rows=8,
        whole=False,
    ),
}

_CHAPTERS = (
    scope.chapter,
    data.chapter,
    performance.chapter,
    robustness.chapter,
    attribution.chapter,
    efficiency.chapter,
    fairness.chapter,
    matrix.chapter,
    findings.chapter,
    back.sign_off,
)


def view(record: AuditRecord, words: Words, extent: Extent) -> Report:
    """Return the report of a record in the words of one language and the room of one medium."""
    folio = Folio(record, words, extent)
    numbered = [replace(make(folio), number=str(number)) for number, make in enumerate(_CHAPTERS, 1)]
    return Report(
        words=words,
        language=record.spec.report.language,
        title=record.spec.title,
        head=words("page.head", title=shortened(record.spec.title, 70), id=front.report_id(folio)),
        conclusion=front.answer(folio),
        cover=front.cover(folio),
        summary=front.summary(folio),
        chapters=(*numbered, replace(back.appendix(folio), number="A")),
    )
