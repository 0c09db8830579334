"""The worked examples of 6 RCNY 5-301 come out of a whole audit as the rule prints them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import audit
from audit.records.audit import AuditRecord
from audit.report.formats import ll144_summary

NAMES = {
    "Hispanic": "Hispanic or Latino",
    "White": "White",
    "Black": "Black or African American",
    "NHPI": "Native Hawaiian or Pacific Islander",
    "Asian": "Asian",
    "NAAN": "Native American or Alaska Native",
    "Two+": "Two or More Races",
}
# Notice of adoption of the final rule, April 2023: (applicants, selected, rate in per cent, impact ratio).
SELECTION = {
    ("Male", "Hispanic"): (205, 90, 43.9, 0.841), ("Female", "Hispanic"): (190, 82, 43.2, 0.827),
    ("Male", "White"): (412, 215, 52.2, 1.000), ("Female", "White"): (385, 197, 51.2, 0.981),
    ("Male", "Black"): (226, 95, 42.0, 0.806), ("Female", "Black"): (164, 75, 45.7, 0.876),
    ("Male", "NHPI"): (87, 37, 42.5, 0.815), ("Female", "NHPI"): (32, 15, 46.9, 0.898),
    ("Male", "Asian"): (321, 167, 52.0, 0.997), ("Female", "Asian"): (295, 135, 45.8, 0.877),
    ("Male", "NAAN"): (24, 11, 45.8, 0.878), ("Female", "NAAN"): (17, 7, 41.2, 0.789),
    ("Male", "Two+"): (115, 52, 45.2, 0.866), ("Female", "Two+"): (98, 44, 44.9, 0.860),
}  # fmt: skip
# The table by race does not add up to the one above in the rule itself, so it is an audit of its own.
SELECTION_RACE = {
    "Hispanic": (408, 204, 50, 0.97), "White": (797, 412, 52, 1.00), "Black": (390, 170, 44, 0.84),
    "NHPI": (119, 52, 44, 0.85), "Asian": (616, 302, 49, 0.95), "NAAN": (41, 18, 44, 0.85), "Two+": (213, 96, 45, 0.87),
}  # fmt: skip
SELECTION_SEX = {"Male": (1390, 667, 48, 1.000), "Female": (1181, 555, 47, 0.979)}
SCORING = {
    ("Male", "Hispanic"): (16, 12), ("Female", "Hispanic"): (12, 6), ("Male", "White"): (20, 7),
    ("Female", "White"): (20, 8), ("Male", "Black"): (20, 10), ("Female", "Black"): (12, 6), ("Male", "NHPI"): (4, 3),
    ("Female", "NHPI"): (4, 2), ("Male", "Asian"): (12, 7), ("Female", "Asian"): (12, 3), ("Male", "NAAN"): (8, 5),
    ("Female", "NAAN"): (8, 5), ("Male", "Two+"): (12, 6), ("Female", "Two+"): (8, 4),
}  # fmt: skip
SCORING_SEX = {"Male": (54.3, 1.00), "Female": (44.7, 0.82)}
# The rule prints 64.2 where 18 of 28 is 64.29.
SCORING_RACE = {
    "Hispanic": (64.2, 1.00), "White": (37.5, 0.58), "Black": (50.0, 0.78), "NHPI": (62.5, 0.97), "Asian": (41.7, 0.65),
    "NAAN": (62.5, 0.97), "Two+": (50.0, 0.78),
}  # fmt: skip
FACTS = {
    "affected_residence": "US-NY-NYC", "substantially_assists_decision": True, "sorts_into_groups": False,
    "data_source_kind": "historical",
}  # fmt: skip


def audited(folder: Path, rows: list[dict[str, Any]], columns: list[str], **model: str) -> AuditRecord:
    pd.DataFrame(rows).to_csv(folder / "table.csv", index=False)
    kind = "score" if "score" in model else "selection"
    spec = {
        "audit": 1,
        "model": {"predictions": model},
        "data": {"test": "table.csv"},
        "context": {"use_case": "hiring", "facts": {**FACTS, "output_kind": kind}},
        "sensitive": {
            "features": columns,
            "roles": {"race": "race_ethnicity"} if "race" in columns else {},
            "intersections": [columns] if len(columns) > 1 else [],
            "minimum_group": 1,
        },
        "policies": ["us-nyc-ll144"],
        "performance": False,
        "robustness": False,
        "efficiency": False,
    }
    if kind == "selection":
        spec |= {"task": "binary", "decision": {"positive": 1, "favourable": 1}}
    else:
        spec |= {"task": "ranking_score"}
    return audit.run(spec, folder=folder)


def selected(sex: str, race: str, applicants: int, chosen: int) -> list[dict[str, Any]]:
    named = {"sex": sex, "race": NAMES.get(race, race)}
    return [{**named, "label": int(i < chosen), "score": float(i < chosen)} for i in range(applicants)]


def figure(record: AuditRecord, id: str) -> float:
    observation = record.observation(id)
    assert observation is not None, id
    return float(observation.measured.value)  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> AuditRecord:
    rows = [row for (sex, race), (n, k, *_) in SELECTION.items() for row in selected(sex, race, n, k)]
    # 250 people of unknown category, as in the rule's closing note.
    rows += selected("", "", 250, 100)
    return audited(tmp_path_factory.mktemp("both"), rows, ["sex", "race"], label="label")


@pytest.mark.parametrize(("key", "printed"), SELECTION.items(), ids=map("-".join, SELECTION))
def test_the_selection_table_of_sex_and_race(
    key: tuple[str, str], printed: tuple[int, int, float, float], both: AuditRecord
) -> None:
    group = f"sex={key[0]}&race={NAMES[key[1]]}"
    assert figure(both, f"fairness/count/{group}") == printed[0]
    assert 100 * figure(both, f"fairness/selection_rate/{group}") == pytest.approx(printed[2], abs=0.1)
    # The rule prints three decimals here.
    assert round(figure(both, f"fairness/impact_ratio/{group}"), 3) == printed[3]


def test_unknown_people_are_counted_and_in_no_ratio(both: AuditRecord) -> None:
    assert figure(both, "fairness/count/sex=unknown&race=unknown") == 250
    assert both.observation("fairness/impact_ratio/sex=unknown&race=unknown") is None
    verdicts = {verdict.control: verdict for verdict in both.verdicts}
    (part,) = [p for p in verdicts["LL144-301B-IR"].parts if p.observation.endswith("sex=unknown&race=unknown")]
    assert part.outcome == "not_applicable"
    assert part.reason == "The group is unknown for 250 rows: counted, not judged."
    assert verdicts["LL144-301B-IR"].outcome == "recorded" and verdicts["LL144-UNK"].outcome == "recorded"
    assert "250 people whose category is unknown are in none of these rows." in ll144_summary.render(both).decode()


def test_a_category_of_less_than_two_per_cent_is_shown_with_reason_rows_and_rate(both: AuditRecord) -> None:
    verdicts = {verdict.control: verdict for verdict in both.verdicts}
    parts = {part.observation.partition("impact_ratio/")[2]: part for part in verdicts["LL144-301B-IR"].parts}
    small = parts["sex=Female&race=Native American or Alaska Native"]
    assert small.outcome == "recorded"
    assert "is 0.789" in small.reason and "17 rows, rate 0.412" in small.reason and "less than 2%" in small.reason
    large = parts["sex=Male&race=White"]
    assert "less than 2%" not in large.reason
    assert verdicts["LL144-301D"].outcome == "attestation_missing"
    text = ll144_summary.render(both).decode()
    line = "| Female, Native American or Alaska Native (less than 2% of the data) | 17 | 7 | 41.2% | 0.79 |"
    assert line in text


def test_the_selection_tables_of_sex_and_of_race(tmp_path: Path) -> None:
    for column, table in (("sex", SELECTION_SEX), ("race", SELECTION_RACE)):
        rows = [r for name, (n, k, *_) in table.items() for r in selected(name, name, n, k)]
        record = audited(tmp_path, rows, [column], label="label")
        for name, (_, _, rate, ratio) in table.items():
            group = f"{column}={NAMES.get(name, name)}"
            # Whole per cents are printed.
            assert 100 * figure(record, f"fairness/selection_rate/{group}") == pytest.approx(rate, abs=0.51)
            decimals = 3 if column == "sex" else 2
            assert round(figure(record, f"fairness/impact_ratio/{group}"), decimals) == ratio


def test_the_scoring_tables(tmp_path: Path) -> None:
    rows = [row for (sex, race), (n, k) in SCORING.items() for row in selected(sex, race, n, k)]
    record = audited(tmp_path, rows, ["sex", "race"], score="score")
    for column, table in (("sex", SCORING_SEX), ("race", SCORING_RACE)):
        for name, (rate, ratio) in table.items():
            group = f"{column}={NAMES.get(name, name)}"
            assert 100 * figure(record, f"fairness/scoring_rate/{group}") == pytest.approx(rate, abs=0.1)
            assert round(figure(record, f"fairness/impact_ratio;rate=scoring_rate/{group}"), 2) == ratio
    text = ll144_summary.render(record).decode()
    assert "| Male | 92 | 54.3% | 1.00 |" in text and "| Female | 76 | 44.7% | 0.82 |" in text
    assert "| Category | Applicants | Scoring rate | Impact ratio |" in text
    outcomes = {verdict.control: verdict.outcome for verdict in record.verdicts}
    assert outcomes["LL144-301C-IR"] == outcomes["LL144-301C-SR"] == "recorded"
    assert outcomes["LL144-301B-IR"] == "not_applicable"


def test_no_ratio_passes_or_fails_and_unanswered_gates_leave_the_audit_incomplete(both: AuditRecord) -> None:
    assert {v.outcome for v in both.verdicts} == {"recorded", "attestation_missing", "not_applicable"}
    assert (both.conclusion.outcome, both.conclusion.exit_code) == ("incomplete", 3)


def test_the_pack_asks_whether_the_law_covers_the_tool(tmp_path: Path) -> None:
    rows = selected("Male", "White", 40, 20) + selected("Female", "White", 40, 10)
    pd.DataFrame(rows).to_csv(tmp_path / "table.csv", index=False)
    spec = {
        "audit": 1, "model": {"predictions": {"label": "label"}}, "task": "binary", "data": {"test": "table.csv"},
        "context": {"use_case": "hiring"}, "decision": {"positive": 1}, "sensitive": {"features": ["sex"]},
        "policies": ["us-nyc-ll144"], "robustness": False, "performance": False, "efficiency": False,
    }  # fmt: skip
    record = audit.run(spec, folder=tmp_path)
    assert {v.outcome for v in record.verdicts} == {"not_run"}
    assert "context.facts.affected_residence" in record.verdicts[0].reason
