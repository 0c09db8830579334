"""What a demo writes: whole, the same twice, readable as a spec, and never over somebody's work."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer

from audit.cli.demo import demo, write_demo
from audit.errors import DataError, MissingDependencyError, SpecError
from audit.policy.attestations import read_statements
from audit.policy.read import read_packs
from audit.policy.statements import attestation_fault
from audit.spec.read import read_spec

FILES = ("audit.yaml", "model.skops", "test.csv", "train.csv")
NAMES = ("arrests", "diabetes", "wine")
TABLES = {"arrests": (3658, 1568), "diabetes": (265, 177), "wine": (89, 89)}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> dict[str, Path]:
    """The three demos, made as a reader makes them."""
    folders = {name: tmp_path_factory.mktemp(name) for name in NAMES}
    for name, folder in folders.items():
        write_demo(name, folder)
    return folders


@pytest.mark.parametrize("name", NAMES)
def test_a_demo_is_these_files_and_nothing_else(name, made):
    statements = ["attestations.yaml"] if name == "arrests" else []
    assert sorted(path.name for path in made[name].iterdir()) == sorted([*FILES, *statements])


def test_the_example_of_an_answer_counts_once_it_is_filled_in(made, tmp_path):
    text = (made["arrests"] / "attestations.yaml").read_text()
    spec = read_spec(made["arrests"] / "audit.yaml").spec
    assert read_statements(spec, made["arrests"]).attestations == ()
    answered = re.sub("^# (attestations:|  )", r"\1", text.replace("attestations: []\n", ""), flags=re.MULTILINE)
    (tmp_path / "attestations.yaml").write_text(re.sub("<64 digits[^>]*>", "a" * 64, answered))
    pack = read_packs(spec, made["arrests"])[2].pack
    questions = {control.id: control.attestation for control in pack.controls}
    found = read_statements(spec, tmp_path).attestations
    assert [item.control for item in found] == ["UGESP-5", "UGESP-3B"]
    model = SimpleNamespace(sha256="a" * 64)
    case = SimpleNamespace(today=date(2026, 11, 22), model_sha256=model.sha256)
    assert [attestation_fault(item, questions[item.control], pack, case) for item in found] == ["", ""]


@pytest.mark.parametrize("name", NAMES)
def test_the_tables_hold_every_row_once(name, made):
    import pandas as pd

    rows = tuple(len(pd.read_csv(made[name] / f"{role}.csv")) for role in ("train", "test"))
    assert rows == TABLES[name]
    assert sum(rows) == {"arrests": 5226, "diabetes": 442, "wine": 178}[name]


@pytest.mark.parametrize("name", NAMES)
def test_the_spec_reads_and_names_what_stands_beside_it(name, made):
    read = read_spec(made[name] / "audit.yaml")
    data = read.spec.data
    assert all((made[name] / file).is_file() for file in (read.spec.model.path, data.test, data.train))
    header = (made[name] / "train.csv").read_text().splitlines()[0].split(",")
    assert data.target in header
    assert set(read.spec.sensitive.features) <= set(header)
    assert read_packs(read.spec, made[name])


@pytest.mark.parametrize("name", NAMES)
def test_the_model_predicts_rows_that_it_has_not_seen_better_than_chance(name, made):
    import pandas as pd
    import skops.io

    file = made[name] / "model.skops"
    model = skops.io.load(file, trusted=skops.io.get_untrusted_types(file=file))
    test = pd.read_csv(made[name] / "test.csv")
    target = {"arrests": "released", "diabetes": "progression", "wine": "grower"}[name]
    assert not {target, "colour", "sex"} & set(model.feature_names_in_) or name == "diabetes"
    score = model.score(test[list(model.feature_names_in_)], test[target])
    floor = {"arrests": test[target].value_counts(normalize=True).max() - 0.01, "diabetes": 0.3, "wine": 0.9}[name]
    assert score > floor


def test_a_demo_is_the_same_when_it_is_made_again(made, tmp_path):
    write_demo("wine", tmp_path)
    for file in ("train.csv", "test.csv", "audit.yaml"):
        assert (tmp_path / file).read_bytes() == (made["wine"] / file).read_bytes()


def test_a_spec_that_somebody_edited_is_not_overwritten(made, monkeypatch, tmp_path):
    monkeypatch.setattr(
        "audit.cli.demo._make", lambda name, folder: shutil.copytree(made[name], folder, dirs_exist_ok=True)
    )
    write_demo("wine", tmp_path)
    write_demo("wine", tmp_path)  # an untouched demo is made again
    (tmp_path / "audit.yaml").write_text("audit: 1\n")
    (tmp_path / "train.csv").write_text("mine\n")
    with pytest.raises(SpecError, match="was edited"):
        write_demo("wine", tmp_path)
    assert (tmp_path / "train.csv").read_text() == "mine\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)


def test_statements_that_somebody_signed_are_not_overwritten(made, monkeypatch, tmp_path):
    monkeypatch.setattr(
        "audit.cli.demo._make", lambda name, folder: shutil.copytree(made[name], folder, dirs_exist_ok=True)
    )
    write_demo("arrests", tmp_path)
    (tmp_path / "attestations.yaml").write_text("signed\n")
    for name in ("arrests", "wine"):
        with pytest.raises(SpecError, match="was edited"):
            write_demo(name, tmp_path)
    assert (tmp_path / "attestations.yaml").read_text() == "signed\n"


def test_a_missing_extra_names_its_command(monkeypatch, tmp_path):
    problem = {"place": "audit demo arrests", "message": "not installed.", "hint": "pip install 'model-audit[demo]'"}
    ended = subprocess.CompletedProcess([], 2, stdout=json.dumps([problem]), stderr="")
    monkeypatch.setattr("audit.cli.demo.subprocess.run", lambda *args, **options: ended)
    with pytest.raises(MissingDependencyError, match=r"model-audit\[demo\]"):
        write_demo("arrests", tmp_path)
    assert not list(tmp_path.iterdir())


def test_without_scikit_lego_the_process_tells_so(tmp_path):
    blocked = (
        "import sys; sys.modules['sklego'] = None; sys.modules['sklego.datasets'] = None\n"
        "from audit.demo.__main__ import main\n"
        f"sys.exit(main('arrests', {str(tmp_path)!r}))"
    )
    ended = subprocess.run([sys.executable, "-c", blocked], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "pip install 'model-audit[demo]'" in json.loads(ended.stdout)[0]["hint"]


def test_a_process_that_breaks_is_told_in_its_last_words(monkeypatch, tmp_path):
    ended = subprocess.CompletedProcess([], 1, stdout="", stderr="Traceback\nImportError: no such thing\n")
    monkeypatch.setattr("audit.cli.demo.subprocess.run", lambda *args, **options: ended)
    with pytest.raises(DataError, match="no such thing"):
        write_demo("wine", tmp_path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SpecError, match="cannot be written"):
        write_demo("wine", tmp_path / "file" / "demo")


def test_the_command_imports_nothing_heavy():
    code = (
        "import sys, audit.cli.demo, audit.cli.policies, audit.policy.judge, audit.policy.conclude\n"
        "import audit.policy.record\n"
        "from audit.policy.read import read_pack\n"
        "from audit.resources import shipped_packs\n"
        "[read_pack(path) for path in shipped_packs().values()]\n"
        "heavy = {'numpy', 'pandas', 'sklearn', 'shap', 'scipy', 'jinja2', 'weasyprint'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)) or 0)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(("code", "ends"), [(0, 0), (1, 0), (3, 0), (4, 4)])
def test_the_command_ends_0_once_written_and_prints_what_a_run_would(code, ends, monkeypatch, capsys, tmp_path):
    seen = []
    monkeypatch.setattr("audit.cli.demo.write_demo", lambda name, folder: seen.append((name, folder)))
    monkeypatch.setattr("audit.cli.run.audited", lambda spec, out, overrides, today: seen.append((spec, out)))
    monkeypatch.setattr("audit.cli.run.written", lambda record, out, as_json: code)
    with pytest.raises(typer.Exit) as ended:
        demo("wine", tmp_path / "d")
    assert ended.value.exit_code == ends
    assert seen == [("wine", tmp_path / "d"), (tmp_path / "d" / "audit.yaml", tmp_path / "d" / "report")]
    assert f"would end with exit code {code}." in capsys.readouterr().out
