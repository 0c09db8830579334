"""Flips and proxies in the report: every number told with its interval, every reason printed, nothing told twice."""

from __future__ import annotations

from typing import Literal

import handmade
import pytest

from audit.records.audit import AuditRecord
from audit.records.measured import Estimate, Undefined
from audit.records.observation import Observation
from audit.records.sections import FlipFacts, ProxyFacts
from audit.report.templating import words
from audit.report.view import EXTENTS, view
from audit.report.view.tree import Bullets, Chapter, Prose, Section, Table

READ, UNREAD = "sex", "age"


def told() -> AuditRecord:
    record = handmade.binary()
    assert record.fairness is not None
    groups = next(g for g in record.fairness.groupings if g.columns == (READ,)).groups
    keys = tuple(g.key for g in groups if not g.unknown)[:3]
    labels = {g.key: g.label for g in groups}
    value = Estimate(value=0.1234, low=0.101, high=0.145, level=0.95, method="wilson", n=500)
    ids = [f"flip_rate/{READ}", f"flip_absolute_score_change/{READ}", f"flip_score_change/{READ}/maximum"]
    for key in keys:
        ids += [f"{name}/{key}" for name in ("flip_rate", "flip_gain_rate", "flip_loss_rate", "flip_score_change")]
        ids += [f"flip_score_change/{key}/to={labels[other]}" for other in keys if other != key]
    ids += [f"proxy_auc/{READ}", f"score_proxy_auc/{READ}", *(f"proxy_auc/{READ}/{f}" for f in ("a", "b", "c", "d"))]
    observations = [Observation(id=f"fairness/{id}", label=id, measured=value) for id in ids]
    unread = Undefined(reason="The model does not read age.")
    observations.append(Observation(id=f"fairness/flip_rate/{UNREAD}", label="flip", measured=unread))
    flips = (
        FlipFacts(
            column=READ,
            status="done",
            score="probability of Yes",
            rows=500,
            rows_available=900,
            predictions=1000,
            groups=keys,
            stand_ins=tuple(labels[key] if i else "7" for i, key in enumerate(keys)),
            worst=keys[:2],
        ),
        FlipFacts(column=UNREAD, status="not_run", reason=unread.reason),
    )
    proxies = (
        ProxyFacts(column=READ, status="done", rows=500, features=("a", "b", "c", "d"), left_out=("rare",)),
        ProxyFacts(column=UNREAD, status="not_run", reason="Fewer than two groups."),
    )
    fairness = record.fairness.model_copy(update={"flips": flips, "proxies": proxies})
    return record.model_copy(update={"fairness": fairness, "observations": (*record.observations, *observations)})


def chapter(record: AuditRecord, medium: Literal["screen", "paper"]) -> Chapter:
    report = view(record, words("en"), EXTENTS[medium])
    return next(c for c in report.chapters if c.anchor == "fairness")


def section(found: Chapter, anchor: str) -> Section:
    return next(s for s in found.sections if s.anchor == anchor)


def table(found: Section) -> Table:
    return next(block for block in found.blocks if isinstance(block, Table))


@pytest.mark.parametrize("medium", ["screen", "paper"])
def test_flips_are_told_by_group_and_the_unread_column_with_its_reason(medium: Literal["screen", "paper"]) -> None:
    found = section(chapter(told(), medium), "fairness-flips")
    rows = table(found).rows
    assert [row.cells[0].text for row in rows if not row.sub] == [READ, UNREAD]
    assert rows[-1].cells[0].detail == "The model does not read age."
    numbers = [cell for row in rows[:-1] for cell in row.cells[2:] if cell.text]
    assert all((cell.text, cell.detail) == ("0.123", "0.101 to 0.145") for cell in numbers)
    assert all(cell.source for cell in numbers)
    assert sum(isinstance(block, Table) for block in found.blocks) <= (2 if medium == "screen" else 1)


@pytest.mark.parametrize("medium", ["screen", "paper"])
def test_proxies_are_ranked_and_the_rest_is_named(medium: Literal["screen", "paper"]) -> None:
    found = table(section(chapter(told(), medium), "fairness-proxies"))
    first, second = found.rows
    assert [cell.detail for cell in first.cells[-3:]] == ["a", "b", "c"]
    assert "rare" in first.cells[0].detail
    assert second.cells[0].detail == "Fewer than two groups."
    assert found.note


@pytest.mark.parametrize("medium", ["screen", "paper"])
def test_no_other_table_of_the_chapter_tells_them_again(medium: Literal["screen", "paper"]) -> None:
    sources = [
        cell.source
        for s in chapter(told(), medium).sections
        if s.anchor not in ("fairness-flips", "fairness-proxies")
        for block in s.blocks
        if isinstance(block, Table)
        for row in block.rows
        for cell in row.cells
    ]
    assert sources
    assert not [source for source in sources if "flip" in source or "proxy" in source]


def test_where_no_column_could_be_changed_there_is_a_reason_and_no_table() -> None:
    record = told()
    assert record.fairness is not None
    unread = record.fairness.model_copy(update={"flips": record.fairness.flips[1:]})
    blocks = section(chapter(record.model_copy(update={"fairness": unread}), "paper"), "fairness-flips").blocks
    assert not [block for block in blocks if isinstance(block, Table)]
    assert isinstance(blocks[-1], Bullets)
    assert blocks[-1].items == ("age: The model does not read age.",)


def test_without_either_there_is_no_section() -> None:
    anchors = [s.anchor for s in chapter(handmade.binary(), "screen").sections]
    assert not {"fairness-flips", "fairness-proxies"}.intersection(anchors)


def test_the_text_says_what_they_are() -> None:
    found = chapter(told(), "screen")
    for anchor in ("fairness-flips", "fairness-proxies"):
        assert isinstance(section(found, anchor).blocks[0], Prose)
