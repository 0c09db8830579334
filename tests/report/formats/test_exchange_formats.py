"""What systems of governance import, held against the validators of those who wrote the formats."""

from __future__ import annotations

import copy
import json
from typing import Any

import handmade
import junitparser
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from pydantic import ValidationError

from audit.records.audit import AuditRecord
from audit.records.measured import Estimate, Undefined
from audit.report.formats import cyclonedx, junit, model_card, oscal
from audit.report.identity import token_of

RECORDS = {
    "does_not_meet": handmade.binary("does_not_meet"),
    "regression": handmade.regression(),
    "multiclass": handmade.multiclass(),
    "empty": handmade.empty(),
    "hostile": handmade.hostile(),
}
every_record = pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)


# --- OSCAL ------------------------------------------------------------------------------------------


def checked(document: dict[str, Any]) -> Any:
    from trestle.oscal.assessment_results import AssessmentResults

    return AssessmentResults.model_validate(document["assessment-results"])


def results(record: AuditRecord) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(oscal.render(record))
    return found


@every_record
def test_oscal_passes_the_reference_implementation(record: AuditRecord) -> None:
    found = checked(results(record))
    assert len(found.results) == max(1, len({verdict.pack for verdict in record.verdicts}))


def test_the_reference_implementation_does_refuse() -> None:
    whole = results(RECORDS["does_not_meet"])
    for place, wrong in (("uuid", "no-uuid"), ("results", []), ("unknown-key", 1)):
        broken = copy.deepcopy(whole)
        broken["assessment-results"][place] = wrong
        with pytest.raises(ValidationError):
            checked(broken)


def test_oscal_calls_nothing_satisfied_that_was_not_met_or_attested() -> None:
    record = RECORDS["does_not_meet"]
    states = {
        finding["target"]["target-id"]: finding["target"]["status"]
        for result in results(record)["assessment-results"]["results"]
        for finding in result["findings"]
    }
    for verdict in record.verdicts:
        if verdict.outcome in ("recorded", "not_applicable"):
            assert token_of(verdict.control) not in states
            continue
        status = states[token_of(verdict.control)]
        assert (status["state"] == "satisfied") == (verdict.outcome in ("pass", "attested"))
        assert (status["reason"] == "fail") == (verdict.outcome == "fail")
    every = json.dumps(results(record))
    assert all(verdict.reason in every for verdict in record.verdicts)
    assert every.count('"deviation-approved"') == sum(verdict.waived for verdict in record.verdicts) == 1


def test_every_reference_inside_oscal_leads_somewhere() -> None:
    document = results(RECORDS["does_not_meet"])["assessment-results"]
    known = {resource["uuid"] for resource in document["back-matter"]["resources"]}
    assert document["import-ap"]["href"].removeprefix("#") in known
    for result in document["results"]:
        observations = {o["uuid"] for o in result["observations"]}
        risks = {r["uuid"] for r in result.get("risks", [])}
        for finding in result["findings"]:
            assert {o["observation-uuid"] for o in finding["related-observations"]} <= observations
            assert {r["risk-uuid"] for r in finding.get("related-risks", [])} <= risks


# --- CycloneDX --------------------------------------------------------------------------------------


@every_record
def test_cyclonedx_passes_its_strict_validator(record: AuditRecord) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(cyclonedx.render(record).decode()) is None


def test_the_strict_validator_does_refuse() -> None:
    document = json.loads(cyclonedx.render(RECORDS["does_not_meet"]))
    document["declarations"]["claims"][0]["score"] = 1
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(document)) is not None


@every_record
def test_cyclonedx_holds_each_figure_and_each_control_once(record: AuditRecord) -> None:
    document = json.loads(cyclonedx.render(record))
    card = document["metadata"]["component"]["modelCard"]
    metrics = {(m["type"], m.get("slice")): m for m in card["quantitativeAnalysis"]["performanceMetrics"]}
    for observation in record.observations:
        stage, _, rest = observation.id.partition("/")
        if stage != "performance" or "/" in rest or isinstance(observation.measured, Undefined):
            continue
        metric = metrics[rest, None]
        assert float(metric["value"]) == observation.measured.value
        if isinstance(observation.measured, Estimate) and observation.measured.low is not None:
            assert float(metric["confidenceInterval"]["lowerBound"]) == observation.measured.low
    claims = {claim["bom-ref"] for claim in document["declarations"]["claims"]}
    mapped = [m for attestation in document["declarations"]["attestations"] for m in attestation["map"]]
    assert len(mapped) == len(record.verdicts)
    for entry, verdict in zip(mapped, sorted(record.verdicts, key=lambda v: _order(record, v.pack)), strict=True):
        named = entry.get("claims", []) + entry.get("counterClaims", [])
        assert set(named) <= claims and ("counterClaims" in entry) == (verdict.outcome == "fail")
        assert ("score" in entry["conformance"]) == (verdict.outcome in ("pass", "attested", "fail"))


def _order(record: AuditRecord, pack: str) -> int:
    return list(dict.fromkeys(v.pack for v in record.verdicts)).index(pack)


# --- model card -------------------------------------------------------------------------------------


@every_record
def test_a_hub_reads_the_headline_figures_of_the_card(record: AuditRecord) -> None:
    from huggingface_hub import ModelCard

    data = ModelCard(model_card.render(record).decode()).data
    found = {e.metric_type: e.metric_value for e in data.eval_results or []}
    expected = {
        o.id.partition("/")[2]: o.measured.value
        for o in record.observations
        if o.id.startswith("performance/") and o.id.count("/") == 1 and not isinstance(o.measured, Undefined)
    }
    assert found == expected


@every_record
def test_the_card_has_its_nine_sections_and_says_what_is_not_there(record: AuditRecord) -> None:
    text = model_card.render(record).decode()
    assert sum(line.startswith("## ") for line in text.split("\n")) == 9
    bare = record.spec.context.model_copy(update={"purpose": None, "owner": None})
    spec = record.spec.model_copy(update={"context": bare})
    text = model_card.render(record.model_copy(update={"spec": spec})).decode()
    assert "Intended purpose: not declared" in text and "Owner: not declared" in text


def test_the_card_lets_no_text_of_the_data_become_a_mark() -> None:
    text = model_card.render(RECORDS["hostile"]).decode().partition("\n---\n")[2]
    assert "<script" not in text and "<img" not in text


# --- JUnit ------------------------------------------------------------------------------------------


@every_record
def test_junit_is_read_by_a_parser_of_others(record: AuditRecord) -> None:
    found = junitparser.JUnitXml.fromstring(junit.render(record))
    cases = [case for suite in found for case in suite]
    assert len(cases) == len(record.verdicts) + 1
    blocked = [c for c in cases if any(isinstance(r, junitparser.Failure | junitparser.Error) for r in c.result)]
    assert bool(blocked) == (record.conclusion.exit_code != 0)
