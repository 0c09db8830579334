"""The exit code, the record and the words of the report say the same, for every conclusion that there is."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from audit.records.verdict import Conclusion

# What a pack of one gate asks, and how an audit of these tables has to end by it.
GATES: dict[str, tuple[dict[str, Any], int, str]] = {
    "meets": ({"op": "ge", "value": 0.6}, 0, "Meets every gate"),
    "does_not_meet": ({"op": "ge", "value": 0.99}, 1, "Does not meet"),
    "inconclusive": ({"op": "ge", "value": "POINT"}, 3, "Inconclusive"),
    "incomplete": ({"op": "ge", "value": 0.6, "metric": "performance/lift_nobody"}, 3, "Incomplete: no verdict yet"),
}


def pack(limit: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema": "policy-pack/1",
        "pack": {
            "id": "house-gate",
            "version": "1.0.0",
            "title": "One gate of the house",
            "kind": "house",
            "jurisdiction": [],
            "audience": ["model owner"],
            "maintainers": ["validation"],
            "authority": {
                "instrument": "House rule",
                "citation": "House rule 1",
                "issuer": "The house",
                "status": "voluntary",
                "checked_on": "2026-11-22",
                "recheck_by": "2027-11-22",
            },
            "caveats": ["Decides nothing else."],
        },
        "controls": [
            {
                "id": "HOUSE-AUC",
                "title": "The model ranks well",
                "cites": [{"ref": "House rule 1", "checked": "primary"}],
                "rationale": "A model that ranks badly is of no use.",
                "obligation": "must",
                "mode": "automated",
                "kind": "gate",
                "severity": "blocker",
                "measure": {"metric": limit.get("metric", "performance/roc_auc"), "aggregate": "each"},
                "limit": {"origin": "house", "op": limit["op"], "value": limit["value"], "decide_on": "ci_three_way"},
                "min_sample": {"group_n": 30, "origin": "house", "below": "inconclusive"},
                "evidence": [{"kind": "result", "pointer": "/performance"}],
            }
        ],
    }


def test_every_conclusion_is_tried() -> None:
    assert set(GATES) == set(Conclusion.model_fields["outcome"].annotation.__args__)


@pytest.mark.parametrize("outcome", sorted(GATES))
def test_code_record_and_words_agree(folder: Path, command: Any, outcome: str) -> None:
    limit, code, words = GATES[outcome]
    if limit["value"] == "POINT":
        limit = {**limit, "value": _auc(folder, command)}
    (folder / "house.yaml").write_text(yaml.safe_dump(pack(limit)), encoding="utf-8")
    done = command(
        "run", "audit.yaml", "--out", "out", "--json", "--set", "policies=[./house.yaml]",
        "--set", "report.formats=[html, json]", cwd=folder,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    record = json.loads((folder / "out/record.json").read_text(encoding="utf-8"))
    assert record["conclusion"]["outcome"] == json.loads(done.stdout)["conclusion"]["outcome"] == outcome
    assert record["conclusion"]["exit_code"] == code
    page = (folder / "out/report.html").read_text(encoding="utf-8")
    assert set(re.findall(r'class="answer-word">([^<]+)<', page)) == {words}
    assert record["conclusion"]["sentence"] in html.unescape(page)


def _auc(folder: Path, command: Any) -> float:
    command(
        "run", "audit.yaml", "--out", "first", "--set", "report.formats=[json]", "--set", "fairness=false",
        "--set", "attribution=false", cwd=folder,
    )  # fmt: skip
    record = json.loads((folder / "first/record.json").read_text(encoding="utf-8"))
    return float(next(o["measured"]["value"] for o in record["observations"] if o["id"] == "performance/roc_auc"))
