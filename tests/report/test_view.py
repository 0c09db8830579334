"""What the report puts where: widths of columns, the row of an average, what paper leaves to the other outputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import handmade
import pytest

from audit.records.audit import AuditRecord
from audit.records.sections import Confusion, Curve
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


def many_classes(count: int) -> AuditRecord:
    """Classes each mostly right, of which the last but one is taken for the last more often than any other."""
    record = handmade.multiclass()
    assert record.performance is not None
    names = tuple(f"class {i}" for i in range(count))
    counts = [[20.0 if i == j else float((i + j) % 3) for j in range(count)] for i in range(count)]
    counts[-2][-1] = 11.0
    curves = {
        name: Curve(x_label="Predicted", y_label="Observed", x=(0.1, 0.6), y=(0.1, 0.6 - gap), n=(30, 40))
        for name, gap in zip(names, (0.02 * i for i in range(count)), strict=True)
    }
    performance = record.performance.model_copy(
        update={
            "confusion": Confusion(classes=names, counts=tuple(tuple(line) for line in counts), scope="held_out"),
            "curves": {"calibration": curves},
        }
    )
    return record.model_copy(update={"performance": performance}).sealed()


def part(chapter: Chapter, anchor: str) -> Pair:
    blocks = next(s.blocks for s in chapter.sections if s.anchor == anchor)
    return next(block for block in blocks if isinstance(block, Pair))


@pytest.mark.parametrize(("count", "wide", "columns"), [(3, False, 4), (6, True, 7), (7, True, 3), (12, True, 3)])
def test_a_confusion_matrix_of_many_classes_takes_the_width_and_lists_its_largest_errors(
    count: int, wide: bool, columns: int
) -> None:
    pair = part(chapter(many_classes(count), "performance", "paper"), "performance-confusion")
    assert pair.figure.wide == wide
    assert len(pair.table.columns) == columns
    if columns == 3:
        assert [cell.text for cell in pair.table.rows[0].cells] == [f"class {count - 2}", f"class {count - 1}", "11"]
        assert len(pair.table.rows) == 10 and "record.json" in pair.table.rest


def test_calibration_of_many_classes_draws_the_worst_and_lists_one_band_of_each() -> None:
    pair = part(chapter(many_classes(12), "performance", "paper"), "performance-calibration")
    assert [row.cells[0].text for row in pair.table.rows] == [f"class {i}" for i in range(11, 0, -1)] + ["class 0"]
    assert [cell.text for cell in pair.table.rows[0].cells] == ["class 11", "0.600", "0.380", "40"]
    assert "class 11" in pair.text and "record.json" in pair.table.note
    few = part(chapter(many_classes(4), "performance", "paper"), "performance-calibration")
    assert [column.title for column in few.table.columns] == ["Predicted", *(f"class {i}" for i in range(4))]


@pytest.mark.parametrize("medium", ["screen", "paper"])
def test_held_out_rows_that_nobody_could_check_are_told_as_the_spec_names_them(
    medium: Literal["screen", "paper"],
) -> None:
    record = handmade.binary("meets")
    alone = tuple(table for table in record.subject.tables if table.role == "test")
    unchecked = record.model_copy(update={"subject": record.subject.model_copy(update={"tables": alone})}).sealed()
    told = "without a training table nobody could check that the model has not seen them"
    for one, expected in ((record, False), (unchecked, True)):
        report = view(one, words("en"), EXTENTS[medium])
        assert (told in report.summary.scope[0]) == expected
        assert ("was not fitted on" in report.summary.scope[0]) != expected
        for anchor in ("performance", "findings"):
            assert (told in repr(chapter(one, anchor, medium))) == expected


def test_an_intersection_reads_as_one_group_in_a_list() -> None:
    record = handmade.binary("meets")
    assert record.fairness is not None
    groupings = [
        g.model_copy(update={"groups": tuple(one.model_copy(update={"small": True}) for one in g.groups)})
        if len(g.columns) == 2
        else g
        for g in record.fairness.groupings
    ]
    crossed = next(one for g in groupings if len(g.columns) == 2 for one in g.groups)
    fairness = record.fairness.model_copy(update={"groupings": tuple(groupings)})
    report = chapter(record.model_copy(update={"fairness": fairness}).sealed(), "findings", "paper")
    one, other = crossed.label.split(", ")
    assert f"{one} × {other}" in repr(report) and crossed.label not in repr(report)


def test_paper_spends_no_heading_on_the_absence_of_warnings() -> None:
    quiet = handmade.binary("meets").model_copy(update={"warnings": ()}).sealed()
    warned = quiet.model_copy(update={"warnings": ("Something was odd.",)}).sealed()
    anchors = [[s.anchor for s in chapter(r, "findings", "paper").sections] for r in (quiet, warned)]
    assert ["findings-warnings" in found for found in anchors] == [False, True]
    assert "warned of anything" in repr(chapter(quiet, "findings", "paper"))
