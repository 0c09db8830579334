"""The printed report: the summary keeps to its one page, whatever the record says."""

from __future__ import annotations

import io

import handmade
import pytest
from pypdf import PdfReader

from audit.errors import OutputError
from audit.records.audit import AuditRecord
from audit.report.render import render


def wordiest() -> AuditRecord:
    """A record that says as much as it can on its first two pages."""
    base = handmade.binary()
    long = "A sentence that goes on for longer than anybody would wish to read it on a page made for a committee. " * 4
    verdicts = tuple(v.model_copy(update={"title": long, "reason": long}) for v in base.verdicts)
    context = base.spec.context.model_copy(update={"purpose": long, "out_of_scope": (long, long, long), "owner": long})
    return base.model_copy(
        update={
            "spec": base.spec.model_copy(update={"context": context, "title": "A long title " * 12}),
            "verdicts": verdicts,
            "conclusion": base.conclusion.model_copy(update={"sentence": long}),
            "attribution": None,
            "performance": None,
            "robustness": None,
        }
    ).sealed()


@pytest.fixture(scope="module")
def pages() -> list[str]:
    try:
        pdf = render(wordiest(), "pdf")
    except OutputError as error:
        pytest.skip(str(error))
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


def test_cover_summary_and_contents_take_one_page_each(pages: list[str]) -> None:
    assert "MODEL AUDIT REPORT" in pages[0].upper()
    assert pages[1].startswith("Executive summary") and "Conditions of use" in pages[1]
    assert "Contents" in pages[2].splitlines()
    assert "Scope and intended use" in pages[3]


def test_the_contents_name_the_page_of_each_chapter(pages: list[str]) -> None:
    starts = [number for number, text in enumerate(pages, 1) if "Control matrix" in text.splitlines()[0]]
    assert str(starts[0]) in pages[2]
