"""A record is read back as it was written, or refused in words."""

from __future__ import annotations

import json
from pathlib import Path

import handmade
import pytest

from audit.errors import RecordError
from audit.report.load import load_record
from audit.report.render import render

RECORD = handmade.binary()


def test_a_record_comes_back_equal(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_bytes(render(RECORD, "json"))
    read = load_record(path)
    assert read == RECORD
    assert read.core_digest() == RECORD.digest
    assert render(read, "json") == render(RECORD, "json")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"not json", "is no JSON"),
        (b"\xff\xfe", "is no JSON"),
        (b"[]", "is no audit record"),
        (b"{}", "is no audit record"),
        (b'{"schema_version": "9.0"}', "has schema version 9.0"),
        (b'{"schema_version": "1.0"}', "Field required"),
        (b"[" * 100_000, "is no JSON"),
    ],
)
def test_what_is_no_record_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "record.json"
    path.write_bytes(content)
    with pytest.raises(RecordError, match=said):
        load_record(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"nowhere\.json"):
        load_record(tmp_path / "nowhere.json")


def test_an_unknown_field_is_refused_by_its_place(tmp_path: Path) -> None:
    changed = json.loads(render(RECORD, "json"))
    changed["conclusion"]["mood"] = "good"
    path = tmp_path / "record.json"
    path.write_text(json.dumps(changed), encoding="utf-8")
    with pytest.raises(RecordError, match=r"conclusion\.mood"):
        load_record(path)
