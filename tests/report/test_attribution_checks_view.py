"""The audit of the attributions is one table, and what fails stands beside the method that it fails of."""

from __future__ import annotations

from typing import Any

import handmade
import pytest

from audit.records.measured import Undefined
from audit.records.sections import AttributionCheckFacts
from audit.report.templating import words
from audit.report.view import EXTENTS, attribution
from audit.report.view.folio import Folio
from audit.report.view.tree import Bullets, Callout, Prose, Table

ADDS = AttributionCheckFacts(
    name="additivity",
    label="Adds up",
    status="done",
    summary="Scores miss by 0.3.",
    convention="Fails where they miss.",
    measures=("rebuilt_score_error",),
    failures={"shap": "does not add up, missing it by up to 0.3"},
)
SAME = AttributionCheckFacts(
    name="seed_stability",
    label="Same with another seed",
    status="done",
    summary="Leaders: 0.9.",
    measures=("seed_top_jaccard", "seed_rank_correlation"),
)
IDLE = AttributionCheckFacts(
    name="background", label="Same background", status="done", summary="No method uses any.", measures=("other",)
)
LEFT = AttributionCheckFacts(name="planted_noise", label="Noise", status="not_run", reason="The table is too large.")
SKILL = AttributionCheckFacts(name="skill", label="Skill", status="done", summary="On 9 rows its skill is 0.1.")


def chapter(medium: str, *checks: AttributionCheckFacts) -> tuple[Any, Folio]:
    record = handmade.binary("inconclusive")
    assert record.attribution is not None
    section = record.attribution.model_copy(update={"checks": checks})
    found = (
        handmade.observed("attribution/shap/rebuilt_score_error", "Error", handmade.estimate(0.3, 0.02, 38)),
        handmade.observed("attribution/shap/seed_top_jaccard", "Leaders", handmade.estimate(0.9, 0.02, 16)),
        handmade.observed("attribution/shap/seed_rank_correlation", "Ranks", Undefined(reason="One column.")),
        handmade.observed("attribution/shap/other", "Other", Undefined(reason="It uses none.")),
    )
    made = record.model_copy(update={"attribution": section, "observations": (*record.observations, *found)})
    folio = Folio(made, words("en"), EXTENTS[medium])
    return attribution.chapter(folio), folio


def section_of(told: Any) -> Any:
    return next(s for s in told.sections if s.anchor == "attribution-checks")


@pytest.mark.parametrize("medium", ["screen", "paper"])
def test_a_failure_stands_beside_its_method_and_in_the_table(medium: str) -> None:
    told, _ = chapter(medium, ADDS, SAME, SKILL)
    beside = next(s for s in told.sections if s.anchor == "attribution-shap").blocks[0]
    assert isinstance(beside, Callout) and beside.glyph == "fail" and beside.tone == "warn"
    assert beside.text == "Adds up: it does not add up, missing it by up to 0.3."
    table = next(b for b in section_of(told).blocks if isinstance(b, Table))
    cells = {row.cells[0].text: row.cells for row in table.rows}
    assert cells["Adds up"][-1].glyph == "fail" and cells["Adds up"][-1].text == "0.300"
    assert cells["Same with another seed"][-1].glyph == "" and cells["Same with another seed"][-1].detail
    lead = next(b for b in section_of(told).blocks if isinstance(b, Prose))
    assert "3 checks ran; 1 found" in lead.paragraphs[0] and SKILL.summary in lead.paragraphs


def test_without_failures_nothing_stands_before_a_method() -> None:
    told, _ = chapter("paper", SAME)
    assert not any(isinstance(b, Callout) for s in told.sections for b in s.blocks)


def test_unsupported_attributions_are_called_so_at_the_top() -> None:
    failing = SKILL.model_copy(update={"failures": {"": "unsupported: its skill reaches zero"}})
    told, _ = chapter("paper", failing)
    assert isinstance(told.blocks[0], Callout)
    assert (told.blocks[0].text, told.blocks[0].tone) == ("Unsupported: its skill reaches zero.", "warn")


def test_what_was_not_run_or_applies_to_nothing_is_listed() -> None:
    told, _ = chapter("screen", SAME, IDLE, LEFT)
    listed = next(b for b in section_of(told).blocks if isinstance(b, Bullets))
    assert listed.items == ("Noise: The table is too large.", "Same background: No method uses any.")
    lead = next(b for b in section_of(chapter("paper", SAME, IDLE, LEFT)[0]).blocks if isinstance(b, Prose))
    assert lead.paragraphs[0].endswith("1 was not run, for a reason that the HTML report gives.")


def test_every_measure_has_its_row_only_where_there_is_room() -> None:
    def rows(medium: str) -> int:
        return len(next(b for b in section_of(chapter(medium, SAME)[0]).blocks if isinstance(b, Table)).rows)

    # The second measure has no number, and so no row, in either.
    assert rows("screen") == rows("paper") == 1


def test_every_measure_that_a_check_tells_has_words() -> None:
    from audit import catalogue

    every = {m for check in catalogue.load_all("attribution_checks").values() for m in check.measures}
    assert {f"attribution_measure.{m}" for m in every} <= words("en").keys


def test_records_of_before_have_no_section() -> None:
    told, _ = chapter("paper")
    assert not any(s.anchor == "attribution-checks" for s in told.sections)
