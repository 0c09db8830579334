"""The record names every file by its digest, so that equal digests mean equal inputs."""

from __future__ import annotations

import hashlib
from pathlib import Path

import yaml

import audit


def test_every_input_is_named_by_its_digest(folder: Path) -> None:
    record = audit.run(folder / "audit.yaml")
    named = {file.role: file for file in record.provenance.files}
    for role, name in {"spec": "audit.yaml", "factory": "factory.py", "train": "train.csv", "test": "test.csv"}.items():
        assert named[role].name == name
        assert named[role].sha256 == hashlib.sha256((folder / name).read_bytes()).hexdigest()
    assert {"pack", "templates"} <= set(named)
    assert "Code of the estimator" in audit.render(record, "html").decode()


def test_other_code_of_the_estimator_gives_another_digest(folder: Path) -> None:
    spec = yaml.safe_load((folder / "audit.yaml").read_text(encoding="utf-8")) | {"attribution": False}
    first = audit.run(spec, folder=folder)
    with (folder / "factory.py").open("a", encoding="utf-8") as file:
        file.write("\n# the same model by other words\n")
    second = audit.run(spec, folder=folder)
    assert first.observations == second.observations
    assert first.digest != second.digest
