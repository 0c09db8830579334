"""Outputs appear whole or not at all, for their owner alone, and never in place of somebody else's files."""

from __future__ import annotations

import stat
from pathlib import Path

import handmade
import pytest

from audit import catalogue
from audit.declarations.output_format import OutputFormat
from audit.errors import OutputError, Problem
from audit.records.audit import AuditRecord
from audit.report import render as rendering
from audit.report import write
from audit.report.load import load_record
from audit.report.render import render
from audit.report.write import check_destination, write_outputs

RECORD = handmade.regression()
OTHER = handmade.empty()


def modes(folder: Path) -> dict[str, int]:
    return {p.name: stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()}


def test_a_report_is_written_for_its_owner_alone(tmp_path: Path) -> None:
    out = tmp_path / "reports" / "one"
    paths = write_outputs(RECORD, ("html",), out)
    assert [p.name for p in paths] == ["record.json", "report.html"]
    assert modes(out) == {"record.json": 0o600, "report.html": 0o600}
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    assert [p.name for p in out.parent.iterdir()] == ["one"]
    assert (out / "report.html").read_bytes() == render(RECORD, "html")
    assert load_record(out / "record.json") == RECORD


def test_an_earlier_report_is_replaced(tmp_path: Path) -> None:
    out = tmp_path / "one"
    write_outputs(OTHER, ("html",), out)
    write_outputs(RECORD, ("json",), out)
    assert sorted(modes(out)) == ["record.json"]
    assert load_record(out / "record.json") == RECORD


def test_other_renderings_of_the_same_record_stay(tmp_path: Path) -> None:
    out = tmp_path / "one"
    write_outputs(RECORD, ("html",), out)
    write_outputs(RECORD, ("json",), out)
    assert sorted(modes(out)) == ["record.json", "report.html"]


def test_foreign_files_are_refused_by_name_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work", encoding="utf-8")
    for attempt in (lambda: check_destination(tmp_path), lambda: write_outputs(RECORD, ("html",), tmp_path)):
        with pytest.raises(OutputError, match=r"thesis\.tex") as caught:
            attempt()
        assert caught.value.exit_code == 4
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    with pytest.raises(OutputError, match="is no folder"):
        check_destination(tmp_path / "out")


def test_a_new_or_empty_folder_is_fine(tmp_path: Path) -> None:
    check_destination(tmp_path / "new")
    check_destination(tmp_path)


@pytest.mark.parametrize("step", ["_write", "_sync", "_swap"])
def test_a_failure_leaves_the_earlier_report_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    out = tmp_path / "one"
    write_outputs(OTHER, ("html",), out)
    before = {p.name: p.read_bytes() for p in out.iterdir()}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(write, step, full)
    with pytest.raises(OutputError, match="No space left on device"):
        write_outputs(RECORD, ("html",), out)
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["one"]


def test_a_failure_at_the_last_rename_puts_the_earlier_report_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "one"
    write_outputs(OTHER, ("html",), out)
    rename = Path.rename

    def refusing(self: Path, target: Path) -> Path:
        if self.name == "fresh":
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refusing)
    with pytest.raises(OutputError, match="Input/output error"):
        write_outputs(RECORD, ("html",), out)
    monkeypatch.undo()
    assert load_record(out / "record.json") == OTHER


def test_a_failure_leaves_no_half_report_where_there_was_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(write, "_sync", full)
    with pytest.raises(OutputError):
        write_outputs(RECORD, ("html",), tmp_path / "one")
    assert list(tmp_path.iterdir()) == []


def test_a_format_that_fails_does_not_take_the_others_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(record: AuditRecord) -> bytes:
        raise OutputError(Problem("report.pdf", "Pango is not installed.", "Run: brew install pango."))

    known = catalogue.load

    def load(kind: catalogue.Kind, name: str) -> object:
        if name == "pdf":
            return OutputFormat(name="pdf", suffix=".pdf", media_type="application/pdf", render=broken)
        return known(kind, name)

    monkeypatch.setattr(rendering.catalogue, "load", load)
    out = tmp_path / "one"
    with pytest.raises(OutputError, match="brew install pango") as caught:
        write_outputs(RECORD, ("html", "pdf", "json"), out)
    assert [p.name for p in caught.value.written] == ["record.json", "report.html"]
    assert sorted(modes(out)) == ["record.json", "report.html"]


def test_a_fault_of_ours_in_one_format_costs_that_format_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(record: AuditRecord) -> bytes:
        raise ZeroDivisionError("width of a chart")

    known = catalogue.load

    def load(kind: catalogue.Kind, name: str) -> object:
        if name == "html":
            return OutputFormat(name="html", suffix=".html", media_type="text/html", render=faulty)
        return known(kind, name)

    monkeypatch.setattr(rendering.catalogue, "load", load)
    out = tmp_path / "one"
    with pytest.raises(OutputError, match=r"report\.html: ZeroDivisionError: width of a chart\. .*report it") as caught:
        write_outputs(RECORD, ("html",), out)
    assert [p.name for p in caught.value.written] == ["record.json"]
    assert load_record(out / "record.json") == RECORD


def test_an_unknown_format_is_named_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="Did you mean 'html'"):
        write_outputs(RECORD, ("htm",), tmp_path / "one")
    assert list(tmp_path.iterdir()) == []
