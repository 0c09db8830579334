"""Every key of the spec, walked from its type: a wrong type and a wrong value end in one sentence with its position."""

# ruff: noqa: E501 (texts stand whole, as they are written and printed)

import itertools
import re
import types
from typing import Any, Literal, Union, get_args, get_origin

import pytest
import yaml
from annotated_types import Ge, Gt, Le, Lt
from pydantic import TypeAdapter, ValidationError

from audit.errors import Problem, SpecError
from audit.records.base import Record
from audit.records.spec import AuditSpec

BASE = {"model": {"path": "model.skops"}, "data": {"test": "test.csv", "target": "y"}}
CANDIDATES = ["wrong", 3.5, -1, True, False, None, [["x"]], [{}], {"nonsense": [1]}, []]
JARGON = re.compile(
    r"[Ii]nput|pydantic|validation error|literal|extra_|tuple|\bdict\b|\bstr\b|\bint\b|None|Union|Spec\b|model_type|\bTrue\b|\bFalse\b"
)


def choices(kind):
    return get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)


def keys(kind, loc=()):
    """Yield (key path, annotation, bounds) of every key below a record type."""
    for name, info in kind.model_fields.items():
        here = (*loc, name)
        yield here, info.annotation, tuple(info.metadata)
        yield from inside(info.annotation, here)


def inside(kind, loc):
    for choice in choices(kind):
        if isinstance(choice, type) and issubclass(choice, Record):
            yield from keys(choice, loc)
        elif get_origin(choice) is tuple:
            yield (*loc, 0), get_args(choice)[0], ()
            yield from inside(get_args(choice)[0], (*loc, 0))
        elif get_origin(choice) is dict and get_args(choice)[1] is not Any:
            yield (*loc, "some_key"), get_args(choice)[1], ()
            yield from inside(get_args(choice)[1], (*loc, "some_key"))


KEYS = list(keys(AuditSpec))


def refused_by_pydantic(kind, value):
    """The oracle: strict JSON reading by the type itself, where an absent section is no fault."""
    section = any(isinstance(c, type) and issubclass(c, Record) for c in choices(kind))
    if value is None and section:
        return False
    if value == {"nonsense": [1]} and section:
        return False  # an unknown key, which has a test of its own
    try:
        TypeAdapter(kind).validate_python(with_tuples(value), strict=True)
    except ValidationError:
        return True
    return False


def with_tuples(value):
    if isinstance(value, dict):
        return {key: with_tuples(item) for key, item in value.items()}
    return tuple(map(with_tuples, value)) if isinstance(value, list) else value


def wrong_values(kind, bounds):
    for bound in bounds:
        match bound:
            case Ge(ge=limit):
                yield limit - 1
            case Gt(gt=limit):
                yield limit
            case Le(le=limit):
                yield limit + 1
            case Lt(lt=limit):
                yield limit
            case _:
                yield "f" * 63
    for choice in choices(kind):
        if get_origin(choice) is Literal and any(isinstance(value, str) for value in get_args(choice)):
            yield "wrong_word"


def with_value(loc, value):
    """Return the smallest spec with a value at a key path."""
    spec = {name: dict(section) for name, section in BASE.items()}
    node = spec
    for step, after in itertools.pairwise(loc):
        empty = [None] if isinstance(after, int) else {}
        if isinstance(step, int):
            node[0] = empty
        elif step not in node:
            node[step] = empty
        node = node[step]
    node[loc[-1]] = value
    return spec


def position(text, loc):
    """The oracle of positions: the tree that PyYAML composes."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for step in loc:
        if isinstance(step, int):
            node = node.value[step]
        else:
            node = next(value for key, value in node.value if key.value == step)
    return node.start_mark.line + 1, node.start_mark.column + 1


def path(loc):
    return "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in loc).lstrip(".")


def assert_told(error, text, loc):
    """One problem stands at exactly this key, or at a value inside it, and every problem is a sentence without jargon."""
    line, column = position(text, loc)
    where = f"spec.yaml:{line}:{column} {path(loc)}"
    here = [problem for problem in error.problems if problem.place == where]
    inside = [problem for problem in error.problems if f" {path(loc)}" in problem.place and problem not in here]
    assert len(here) + len(inside) == 1, f"{len(here)} problems at {where}: {error}"
    message = (here + inside)[0].message
    assert re.fullmatch(r"expected .+, found .+\.|the key '\w+' is missing; expected .+\.", message), message
    for problem in error.problems:
        assert re.match(r"spec\.yaml:\d+:\d+( |$)", problem.place), problem.place
        assert not JARGON.search(f"{problem.message} {problem.hint}"), str(problem)
        assert not problem.hint or problem.hint[-1] in '.?])"' or ":" in problem.hint, problem.hint


CASES = [
    (loc, value)
    for loc, kind, bounds in KEYS
    for value in [
        *(v for v in CANDIDATES if kind is not Any and refused_by_pydantic(kind, v)),
        *wrong_values(kind, bounds),
    ]
]


def test_every_key_with_a_type_has_a_wrong_value_to_try():
    tried = {loc for loc, _ in CASES}
    assert {loc for loc, kind, _ in KEYS if kind is not Any and loc[-1] not in ("params", "facts")} <= tried
    assert len(CASES) > 300


@pytest.mark.parametrize(("loc", "value"), CASES, ids=lambda v: path(v) if isinstance(v, tuple) else repr(v))
@pytest.mark.parametrize("flow", [True, False])
def test_a_wrong_type_or_value_is_told_at_its_key(read, loc, value, flow):
    text = yaml.safe_dump(with_value(loc, value), default_flow_style=flow, sort_keys=False)
    with pytest.raises(SpecError) as caught:
        read(text)
    assert_told(caught.value, text, loc)


@pytest.mark.parametrize(
    "section", sorted({loc[:-1] for loc, _, _ in KEYS if isinstance(loc[-1], str)} - {("data",)}, key=str), ids=path
)
def test_an_unknown_key_is_told_in_every_section(problems, section):
    if section and section[-1] in (
        "params",
        "facts",
        "roles",
        "bins",
        "reference",
        "score",
        "args",
        "groups",
        "monotone",
    ):
        return
    if section and section[-1] in ("monotone", "ranges", "wording"):
        return  # names of columns
    if "probabilities" in section:
        return  # names of features, and of groups
    text = yaml.safe_dump(with_value((*section, "unheard_of"), 1), sort_keys=False)
    assert any(
        re.match(rf"spec\.yaml:\d+:\d+ {re.escape(path((*section, 'unheard_of')))}: unknown key", p)
        for p in problems(text)
    )


def raw_reader(text):
    """A known-bad double: what the schema library says, handed on as it is."""
    try:
        AuditSpec.model_validate(yaml.safe_load(text))
    except ValidationError as error:
        raise SpecError(*(Problem(path(e["loc"]), e["msg"]) for e in error.errors())) from error


@pytest.mark.parametrize("loc", [("seed",), ("performance", "cross_validation", "folds"), ("performance",)], ids=path)
def test_the_check_itself_notices_a_reader_that_hands_on_raw_errors(loc):
    text = yaml.safe_dump(with_value(loc, "wrong"))
    with pytest.raises(SpecError) as caught:
        raw_reader(text)
    with pytest.raises(AssertionError):
        assert_told(caught.value, text, loc)
