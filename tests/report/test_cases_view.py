"""Single cases in the report: what each holds, on paper and on the screen, and records of before."""

from __future__ import annotations

import handmade
import pytest

from audit.records.sections import AttributionSection
from audit.report.templating import words
from audit.report.view import EXTENTS, attribution_cases
from audit.report.view.folio import Folio
from audit.report.view.tree import Pair, Prose, Section, Table


def sections(extent: str = "screen", **changed: object) -> tuple[Section, ...]:
    record = handmade.binary("inconclusive")
    assert record.attribution is not None
    section = AttributionSection.model_validate(record.attribution.model_copy(update=changed))
    made = record.model_copy(update={"attribution": section})
    return attribution_cases.sections(Folio(made, words("en"), EXTENTS[extent]), section)


def tables(section: Section) -> list[Table]:
    return [b for b in section.blocks if isinstance(b, Table)]


def test_a_case_sets_reason_change_and_neighbour_beside_the_person() -> None:
    cases, _ = sections()
    beside = next(t for t in tables(cases) if t.caption.startswith("Case 1"))
    titles = [c.title for c in beside.columns]
    assert titles == ["Feature", "This person", "Reason given", "Change that turns it", "Most alike, decided released"]
    lines = {row.cells[0].text: [c.text for c in row.cells[1:]] for row in beside.rows}
    features = list(lines)
    assert lines[features[0]] == ["male", f"{features[0]} is male", "female", "–"]
    assert lines[features[1]] == ["31", "–", "–", "44"]
    assert "asked anew" in beside.note and "120" in beside.note


def test_none_found_is_told_with_how_much_was_tried() -> None:
    cases, _ = sections()
    told = next(b for b in cases.blocks[1:] if isinstance(b, Prose)).paragraphs[0]
    assert told.startswith("Case 2. No change was found") and "5,000" in told and "3 columns" in told


def test_the_sentence_names_what_moved_the_prediction_and_which_way() -> None:
    cases, _ = sections()
    pair = next(b for b in cases.blocks if isinstance(b, Pair))
    assert "lowered it by 0.600" in pair.text and "raised it by 0.200" in pair.text
    assert pair.text.startswith("What moved the prediction (log-odds) most: ")


def test_paper_takes_three_cases_apart_by_one_method_and_the_screen_all_by_each() -> None:
    record = handmade.binary("inconclusive")
    assert record.attribution is not None
    shap, other, *rest = record.attribution.methods
    other = other.model_copy(update={"cases": shap.cases, "status": "done"})
    methods = (shap, other, *rest)
    for extent, times in (("paper", 1), ("screen", 2)):
        cases, _ = sections(extent, methods=methods)
        pairs = [b for b in cases.blocks if isinstance(b, Pair)]
        assert len(pairs) == 3 * times
        assert any(other.label in (p.figure.title or "") for p in pairs) is (times == 2)


def test_reasons_are_counted_by_group_with_their_intervals() -> None:
    _, reasons = sections()
    measured, given = tables(reasons)
    assert [row.cells[0].text for row in measured.rows] == [
        "Given at least one true reason",
        "Turned by a change within the constraints",
    ]
    assert [c.title for c in given.columns] == ["Reason", "All", "sex = female"]
    assert [c.text for c in given.rows[0].cells[1:]] == ["0.600", "0.700"]
    assert all(c.detail for c in given.rows[0].cells[1:])


@pytest.mark.parametrize("part", ["reasons", "counterfactuals", "neighbours"])
def test_a_part_that_was_not_run_is_told_with_its_reason(part: str) -> None:
    record = handmade.binary("inconclusive")
    assert record.attribution is not None and record.attribution.people is not None
    why = "No decision is said to be the favourable one."
    facts = record.attribution.people.reasons.model_copy(update={"status": "not_run", "reason": why, "notes": ()})
    found = sections(people=record.attribution.people.model_copy(update={part: facts}))
    told = [text for s in found for b in s.blocks for text in getattr(b, "items", getattr(b, "paragraphs", ()))]
    assert any(why in text for text in told)


def test_a_record_of_before_shows_its_cases_method_by_method() -> None:
    (cases,) = sections(people=None)
    assert [row.cells[0].text for row in tables(cases)[0].rows] == ["1", "2", "3"]
    assert sum(isinstance(b, Pair) for b in cases.blocks) == 3
    assert isinstance(cases.blocks[0], Prose)
