"""`audit policies` as a reader meets it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import jsonschema
import pytest
import typer
import yaml

from audit.cli.policies import policies
from audit.errors import OutputError, PolicyError, SpecError
from audit.policy.lint import advice
from audit.policy.read import read_pack
from audit.resources import shipped_packs


def test_the_list_names_every_pack_with_its_version_and_recheck(capsys):
    policies()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["NAME", "VERSION", "STATUS", "CONTROLS", "RECHECK", "BY", "TITLE"]
    assert [line.split()[0] for line in lines[1:]] == list(shipped_packs())


def test_a_pack_is_shown_with_its_caveats_limits_and_citations(capsys):
    policies("show", "us-ugesp-adverse-impact")
    text = capsys.readouterr().out
    expected = (
        "This is not legal advice.",
        "four_fifths = 0.8 (origin: guidance)",
        "29 CFR 1607.4(D) (checked: reproduced)",
        "a limit of at least 0.8 (origin: guidance)",
    )
    for words in expected:
        assert words in text


def test_a_name_is_needed_and_has_to_be_known():
    with pytest.raises(SpecError, match="expected the name of a pack"):
        policies("show")
    with pytest.raises(PolicyError, match="Did you mean 'technical-soundness'"):
        policies("show", "technical-soundnes")


def test_the_schema_accepts_the_shipped_packs_and_refuses_an_unknown_key(capsys):
    policies("schema")
    schema = jsonschema.Draft202012Validator(json.loads(capsys.readouterr().out))
    for path in shipped_packs().values():
        pack = yaml.safe_load(path.read_text())
        schema.validate(pack)
        assert not schema.is_valid({**pack, "extra": 1})


def test_a_new_pack_can_be_read_judges_and_is_never_written_over(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    policies("new", "our-rules.yaml")
    assert "policies: [./our-rules.yaml]" in capsys.readouterr().out
    pack = read_pack(Path("our-rules.yaml")).pack
    ids = [control.id for control in pack.controls]
    assert ids[-1] == "H-1" and "TS-DUMMY" in ids
    with pytest.raises(OutputError, match="is there already"):
        policies("new", "our-rules.yaml")
    with pytest.raises(SpecError, match="is no name for a pack"):
        policies("new", "Our Rules.yaml")
    with pytest.raises(OutputError, match="cannot be written"):
        policies("new", "nowhere/rules.yaml")


def test_lint_advises_on_a_pack_that_can_be_read(capsys):
    policies("lint", "us-ugesp-adverse-impact")
    text = capsys.readouterr().out
    assert "us-ugesp-adverse-impact@1.0.0 can be read." in text
    assert "UGESP-4C and UGESP-15" in text


def test_lint_tells_of_an_overdue_check_and_of_what_is_missing(pack, a):
    grouped = a.control(
        measure={"metric": "impact_ratio", "group_by": [["sex"]]},
        cites=[{"ref": "x", "checked": "memory"}],
        kind="screen",
    )
    found = advice(pack(grouped, a.control("C-2")).pack, date(2027, 1, 2))
    for words in ("due to be checked again by 2027-01-01", "1 control rests on memory alone", "no caveats",
                  "no source", "carries no test", "Nobody may waive C-2"):  # fmt: skip
        assert any(words in line for line in found), words
    assert not any("due to be" in line for line in advice(pack(grouped).pack, date(2027, 1, 1)))


def test_the_tests_of_a_pack_are_run_by_auditing_their_tables(tmp_path, capsys):
    text = Path(shipped_packs()["fair-lending-practice"]).read_text()
    mine = tmp_path / "mine.yaml"
    mine.write_text(text.replace("id: fair-lending-practice", "id: mine"))
    policies("test", str(mine))
    assert "mine@1.0.0: 1 of 1 tests hold." in capsys.readouterr().out
    wanted = "{impact_ratio: {white: 1.00, black: 0.61}, FL-AIR: {black: pass}, NOBODY: {black: pass}}"
    right = "{impact_ratio: {white: 1.00, black: 0.60}}"
    assert right in text
    mine.write_text(mine.read_text().replace(right, wanted))
    with pytest.raises(typer.Exit) as left:
        policies("test", str(mine))
    assert left.value.exit_code == 1
    out = capsys.readouterr().out
    assert "impact_ratio of black is 0.60, and 0.61 was expected." in out
    assert "FL-AIR of black is fail, and pass was expected." in out
    assert "NOBODY of black is no control of the pack, and pass was expected." in out
