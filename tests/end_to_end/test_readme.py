"""Every command, spec and line of Python in README.md works as written."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import skops.io
import yaml
from sklearn.linear_model import LogisticRegression

import audit
from audit import catalogue

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.parametrize("name", ["demo", "test"])
def test_ci_runs_the_commands_that_the_readme_shows(name: str) -> None:
    shown = subprocess.run(
        [sys.executable, ROOT / ".ci/readme-command", name], capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() in README
    assert f"readme-command {name}" in (ROOT / ".ci/run").read_text(encoding="utf-8")


def test_the_spec_by_example_is_sound(tmp_path: Path, command: Any) -> None:
    spec = next(block for block in blocks("yaml") if block.startswith("audit: 1"))
    for name in ("model.skops", "test.csv", "train.csv"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    (tmp_path / "audit.yaml").write_text(spec, encoding="utf-8")
    done = command("check", "audit.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_further_keys_by_example_are_sound(tmp_path: Path, command: Any) -> None:
    spec, further = (
        yaml.safe_load(next(block for block in blocks("yaml") if block.startswith(start)))
        for start in ("audit: 1", "# Keys to merge")
    )
    for name in ("model.skops", "last_year.skops", "test.csv", "train.csv"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    (tmp_path / "audit.yaml").write_text(yaml.safe_dump(spec | further), encoding="utf-8")
    done = command("check", "audit.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_numbers_of_measures_are_those_of_the_catalogue() -> None:
    metrics, parities = re.search(r"out of (\d+);.*?(\d+) parities", README, flags=re.DOTALL).groups()  # type: ignore[union-attr]
    assert int(metrics) == len(catalogue.names("metrics"))
    assert int(parities) == len(catalogue.names("disparities"))


def test_every_command_of_the_table_exists(folder: Path, command: Any) -> None:
    named = set(re.findall(r"^\| `audit (\w+)", README, flags=re.MULTILINE))
    listed = set(
        re.findall(r"^  (\w+) ", command("--help", cwd=folder).stdout.split("Commands:")[1], flags=re.MULTILINE)
    )
    assert named == listed


def test_a_starter_spec_is_written_and_audited(folder: Path, command: Any) -> None:
    train = pd.read_csv(folder / "train.csv")
    model = LogisticRegression().fit(train[["income", "debt", "noise"]], train["paid"])
    skops.io.dump(model, folder / "model.skops")
    done = command(
        "new", "--model", "model.skops", "--data", "test.csv", "--target", "paid", "--out", "mine.yaml", cwd=folder
    )
    assert done.returncode == 0, done.stderr
    assert command("check", "mine.yaml", cwd=folder).returncode == 0
    audited = command("run", "mine.yaml", "--set", "report.formats=[json]", cwd=folder)
    assert audited.returncode in (0, 1, 3), audited.stderr


def test_the_exit_codes_of_the_readme_are_those_of_the_program() -> None:
    for code, words in ((0, "meets"), (1, "does not meet"), (2, "could not audit"), (3, "inconclusive or incomplete")):
        assert f"{code} {words}" in README
    assert audit.AuditError.exit_code == 2


def test_the_lines_of_python_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    train, held_out = (
        pd.read_csv(folder / name).rename(columns={"paid": "default"}) for name in ("train.csv", "test.csv")
    )
    columns = ["income", "debt", "noise"]
    names = {
        "fitted": LogisticRegression().fit(train[columns], train["default"]),
        "held_out": held_out,
        "train": train,
    }
    exec(compile(blocks("python")[0], "README.md", "exec"), names)
    assert names["record"].subject.model.format == "memory"
    assert names["html"].startswith(b"<!doctype html>") or names["html"].startswith(b"<!DOCTYPE html>")


def test_the_gate_in_ci_is_a_workflow() -> None:
    workflow = next(yaml.safe_load(block) for block in blocks("yaml") if block.startswith("name: model gate"))
    steps = workflow["jobs"]["audit"]["steps"]
    assert any("audit run" in step.get("run", "") for step in steps)
