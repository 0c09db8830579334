"""Extensions are found by file and by entry point; a name that occurs twice, or does not load, stops the run."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import get_args

import pytest

from audit import catalogue
from audit.errors import AuditError, MissingDependencyError


@pytest.mark.parametrize("kind", get_args(catalogue.Kind))
def test_every_shipped_extension_loads_under_its_name(kind: catalogue.Kind) -> None:
    for name, declared in catalogue.load_all(kind).items():
        assert declared.name == name


def test_names_import_nothing() -> None:
    before = set(sys.modules)
    for kind in get_args(catalogue.Kind):
        assert catalogue.names(kind)
    assert not {m for m in set(sys.modules) - before if m.startswith("audit.metrics.")}


def test_a_registered_extension_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, EntryPoint("ours", "audit.metrics.accuracy:METRIC", "audit.metrics"))
    assert "ours" in catalogue.names("metrics")
    assert catalogue.load("metrics", "ours") is catalogue.load("metrics", "accuracy")


def test_a_name_that_occurs_twice_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, EntryPoint("accuracy", "audit.metrics.accuracy:METRIC", "audit.metrics"))
    with pytest.raises(AuditError, match="two extensions have this name"):
        catalogue.names("metrics")


def test_a_registered_extension_that_does_not_load_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, EntryPoint("broken", "no_such_module:METRIC", "audit.metrics"))
    with pytest.raises(MissingDependencyError, match="no_such_module"):
        catalogue.load("metrics", "broken")


def test_a_name_that_is_no_extension_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        catalogue.load("metrics", "acuracy")


def test_file_names_are_the_only_register() -> None:
    folder = Path(catalogue.__file__).parent / "metrics"
    stems = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")}
    assert set(catalogue.names("metrics")) == stems


def register(monkeypatch: pytest.MonkeyPatch, *points: EntryPoint) -> None:
    monkeypatch.setattr(catalogue, "entry_points", lambda group: [p for p in points if p.group == group])
