"""YAML text of a pack, an attestation file or a waiver file to a frozen type; every misfit with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from audit.errors import PolicyError, Problem
from audit.records.base import Record
from audit.spec.document import Mark, Node, place, plain_value, read_document
from audit.spec.shape import suggestion

T = TypeVar("T", bound=Record)
Loc = tuple[str | int, ...]


def read_bytes(path: Path, what: str) -> bytes:
    """Read a file that a spec names; `what` is what it should have been."""
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"expected {what}, but it cannot be read: {error.strerror}."
        raise PolicyError(Problem(path.name, message, "Check the path.")) from error


def read_tree(data: bytes, source: str) -> Node:
    """Read YAML strictly, raising every problem found."""
    document = read_document(data, source, PolicyError)
    if document.problems:
        raise PolicyError(*document.problems)
    return document.root


def typed(kind: type[T], root: Node, value: Any = None) -> T:
    """Return the typed form of a tree.

    Parameters
    ----------
    kind
        The type.
    root
        The tree, which knows its lines.
    value
        What to read instead of the tree's own values, when parameters have been put in their places.
    """
    text = json.dumps(plain_value(root) if value is None else value)
    try:
        return kind.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise PolicyError(*(_problem(detail, root, kind) for detail in _telling(error.errors(), root))) from error


def problem_at(root: Node, loc: Loc, message: str, hint: str = "") -> Problem:
    """Return a problem that points at the line of `loc`."""
    return Problem(place(_mark(root, loc), loc), message, hint)


def _telling(details: list[ErrorDetails], root: Node) -> list[ErrorDetails]:
    """Keep one detail for each place, and none about a section that is faulty only for what it holds."""
    by_place: dict[Loc, ErrorDetails] = {}
    for detail in details:
        by_place.setdefault(_written(root, detail["loc"]), detail)
    return [
        detail
        for loc, detail in by_place.items()
        if not any(other[: len(loc)] == loc and other != loc for other in by_place)
    ]


def _problem(detail: ErrorDetails, root: Node, kind: type[Record]) -> Problem:
    loc = _written(root, detail["loc"])
    match detail["type"]:
        case "extra_forbidden":
            near = suggestion(str(loc[-1]), _known(kind, detail["loc"][:-1]))
            return problem_at(root, loc, f"unknown key {loc[-1]!r}.", near)
        case "missing":
            return problem_at(root, loc, f"the key {detail['loc'][-1]!r} is missing.", "Add it.")
        case "value_error":
            return problem_at(root, loc, f"{detail['ctx']['error']}.")
        case _:
            message = detail["msg"].removeprefix("Input should be ")
            return problem_at(root, loc, f"expected {message}, found {_shown(detail['input'])}.")


def _written(root: Node, loc: Loc) -> Loc:
    """Drop the steps that name a branch of a union and not a key."""
    steps: list[str | int] = []
    node: Node | None = root
    for step in loc:
        inner = _child(node, step)
        if inner is not None or step == loc[-1]:
            steps.append(step)
            node = inner
    return tuple(steps)


def _mark(root: Node, loc: Loc) -> Mark:
    mark, node = root.mark, root
    for step in loc:
        inner = _child(node, step)
        if inner is None:
            break
        mark = node.entries[str(step)].mark if node.kind == "section" else inner.mark
        node = inner
    return mark


def _child(node: Node | None, step: str | int) -> Node | None:
    if node is None:
        return None
    if isinstance(step, int):
        return node.items[step] if node.kind == "list" and step < len(node.items) else None
    return node.entries[step].node if step in node.entries else None


def _known(kind: Any, loc: Loc) -> tuple[str, ...]:
    """Return the keys that the section at `loc` may have."""
    for step in loc:
        if isinstance(step, str) and step in _fields(kind):
            kind = _fields(kind)[step]
    return tuple(_fields(kind))


def _fields(kind: Any) -> dict[str, Any]:
    for candidate in (kind, *_inside(kind)):
        if isinstance(candidate, type) and issubclass(candidate, Record):
            return {info.alias or name: info.annotation for name, info in candidate.model_fields.items()}
    return {}


def _inside(kind: Any) -> list[Any]:
    inner = list(getattr(kind, "__args__", ()))
    return inner + [deeper for arg in inner for deeper in _inside(arg)]


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."
