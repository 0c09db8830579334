"""What CI systems, code hosts and spreadsheets read of a record: one control a line, none lost, none changed."""

from __future__ import annotations

import csv as text_csv
import io
import json
from collections import Counter
from typing import Any
from xml.etree import ElementTree

import handmade
import pandas as pd
import pytest

from audit.records.audit import AuditRecord
from audit.records.measured import Estimate, Exact, Undefined
from audit.records.observation import Observation
from audit.records.sections import StageStatus
from audit.records.verdict import Part
from audit.report.formats import annex_iv, csv, findings, junit, markdown, sarif
from audit.report.standing import standing

RECORDS = {
    "does_not_meet": handmade.binary("does_not_meet"),
    "meets": handmade.regression(),
    "empty": handmade.empty(),
    "hostile": handmade.hostile(),
}
every_record = pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)


def test_a_waiver_lets_a_failed_gate_through_only_where_it_covers_every_open_part() -> None:
    ratio = next(v for v in handmade.verdicts() if v.control == "UGESP-4D-IR")
    gate = ratio.model_copy(update={"kind": "gate"})
    assert standing(gate) == "blocks"  # one part failed and is waived, another is inconclusive
    settled = gate.model_copy(update={"parts": tuple(p for p in gate.parts if p.outcome != "inconclusive")})
    assert standing(settled) == "waived"
    bare = settled.model_copy(update={"parts": tuple(p.model_copy(update={"waiver": None}) for p in settled.parts)})
    assert standing(bare) == "blocks"
    assert standing(ratio) == "finding"


@pytest.mark.parametrize(
    ("kind", "outcome", "expected"),
    [
        ("gate", "pass", "met"), ("gate", "attested", "met"), ("gate", "fail", "blocks"),
        ("gate", "inconclusive", "blocks"), ("gate", "attestation_missing", "blocks"),
        ("gate", "attestation_expired", "blocks"), ("gate", "not_run", "blocks"),
        ("gate", "error", "blocks"), ("gate", "recorded", "blocks"), ("gate", "not_applicable", "not_applicable"),
        ("screen", "fail", "finding"), ("screen", "pass", "met"), ("record", "recorded", "recorded"),
        ("record", "attestation_missing", "finding"), ("record", "not_applicable", "not_applicable"),
    ],
)  # fmt: skip
def test_what_an_outcome_means_for_a_pipeline(kind: str, outcome: str, expected: str) -> None:
    verdict = handmade.verdicts()[0].model_copy(update={"kind": kind, "outcome": outcome, "parts": ()})
    assert standing(verdict) == expected


# --- JUnit ------------------------------------------------------------------------------------------


@every_record
def test_junit_has_a_case_for_each_control_and_counts_that_add_up(record: AuditRecord) -> None:
    suites = ElementTree.fromstring(junit.render(record))
    cases = suites.findall("testsuite/testcase")
    assert len(cases) == len(record.verdicts) + 1
    for tag, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped"), (None, "tests")):
        found = [len(s.findall(f"testcase/{tag}") if tag else s.findall("testcase")) for s in suites]
        assert [int(s.get(name, "-1")) for s in suites] == found
        assert int(suites.get(name, "-1")) == sum(found)


def test_junit_is_red_where_the_exit_code_is_not_zero_and_only_there() -> None:
    for outcome in ("meets", "does_not_meet", "inconclusive", "incomplete"):
        record = handmade.binary(outcome)
        case = ElementTree.fromstring(junit.render(record)).find("testsuite/testcase")
        assert case is not None
        red = case.find("failure") is not None or case.find("error") is not None
        assert red == (record.conclusion.exit_code != 0)
    text = junit.render(handmade.binary("does_not_meet")).decode()
    cases = {c.get("name", "").partition(":")[0]: c for c in ElementTree.fromstring(text).iter("testcase")}
    failure = cases["TS-OVERLAP"].find("failure")
    assert (
        failure is not None
        and failure.get("message") == "3 held-out rows are also in the training table; the limit is 0."
    )
    assert failure.text and "robustness/duplicates/train_test: fail. 3 is not 0." in failure.text
    skipped = cases["UGESP-4D-IR"].find("skipped")
    assert skipped is not None and "does not block" in skipped.get("message", "")
    assert cases["TS-DUMMY"].find("failure") is None and cases["TS-DUMMY"].find("skipped") is None


def test_junit_writes_signs_that_xml_lacks_as_a_replacement() -> None:
    verdict = handmade.verdicts()[1].model_copy(update={"reason": "a\x00b\x1b<c>&"})
    record = handmade.binary("does_not_meet").model_copy(update={"verdicts": (verdict,)})
    failure = ElementTree.fromstring(junit.render(record)).find("testsuite/testcase/failure[@type='fail']")
    assert failure is not None and failure.get("message") == "a\ufffdb\ufffd<c>&"


# --- SARIF ------------------------------------------------------------------------------------------


def log(record: AuditRecord) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sarif.render(record))
    return found


@every_record
def test_sarif_keeps_to_the_standard(record: AuditRecord) -> None:
    # OASIS SARIF 2.1.0: 3.13 (log), 3.14 (run), 3.19 (driver), 3.27 (result), 3.35 (suppression), 3.49 (rule).
    found = log(record)
    assert found["version"] == "2.1.0" and len(found["runs"]) == 1
    run = found["runs"][0]
    rules, results = run["tool"]["driver"]["rules"], run["results"]
    assert run["tool"]["driver"]["name"]
    assert len({rule["id"] for rule in rules}) == len(rules) == len(record.verdicts)
    assert len(results) == len(record.verdicts)
    for result in results:
        assert result["kind"] in ("pass", "open", "informational", "notApplicable", "review", "fail")
        assert result["level"] in ("none", "note", "warning", "error")
        assert (result["level"] == "none") == (result["kind"] != "fail")
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        place = result["locations"][0]["physicalLocation"]
        assert " " not in place["artifactLocation"]["uri"] and place["region"]["startLine"] >= 1
    for artifact in run["artifacts"]:
        assert len(artifact["hashes"]["sha-256"]) == 64
    (invocation,) = run["invocations"]
    assert invocation["exitCode"] == record.conclusion.exit_code
    assert invocation["exitCodeDescription"] == record.conclusion.sentence


def test_sarif_says_which_control_failed_how_gravely_and_which_waits() -> None:
    results = {r["ruleId"].partition("/")[2]: r for r in log(RECORDS["does_not_meet"])["runs"][0]["results"]}
    assert (results["TS-OVERLAP"]["kind"], results["TS-OVERLAP"]["level"]) == ("fail", "error")
    assert "3 held-out rows" in results["TS-OVERLAP"]["message"]["text"]
    assert (results["UGESP-4D-IR"]["kind"], results["UGESP-4D-IR"]["level"]) == ("fail", "warning")
    assert "suppressions" not in results["TS-OVERLAP"]
    assert results["UGESP-4D-IR"]["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "RISK-12"}
    ]
    waits = [r for r in results.values() if r["properties"]["outcome"] == "attestation_missing"]
    assert waits and all(r["kind"] == "review" for r in waits)


def test_sarif_and_junit_tell_of_a_stage_in_error() -> None:
    broken = StageStatus(stage="fairness", status="error", reason="The model raised an error.")
    record = handmade.binary("incomplete").model_copy(update={"stages": (broken,)})
    (invocation,) = log(record)["runs"][0]["invocations"]
    assert invocation["toolExecutionNotifications"][0]["message"]["text"] == "fairness: The model raised an error."


# --- CSV --------------------------------------------------------------------------------------------


@every_record
def test_csv_gives_back_every_number_to_the_last_bit(record: AuditRecord) -> None:
    lines = list(text_csv.DictReader(io.StringIO(csv.render(record).decode(), newline="")))
    assert len(lines) == len(record.observations)
    for line, observation in zip(lines, record.observations, strict=True):
        assert line["id"] == observation.id and line["kind"] == observation.measured.kind
        match observation.measured:
            case Exact(value=value):
                assert float(line["value"]) == value and line["low"] == line["high"] == ""
            case Estimate(value=value, low=low, high=high, n=n):
                assert float(line["value"]) == value and int(line["n"]) == n
                assert [float(line[e]) if line[e] else None for e in ("low", "high")] == [low, high]
            case Undefined(reason=reason):
                assert line["value"] == "" and line["reason"].endswith(reason)


def test_csv_runs_nothing_in_a_spreadsheet_and_reads_as_a_data_frame() -> None:
    labels = ["=1+1", "@SUM(A1)", "+1", "-1", 'plain, with "quotes"\nand lines']
    found = tuple(
        Observation(id=f"robustness/x/{n}", label=label, measured=Exact(value=-2.5, n=1))
        for n, label in enumerate(labels)
    )
    content = csv.render(handmade.empty().model_copy(update={"observations": found}))
    frame = pd.read_csv(io.BytesIO(content))
    assert frame["value"].tolist() == [-2.5] * 5
    assert frame["label"].tolist() == [*(f"'{label}" for label in labels[:4]), labels[4]]


# --- Markdown ---------------------------------------------------------------------------------------


@every_record
def test_markdown_has_a_line_for_each_control_and_fits_a_comment(record: AuditRecord) -> None:
    text = markdown.render(record).decode()
    assert len(text) < 64_000
    lines = [line for line in text.split("\n") if line.startswith("| ")]
    widths = Counter(line.count("|") for line in lines)
    assert set(widths) <= {4, 5}
    assert sum(f"/{verdict.control})" in text for verdict in record.verdicts) == len(record.verdicts)


def test_markdown_puts_what_blocks_first_and_leaves_out_what_is_settled_first() -> None:
    record = handmade.binary("does_not_meet")
    text = markdown.render(record).decode()
    assert text.index("TS-OVERLAP)") < text.index("<details>") < text.index("TS-DUMMY)")
    long = [
        v.model_copy(update={"control": f"{v.control}-{n}", "reason": "a long reason " * 40})
        for n in range(40)
        for v in record.verdicts
    ]
    crowded = record.model_copy(update={"verdicts": tuple(long)})
    text = markdown.render(crowded).decode()
    assert 40_000 < len(text.encode()) <= 60_000
    assert "TS-OVERLAP-0)" in text and "TS-CALIBRATION-39)" not in text
    shown = text.count("a long reason a long reason a long")
    assert f"{len(long) - text.count('a long reason ' * 39):,} more" in text, shown


def test_markdown_lets_no_text_of_the_data_become_a_mark() -> None:
    hostile = "a|b <img src=x> [x](http://y) @team `c` *d* #1\n| new | row |"
    verdict = handmade.verdicts()[1].model_copy(update={"reason": hostile})
    text = markdown.render(handmade.binary("does_not_meet").model_copy(update={"verdicts": (verdict,)})).decode()
    for mark in ("<img", "@team", "[x]", "`c`", "*d*", "#1 ", "| new |"):
        assert mark not in text


@every_record
def test_equal_records_give_equal_bytes(record: AuditRecord) -> None:
    again = AuditRecord.model_validate_json(record.model_dump_json())
    for made in (f.FORMAT for f in (annex_iv, csv, findings, junit, markdown, sarif)):
        assert made.render(record) == made.render(again)


# --- findings register and Annex IV -----------------------------------------------------------------


def test_the_register_has_a_line_for_each_open_control_gravest_first() -> None:
    record = handmade.binary("does_not_meet")
    lines = list(text_csv.DictReader(io.StringIO(findings.render(record).decode(), newline="")))
    open_ = {v.control for v in record.verdicts if standing(v) in ("blocks", "finding", "waived")}
    assert {line["control"] for line in lines} == open_
    assert [line["number"] for line in lines] == [str(n) for n in range(1, len(open_) + 1)]
    assert lines[0]["control"] == "TS-OVERLAP" and lines[0]["standing"] == "blocks"
    by_control = {line["control"]: line for line in lines}
    assert by_control["UGESP-4D-IR"]["waivers"] == "RISK-12"
    assert all(line["next_step"] and line["record"] == record.digest for line in lines)
    assert findings.render(handmade.empty()).decode().strip() == ",".join(findings.HEADER)


def test_the_skeleton_of_annex_iv_fills_what_is_known_and_leaves_the_rest_open() -> None:
    base = handmade.binary("does_not_meet")
    assert "name it under policies in the spec" in annex_iv.render(base).decode().replace("&#45;", "-")
    known, open_ = (
        base.verdicts[0].model_copy(
            update={
                "pack": "eu-ai-act-high-risk@1.0.0", "control": f"AIA-IV-{item}", "title": f"Annex IV, {item}",
                "outcome": outcome, "reason": f"A reason for {item}.",
                "parts": (Part(observation="x", outcome=outcome, reason=f"A figure for {item}."),),
            }
        )
        for item, outcome in (("3", "recorded"), ("8", "attestation_missing"))
    )  # fmt: skip
    text = annex_iv.render(base.model_copy(update={"verdicts": (known, open_)})).decode()
    assert text.count("## Annex IV") == 2 and text.count("To be written by the provider.") == 2
    assert "- A figure for 3." in text and "A figure for 8." not in text
    assert "- Open: A reason for 8." in text and "Open: A reason for 3." not in text
