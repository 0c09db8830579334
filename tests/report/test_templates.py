"""Templates hold loops and ready booleans; the fixed words are all there."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from jinja2 import Environment, nodes

from audit.records.observation import Scope
from audit.records.sections import ColumnFacts, StageStatus, TableFacts
from audit.records.spec import Task
from audit.records.verdict import Citation, Conclusion, Kind, Origin, Outcome, Severity
from audit.report.templating import words
from audit.resources import resource_folder

TEMPLATES = sorted(resource_folder("templates").rglob("*.j2"))
ARITHMETIC = (nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow, nodes.Neg, nodes.Pos)
ORDERING = {"lt", "lteq", "gt", "gteq"}


def computations(source: str) -> list[str]:
    """Everything in a template that computes: arithmetic, comparison of numbers, filters."""
    tree = Environment().parse(source)
    found = [type(node).__name__ for kind in ARITHMETIC for node in tree.find_all(kind)]
    found += [operand.op for operand in tree.find_all(nodes.Operand) if operand.op in ORDERING]
    found += [
        f"number {node.value}"
        for node in tree.find_all(nodes.Const)
        if isinstance(node.value, int | float) and not isinstance(node.value, bool)
    ]
    found += [f"filter {node.name}" for node in tree.find_all(nodes.Filter)]
    return found


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.name)
def test_a_template_computes_nothing(path: Path) -> None:
    assert computations(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "{{ value * 100 }}",
        "{{ -value }}",
        "{% if value > limit %}x{% endif %}",
        "{{ value|round }}",
        "{% if rows == 3 %}x{% endif %}",
        "{{ a[0] }}",
    ],
)
def test_the_check_sees_what_computes(source: str) -> None:
    assert computations(source)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.name)
def test_no_template_marks_anything_as_safe_or_holds_script(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "autoescape" not in text and "|safe" not in text.replace(" ", "")
    assert "<script" not in text and "style=" not in text


WORDED = (
    ("outcome", Outcome),
    ("outcome_text", Outcome),
    ("gate", Outcome),
    ("next.gate", Outcome),
    ("kind", Kind),
    ("severity", Severity),
    ("origin", Origin),
    ("scope", Scope),
    ("scope_head", Scope),
    ("performance.basis", Scope),
    ("fairness.basis", Scope),
    ("summary.rows", Scope),
    ("task", Task),
    ("conclusion", Conclusion.model_fields["outcome"].annotation),
    ("summary.meaning", Conclusion.model_fields["outcome"].annotation),
    ("condition", Conclusion.model_fields["outcome"].annotation),
    ("checked", Citation.model_fields["checked"].annotation),
    ("stage", StageStatus.model_fields["status"].annotation),
    ("column_role", ColumnFacts.model_fields["role"].annotation),
    ("column_kind", ColumnFacts.model_fields["kind"].annotation),
    ("role", TableFacts.model_fields["role"].annotation),
)


@pytest.mark.parametrize(("group", "literal"), WORDED, ids=[group for group, _ in WORDED])
def test_every_word_that_a_record_may_use_is_in_the_catalogue(group: str, literal: object) -> None:
    assert {f"{group}.{name}" for name in get_args(literal)} <= words("en").keys


def test_an_unknown_word_is_an_error() -> None:
    with pytest.raises(KeyError):
        words("en")("outcome.unheard_of")


def test_a_name_from_the_record_is_no_format() -> None:
    assert words("en")("table.caption", caption="{0.__class__} {x}") == "{0.__class__} {x}"
