"""Packs in the record: their standing, their questions, and what the report prints above them."""

from __future__ import annotations

from datetime import date

import pytest

from audit.policy.judge import judge
from audit.policy.read import pack_path, read_pack
from audit.policy.record import pack_records, statement_warnings
from audit.records.policy import PackRecord


def record_of(pack, case) -> PackRecord:
    return pack_records((pack,), case, judge((pack,), case))[0]


def test_a_pack_past_its_recheck_carries_a_banner(pack, a):
    house = pack(a.control())
    assert record_of(house, a.case(today=date(2027, 1, 1))).banner is None
    late = a.case(today=date(2027, 1, 2))
    record = record_of(house, late)
    assert record.banner == "Beware: this pack was due to be checked again by 2027-01-01."
    assert statement_warnings((house,), late, (record,)) == (record.banner,)


@pytest.mark.parametrize(
    ("authority", "words"),
    [
        (
            {"status": "rescinded", "superseded_by": "SR 26-2"},
            "House rules is rescinded and it is superseded by SR 26-2",
        ),
        ({"applies_from": "2027-12-02"}, "it applies only from 2027-12-02"),
        ({"applies_until": "2026-04-17"}, "it applied until 2026-04-17"),
    ],
)
def test_a_law_that_does_not_stand_today_says_so(authority, words, pack, a):
    assert words in record_of(pack(a.control(kind="screen"), authority=authority), a.case()).banner


def test_questions_name_each_fact_that_nobody_declared_once(pack, a):
    use = {"applies_if": {"fact": {"name": "use_case", "op": "eq", "value": "credit"}}}
    record = record_of(pack(a.control("C-1", **use), a.control("C-2", **use)), a.case())
    assert record.questions == ("What is use_case? Declare it as context.use_case.",)
    assert record.applicable == "yes"


def test_applicability_is_yes_no_or_unknown_with_its_reason(a):
    ugesp = read_pack(pack_path("us-ugesp-adverse-impact", None))
    for context, applicable, words in (
        ({"use_case": "hiring"}, "yes", "the use case is hiring"),
        ({"use_case": "credit", "facts": {"demonstration": False}}, "no", "the use case is credit"),
        ({}, "unknown", "Nobody declared use_case and demonstration"),
    ):
        record = record_of(ugesp, a.case(spec={"context": context}))
        assert (record.applicable, words in record.applicability_reason) == (applicable, True)


def test_the_pack_as_read_and_its_parameters_stand_in_the_record(a):
    pack = read_pack(pack_path("technical-soundness", None), {"single_feature": 0.95})
    record = record_of(pack, a.case())
    assert record.source["params"]["single_feature"]["value"] == 0.99
    changed = next(p for p in record.params if p.name == "single_feature")
    assert (changed.value, changed.origin, changed.overridden) == (0.95, "house", True)
    assert record.sha256 == pack.digest.sha256
    assert PackRecord.model_validate_json(record.model_dump_json()) == record
