"""Groups beside the reference group in the report: each number once, with its interval, the reference told as such."""

from __future__ import annotations

from typing import Literal

import handmade
import pytest

from audit.records.audit import AuditRecord
from audit.records.measured import Estimate, Exact, Measured, Undefined
from audit.records.observation import Observation
from audit.records.sections import MeasureFacts
from audit.report.templating import words
from audit.report.view import EXTENTS, beside, view
from audit.report.view.tree import Chapter, Table

NAMES = (
    *{name for pair in (*beside.DECISIONS, *beside.ERRORS, *beside.STRATA) for name in pair if name},
    *(name for names in beside.INEQUALITY.values() for name in names),
)
RATES = ("selection_rate", "false_positive_rate")
COLUMN = "sex"


def told(strata: tuple[str, ...] = ("rank",)) -> AuditRecord:
    record = handmade.binary()
    assert record.fairness is not None
    groups = next(g for g in record.fairness.groupings if g.columns == (COLUMN,)).groups
    first, *others = (g.key for g in groups if not g.unknown)
    value = Estimate(value=0.4321, low=0.4111, high=0.4555, level=0.95, method="newcombe", n=500)
    made: dict[str, Measured] = {}
    for name in NAMES:
        if name in RATES:
            continue
        alone = any(name in names for names in beside.INEQUALITY.values())
        made |= {f"{name}/{key}": value for key in ([COLUMN] if alone else others)}
        if not alone:
            itself = Exact(value=0.0, n=90) if name != "detectable_difference" else Undefined(reason="It is itself.")
            made[f"{name}/{first}"] = itself
    fairness = record.fairness.model_copy(
        update={
            "indices": tuple(MeasureFacts(name=name, label=name) for name in NAMES if name not in RATES),
            "strata": strata,
        }
    )
    observations = [Observation(id=f"fairness/{id}", label=id, measured=measured) for id, measured in made.items()]
    return record.model_copy(update={"fairness": fairness, "observations": (*record.observations, *observations)})


def chapter(record: AuditRecord, medium: Literal["screen", "paper"]) -> Chapter:
    return next(c for c in view(record, words("en"), EXTENTS[medium]).chapters if c.anchor == "fairness")


def tables(found: Chapter) -> list[Table]:
    blocks = [*found.blocks, *(block for section in found.sections for block in section.blocks)]
    return [block for block in blocks if isinstance(block, Table)]


@pytest.mark.parametrize("medium", ["screen", "paper"])
def test_every_index_stands_in_one_table_and_no_other(medium: Literal["screen", "paper"]) -> None:
    shown = [cell.source for table in tables(chapter(told(), medium)) for row in table.rows for cell in row.cells]
    seconds = {second for _, second in (*beside.DECISIONS, *beside.ERRORS, *beside.STRATA) if second}
    twice = {"denial_odds_ratio"}  # beside the one within strata
    for name in set(NAMES) - set(RATES) - seconds:
        ids = [id for id in shown if id.startswith(f"fairness/{name}/")]
        assert ids, name
        assert len(ids) == len(set(ids)) * (2 if name in twice else 1), name


def test_an_interval_stands_under_its_number_and_the_reference_is_named() -> None:
    decisions = next(t for t in tables(chapter(told(), "paper")) if t.caption.startswith("Decisions beside"))
    effect = next(i for i, c in enumerate(decisions.columns) if c.title == "Refused more often")
    assert [row.cells[effect].detail for row in decisions.rows[1:]] == ["0.411 to 0.456"] * (len(decisions.rows) - 1)
    assert "reference" in decisions.rows[0].cells[0].detail
    assert not any("reference" in row.cells[0].detail for row in decisions.rows[1:])
    last = decisions.rows[0].cells[-1]
    assert last.text == "undefined" and last.muted
    assert "not adjusted for the number of groups" in decisions.note and "power of 0.8" in decisions.note


@pytest.mark.parametrize(("place", "caption"), [("sex=female", "Counts and tests"), ("sex", "Disparities")])
def test_an_index_that_no_table_knows_is_shown_all_the_same(place: str, caption: str) -> None:
    record = handmade.binary()
    assert record.fairness is not None
    group = next(g.key for f in record.fairness.groupings if f.columns == (COLUMN,) for g in f.groups)
    id = f"fairness/envy/{COLUMN if place == COLUMN else group}"
    facts = (MeasureFacts(name="envy", label="Envy"),)
    record = record.model_copy(
        update={
            "fairness": record.fairness.model_copy(update={"indices": facts}),
            "observations": (*record.observations, Observation(id=id, label="Envy", measured=Exact(value=7, n=9))),
        }
    )
    holding = [t for t in tables(chapter(record, "screen")) if any(c.source == id for r in t.rows for c in r.cells)]
    assert [t.caption.startswith(caption) for t in holding] == [True]


def test_without_strata_or_indices_there_are_no_empty_tables() -> None:
    captions = [t.caption for t in tables(chapter(told(strata=()), "paper"))]
    assert any("Decisions beside" in c for c in captions)
    assert not any("Like cases" in c for c in captions)
    plain = [t.caption for t in tables(chapter(handmade.binary(), "paper"))]
    assert not any("beside the reference" in c or "Inequality" in c for c in plain)


def test_a_parity_is_named_under_the_measure_that_it_is_the_gap_of() -> None:
    record = handmade.binary()
    assert record.fairness is not None
    gap = Estimate(value=0.25, low=0.1, high=0.4, level=0.95, method="draws", n=500)
    facts = (
        MeasureFacts(name="equalized_odds", label="Equalized odds", parts=("true_positive_rate", "selection_rate")),
        MeasureFacts(name="demographic_parity", label="Demographic parity", parts=("selection_rate",)),
    )
    same = {f"{name}/{COLUMN}/{form}": gap for name in ("selection_rate", "equalized_odds", "demographic_parity")
            for form in ("difference", "ratio")}  # fmt: skip
    kept = [o for o in record.observations if o.id.removeprefix("fairness/") not in same]
    made = [Observation(id=f"fairness/{id}", label=id, measured=measured) for id, measured in same.items()]
    fairness = record.fairness.model_copy(update={"disparities": facts})
    record = record.model_copy(update={"fairness": fairness, "observations": (*kept, *made)})
    lines = {
        row.cells[0].text: row.cells[0].detail
        for table in tables(chapter(record, "paper"))
        if table.caption == f"Measures by {COLUMN}"
        for row in table.rows
    }
    # Both have the same numbers; only one of them is the gap in selection rate alone.
    assert lines["Selection rate"] == "demographic parity"
    assert "Equalized odds" in lines
