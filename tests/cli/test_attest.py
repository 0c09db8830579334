"""A person is walked through the statements that are missing, and the next audit counts what was written."""

from __future__ import annotations

import datetime
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

import audit
from audit.cli import main
from audit.plan import intent_of
from audit.report.formats import json as record_json
from audit.spec.read import read_spec

REVIEW = {"question": "Was it reviewed?", "answers": ["yes", "no"], "role": "reviewer", "valid_for": "P1Y"}
STUDY = {
    "question": "Is there a study?", "answers": ["yes", "no"], "role": "validator", "second_role": "model_owner",
    "independent": True, "evidence_required": True,
}  # fmt: skip


def control(id: str, asks: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "id": id, "title": "Somebody looked", "cites": [{"ref": "house rule", "checked": "primary"}],
        "rationale": "Somebody has to.", "obligation": "must", "mode": "attested", "kind": "gate", "severity": "major",
        "attestation": asks, **changes,
    }  # fmt: skip


def written(folder: Path, *controls: dict[str, Any], **changes: Any) -> Path:
    pd.DataFrame({"p": [0, 1] * 30, "y": [0, 1, 1, 0, 0, 1] * 10}).to_csv(folder / "table.csv", index=False)
    pack = {
        "schema": "policy-pack/1",
        "pack": {
            "id": "house", "version": "1.0.0", "title": "House", "kind": "house", "maintainers": ["us"],
            "authority": {
                "instrument": "House rules", "citation": "none", "status": "in_force", "checked_on": "2026-01-01",
                "recheck_by": "2100-01-01",
            },
        },
        "controls": controls or [control("A-1", REVIEW)],
    }  # fmt: skip
    # By way of JSON, so that what occurs twice is written twice and not as an alias.
    (folder / "house.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(pack))), encoding="utf-8")
    spec = {
        "audit": 1, "model": {"predictions": {"label": "p"}}, "task": "binary",
        "data": {"test": "table.csv", "target": "y"}, "policies": ["./house.yaml"], "fairness": False,
        "performance": False, "robustness": False, "efficiency": False, "attribution": False, **changes,
    }  # fmt: skip
    path = folder / "audit.yaml"
    path.write_text(yaml.safe_dump(spec, sort_keys=False), encoding="utf-8")
    return path


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def attest(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that runs `audit attest` with these lines typed, then Ctrl-D, and returns the exit code."""

    def run(spec: Path, *lines: str, options: tuple[str, ...] = (), terminal: bool = True) -> int:
        kind = Terminal if terminal else io.StringIO
        monkeypatch.setattr("sys.stdin", kind("".join(f"{line}\n" for line in lines)))
        return main.exit_code(["attest", str(spec), *options])

    return run


def stated(folder: Path) -> list[dict[str, Any]]:
    found = yaml.safe_load((folder / "attestations.yaml").read_text(encoding="utf-8"))["attestations"]
    assert isinstance(found, list)
    return found


def test_what_was_answered_is_attested_in_the_next_audit(tmp_path: Path, attest: Any, capsys: Any) -> None:
    spec = written(tmp_path)
    assert attest(spec, "yes", "Ann", "", "all of it") == 0
    told = capsys.readouterr().out
    for words in (
        "house@1.0.0 A-1  Somebody looked", "Was it reviewed?", "yes / no", "reviewer", "for P1Y",
        "attestations: attestations.yaml",
    ):  # fmt: skip
        assert words in told
    assert stated(tmp_path) == [
        {
            "control": "A-1", "pack": "house@1.0.0", "answer": "yes", "person": "Ann", "role": "reviewer",
            "signed_on": datetime.date.today().isoformat(), "note": "all of it",
        }
    ]  # fmt: skip
    named = written(tmp_path, attestations="attestations.yaml")
    verdict = audit.run(named).verdicts[0]
    assert (verdict.outcome, "Ann (reviewer)" in verdict.reason) == ("attested", True)
    assert attest(named, options=("--list",)) == 0
    assert "No statement is missing." in capsys.readouterr().out


def test_a_statement_names_the_model_file_which_is_hashed_and_not_loaded(tmp_path: Path, attest: Any) -> None:
    (tmp_path / "model.bin").write_bytes(b"no model at all")
    spec = written(tmp_path, model={"path": "model.bin"})
    assert attest(spec, "yes", "Ann", "", "") == 0
    assert stated(tmp_path)[0]["model_sha256"] == hashlib.sha256(b"no model at all").hexdigest()


def test_second_person_independence_and_evidence_are_asked_for_until_they_can_count(
    tmp_path: Path, attest: Any, capsys: Any
) -> None:
    study = tmp_path / "study.pdf"
    study.write_bytes(b"a study")
    spec = written(tmp_path, control("A-2", STUDY))
    lines = ("maybe", "YES", "", "Ann", "yes", " ann ", "", "Bob", "", "none.pdf", str(study), "", "")
    assert attest(spec, *lines) == 0
    told = capsys.readouterr().out
    for words in ("expected one of: yes, no", "expected a name", "has to be another one", "at least one document",
                  "none of that name"):  # fmt: skip
        assert words in told
    (entry,) = stated(tmp_path)
    assert (entry["answer"], entry["person"], entry["second_person"]) == ("yes", "Ann", "Bob")
    assert (entry["second_role"], entry["independent"]) == ("model_owner", True)
    assert entry["evidence"] == [{"document": "study.pdf", "sha256": hashlib.sha256(b"a study").hexdigest()}]
    named = written(tmp_path, control("A-2", STUDY), attestations="attestations.yaml")
    assert audit.run(named).verdicts[0].outcome == "attested"


def test_one_who_made_the_model_cannot_answer_for_its_independence(tmp_path: Path, attest: Any, capsys: Any) -> None:
    assert attest(written(tmp_path, control("A-2", STUDY)), "yes", "Ann", "no") == 0
    assert "the question stays open" in capsys.readouterr().out
    assert not (tmp_path / "attestations.yaml").exists()


@pytest.mark.parametrize("lines", [(), ("yes",), ("yes", "Ann", "", ""), ("yes", "Ann", "", "", "yes")])
def test_ctrl_d_before_the_last_answer_writes_nothing(
    lines: tuple[str, ...], tmp_path: Path, attest: Any, capsys: Any
) -> None:
    spec = written(tmp_path, control("A-1", REVIEW), control("A-2", REVIEW), attestations="kept.yaml")
    before = "# kept\nschema: policy-attestations/1\nattestations: []\n"
    (tmp_path / "kept.yaml").write_text(before)
    assert attest(spec, *lines) == 2
    assert "nothing is written" in capsys.readouterr().err
    assert (tmp_path / "kept.yaml").read_text() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["audit.yaml", "house.yaml", "kept.yaml", "table.csv"]


def test_enter_leaves_a_question_open_and_comments_and_mode_of_the_file_stay(tmp_path: Path, attest: Any) -> None:
    spec = written(tmp_path, control("A-1", REVIEW), control("A-2", REVIEW), attestations="attestations.yaml")
    path = tmp_path / "attestations.yaml"
    path.write_text("# Kept by Ann.\nschema: policy-attestations/1\nattestations: []  # soon\n")
    path.chmod(0o640)
    assert attest(spec, "", "no", "Bob", "", "") == 0
    assert [(entry["control"], entry["answer"]) for entry in stated(tmp_path)] == [("A-2", "no")]
    assert "# Kept by Ann." in path.read_text() and "# soon" in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o640
    assert [verdict.outcome for verdict in audit.run(spec).verdicts] == ["attestation_missing", "fail"]


def test_a_file_that_the_spec_names_and_nobody_wrote_yet_is_begun(tmp_path: Path, attest: Any) -> None:
    spec = written(tmp_path, attestations="attestations.yaml")
    assert attest(spec, "yes", "Ann", "", "") == 0
    assert [item.person for item in intent_of(read_spec(spec)).statements.attestations] == ["Ann"]


def test_hostile_text_is_written_as_text_and_never_reaches_the_terminal(
    tmp_path: Path, attest: Any, capsys: Any
) -> None:
    asks = {"question": "Which?\x1b[2J", "role": "reviewer"}
    spec = written(tmp_path, control("A-1", asks))
    hostile = 'no"], evil: {a: 1} # \\ &x *y !!z'
    assert attest(spec, "\x1b[31m", hostile, hostile, "", hostile) == 0
    told = capsys.readouterr().out
    assert "\x1b" not in told and "Which?\\x1b[2J" in told and "can be printed" in told
    (entry,) = stated(tmp_path)
    assert (entry["answer"], entry["person"], entry["note"]) == (hostile, hostile, hostile)
    assert audit.run(written(tmp_path, control("A-1", asks), attestations="attestations.yaml")).verdicts[0].outcome == (
        "attested"
    )


def test_with_a_record_only_what_waited_in_it_is_asked_for(tmp_path: Path, attest: Any, capsys: Any) -> None:
    never = {"applies_if": {"fact": {"name": "use_case", "op": "eq", "value": "credit"}}}
    spec = written(tmp_path, control("A-1", REVIEW), control("A-2", REVIEW, **never), context={"use_case": "hiring"})
    record = tmp_path / "record.json"
    record.write_bytes(record_json.FORMAT.render(audit.run(spec)))
    assert attest(spec, options=("--list",)) == 0
    told = capsys.readouterr().out
    assert "A-1" in told and "A-2" in told and "--record" in told
    assert attest(spec, options=("--list", "--record", str(record))) == 0
    told = capsys.readouterr().out
    assert "1 statement is missing" in told and "A-1" in told and "A-2" not in told
    other = written(tmp_path, policies=["./house.yaml", "tripod-ai"])
    assert attest(other, options=("--list", "--record", str(record))) == 2
    assert "not judged by tripod-ai@" in capsys.readouterr().err


def test_without_a_terminal_it_says_what_to_do_and_lists_all_the_same(tmp_path: Path, attest: Any, capsys: Any) -> None:
    spec = written(tmp_path)
    assert attest(spec, "yes", "Ann", "", "", terminal=False) == 2
    assert "expected a terminal to answer at. Use --list" in capsys.readouterr().err
    assert attest(spec, options=("--list",), terminal=False) == 0
    assert "Was it reviewed?" in capsys.readouterr().out
    assert not (tmp_path / "attestations.yaml").exists()


def test_a_file_that_the_spec_does_not_name_is_never_added_to(tmp_path: Path, attest: Any, capsys: Any) -> None:
    spec = written(tmp_path)
    (tmp_path / "attestations.yaml").write_text("mine")
    assert attest(spec, "yes", "Ann", "", "") == 2
    assert "Add the key to the spec" in capsys.readouterr().err
    assert (tmp_path / "attestations.yaml").read_text() == "mine"


def test_a_file_outside_the_folder_of_the_spec_is_refused(tmp_path: Path, attest: Any, capsys: Any) -> None:
    (tmp_path / "in").mkdir()
    assert attest(written(tmp_path / "in", attestations="../out.yaml"), "yes", "Ann", "", "") == 2
    assert "outside" in capsys.readouterr().err
    assert not (tmp_path / "out.yaml").exists()
