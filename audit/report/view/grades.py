"""How grades of probability held: what was expected in each, what happened, and what two tests say of it."""

from __future__ import annotations

from audit.records.sections import PerformanceSection
from audit.report.view import numbers
from audit.report.view.folio import Folio
from audit.report.view.tree import Block, Cell, Prose, Row

_TOLD = ("mean_probability", "prevalence", "jeffreys_p_value", "binomial_p_value")


def places(id: str) -> bool:
    """Whether an observation stands in the table of grades or its text."""
    return id == "performance/grade_inversions" or "/grade=" in id


def blocks(folio: Folio, section: PerformanceSection) -> tuple[Block, ...]:
    """Return the table of grades; nothing where there are none."""
    if not section.grades:
        return ()
    rows = [
        Row(
            cells=(
                Cell(text=grade.label),
                Cell(text=f"{grade.n:,}", numeric=True),
                Cell(text=numbers.count(grade.events), numeric=True),
                *(folio.estimate(folio.get(f"performance/{name}/{grade.key}")) for name in _TOLD),
            )
        )
        for grade in section.grades
    ]
    whole = [folio.get(f"performance/{name}") for name in _TOLD]
    if any(whole):
        head = (
            Cell(text=folio.t("grades.every_row"), strong=True),
            folio.rows_behind(whole[1]),
            Cell(text="", numeric=True),
        )
        rows.append(Row(cells=(*head, *(folio.estimate(o) for o in whole))))
    heads = folio.columns("grade", "rows#", "events#", "expected_rate#", "observed_rate#", "jeffreys#", "binomial#")
    falls = folio.get("performance/grade_inversions")
    texts = [folio.t("grades.text")]
    if falls is not None:
        texts.append(folio.t("grades.inversions", count=folio.point(falls).text))
    return (Prose(paragraphs=(" ".join(texts),)), folio.table("grades.table", heads, rows, dense=True))
