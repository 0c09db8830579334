"""What the report puts where: widths of columns, the row of an average, what paper leaves to the other outputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import handmade
import pytest

from audit.records.audit import AuditRecord
from audit.report.templating import words
from audit.report.view import EXTENTS, view
from audit.report.view.tree import Cell, Chapter, Column, Pair, Row, Table


def chapter(record: AuditRecord, anchor: str, medium: Literal["screen", "paper"]) -> Chapter:
    report = view(record, words("en"), EXTENTS[medium])
    return next(c for c in report.chapters if c.anchor == anchor)


def tables(chapter: Chapter) -> Iterator[Table]:
    blocks = [*chapter.blocks, *(block for section in chapter.sections for block in section.blocks)]
    for block in blocks:
        held = block.table if isinstance(block, Pair) else block
        if isinstance(held, Table):
            yield held


def table(*columns: tuple[str, tuple[Cell, ...]]) -> Table:
    rows = tuple(Row(cells=cells) for cells in zip(*(cells for _, cells in columns), strict=True))
    return Table(caption="t", columns=tuple(Column(title=title) for title, _ in columns), rows=rows)


def test_a_digest_gets_the_room_of_its_64_letters() -> None:
    files = table(
        ("Role", (Cell(text="Policy pack"),)),
        ("File", (Cell(text="us-ugesp-adverse-impact.yaml"),)),
        ("SHA-256", (Cell(text="a" * 64, code=True),)),
    )
    assert files.shares[2] > 55 and sum(files.shares) <= 100


def test_a_number_is_never_squeezed_by_a_sentence() -> None:
    mixed = table(
        ("What", (Cell(text="A sentence that goes on and on. " * 9),)),
        ("Value", (Cell(text="0.834", detail="0.801 to 0.866", numeric=True),)),
    )
    sentence, number = mixed.shares
    assert 10 <= number < sentence and 97 <= sentence + number <= 100


@pytest.mark.parametrize("maker", ["binary", "multiclass", "regression", "empty", "hostile"])
@pytest.mark.parametrize("medium", ["screen", "paper"])
def test_no_table_is_wider_than_its_page(maker: str, medium: Literal["screen", "paper"]) -> None:
    report = view(getattr(handmade, maker)(), words("en"), EXTENTS[medium])
    for one in report.chapters:
        for found in tables(one):
            assert all(share >= 1 for share in found.shares) and sum(found.shares) <= 100


def test_a_measure_with_a_number_for_each_class_stands_with_its_average() -> None:
    first = next(tables(chapter(handmade.multiclass(), "performance", "paper")))
    rows = {row.cells[0].text: row.cells[1] for row in first.rows}
    assert rows["F1, average of the classes"].source == "performance/f1/macro"
    assert rows["Accuracy"].source == "performance/accuracy"
    assert rows["F1, average of the classes"].text.startswith("0.92")


def test_paper_lists_the_parts_of_a_control_only_where_it_was_not_met() -> None:
    unmet = handmade.binary()
    met = unmet.model_copy(update={"verdicts": tuple(v.model_copy(update={"outcome": "pass"}) for v in unmet.verdicts)})
    titles = {v.title for v in unmet.verdicts}
    for record, medium, listed in (
        (unmet, "paper", True),
        (unmet, "screen", True),
        (met, "paper", False),
        (met, "screen", True),
    ):
        rows = [row for t in tables(chapter(record, "matrix", medium)) for row in t.rows]  # type: ignore[arg-type]
        assert any(row.sub for row in rows) is listed
        assert titles <= {row.cells[0].text for row in rows}


@pytest.mark.parametrize("outcome", ["meets", "does_not_meet", "inconclusive", "incomplete"])
def test_the_summary_says_what_it_means_and_what_to_do_next(outcome: str) -> None:
    summary = view(handmade.binary(outcome), words("en"), EXTENTS["paper"]).summary
    assert summary.meaning == words("en")(f"summary.meaning.{outcome}")
    assert summary.findings
    assert all(row.cells[-1].text for row in summary.findings.rows)
