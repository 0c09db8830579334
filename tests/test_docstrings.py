"""Every example in a docstring gives what it shows."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import audit

PACKAGE = Path(audit.__file__).parent
MODULES = sorted(
    ".".join(("audit", *path.relative_to(PACKAGE).with_suffix("").parts))
    for path in PACKAGE.rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_docstrings_hold(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    # The examples of the front door need a model: they are the README's, and its test runs them.
    assert found.attempted or name == "audit.api"
    assert not found.failed


def test_an_example_that_does_not_hold_is_found() -> None:
    case = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "bad", None, None)
    runner = doctest.DocTestRunner(verbose=False)
    assert runner.run(case, out=lambda _: None).failed == 1
