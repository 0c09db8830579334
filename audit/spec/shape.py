"""A tree of nodes to the record type that it should have, with a sentence for everything that does not fit."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final, Generic, Literal, TypeVar, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt

from audit.records.base import Record
from audit.spec.document import Mark, Node, PlacedProblem, placed, plain_value

Loc = tuple[str | int, ...]
R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Shaped(Generic[R]):
    """What could be made of a tree."""

    fields: Mapping[str, Any]
    """The top-level fields that fit, as records and plain values."""
    problems: tuple[PlacedProblem, ...]
    faulty: frozenset[str]
    """Top-level keys under which something does not fit."""


def shaped(kind: type[R], root: Node, advice: Mapping[tuple[str, str], str] | None = None) -> Shaped[R]:
    """Fit a tree into a record type.

    Parameters
    ----------
    kind
        The record type.
    root
        The tree.
    advice
        `(key path, value)` to a sentence that says more than "expected one of".
    """
    fitting = _Fitting(kind, advice or {})
    fields = fitting.fields(root, kind, ())
    return Shaped(fields, tuple(fitting.problems), frozenset(fitting.faulty))


def suggestion(name: str, known: list[str] | tuple[str, ...]) -> str:
    """Return "Did you mean 'accuracy'?", or the known names where none is near."""
    folded = {candidate.casefold().replace("-", "_"): candidate for candidate in known}
    near = get_close_matches(name.casefold().replace("-", "_").strip(), folded, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {folded[near[0]]!r}?"
    return f"Known: {', '.join(known)}." if known else ""


class _Misfit:
    """Stands for a value that does not fit and has been told of."""


_MISFIT: Final = _Misfit()


@dataclass
class _Fitting:
    """Collects problems while a tree is fitted."""

    root: type[Record]
    advice: Mapping[tuple[str, str], str]
    problems: list[PlacedProblem] = field(default_factory=list)
    faulty: set[str] = field(default_factory=set)

    def fields(self, node: Node, kind: type[Record], loc: Loc) -> dict[str, Any]:
        """Return the fields of a section that fit."""
        if node.kind != "section":
            self._mismatch(node, kind, (), loc)
            return {}
        found: dict[str, Any] = {}
        for key, entry in node.entries.items():
            if key not in kind.model_fields:
                self._unknown_key(key, entry.mark, kind, loc)
            elif not (_is_nothing(entry.node) and _is_section(kind.model_fields[key].annotation)):
                info = kind.model_fields[key]
                value = self.fit(entry.node, info.annotation, tuple(info.metadata), (*loc, key))
                if not isinstance(value, _Misfit):
                    found[key] = value
        for key, info in kind.model_fields.items():
            left_out = key not in node.entries or (_is_nothing(node.entries[key].node) and _is_section(info.annotation))
            if left_out and info.is_required():
                what = f"the key {key!r} is missing; expected {_expected(info.annotation, tuple(info.metadata))}."
                self._problem(node.mark, (*loc, key), what, "Add it.")
        return found

    def fit(self, node: Node, kind: Any, bounds: tuple[Any, ...], loc: Loc) -> Any:
        """Return the value that a node stands for, or `_MISFIT`."""
        if node.kind == "unreadable":
            return self._misfit(loc)
        if kind is Any:
            return plain_value(node)
        fitting = sorted((c for c in _choices(kind) if _admits(c, node)), key=lambda c: c is not type(node.value))
        if not fitting:
            return self._mismatch(node, kind, bounds, loc)
        choice = fitting[0]
        if node.kind == "section":
            return self._section(node, choice, loc)
        if node.kind == "list":
            return self._list(node, choice, loc)
        return self._scalar(node, choice, bounds, loc)

    def _section(self, node: Node, kind: Any, loc: Loc) -> Any:
        before = len(self.problems)
        if get_origin(kind) is dict:
            inner = get_args(kind)[1]
            values = {key: self.fit(entry.node, inner, (), (*loc, key)) for key, entry in node.entries.items()}
            return self._whole(values, before, loc)
        fields = self.fields(node, kind, loc)
        return _MISFIT if len(self.problems) > before or self._hidden(node) else kind(**fields)

    def _list(self, node: Node, kind: Any, loc: Loc) -> Any:
        before = len(self.problems)
        inner = get_args(kind)[0]
        items = {i: self.fit(item, inner, (), (*loc, i)) for i, item in enumerate(node.items)}
        whole = self._whole(items, before, loc)
        return whole if isinstance(whole, _Misfit) else tuple(whole.values())

    def _whole(self, values: dict[Any, Any], before: int, loc: Loc) -> Any:
        if len(self.problems) > before or any(isinstance(v, _Misfit) for v in values.values()):
            return self._misfit(loc)
        return values

    def _scalar(self, node: Node, kind: Any, bounds: tuple[Any, ...], loc: Loc) -> Any:
        value = _as_kind(node, kind)
        if value is not None and any(not _within(value, bound) for bound in bounds):
            return self._mismatch(node, kind, bounds, loc)
        return value

    def _hidden(self, node: Node) -> bool:
        return any(entry.node.kind == "unreadable" for entry in node.entries.values())

    def _misfit(self, loc: Loc) -> _Misfit:
        self.faulty.update(str(step) for step in loc[:1])
        return _MISFIT

    def _mismatch(self, node: Node, kind: Any, bounds: tuple[Any, ...], loc: Loc) -> _Misfit:
        advice = self.advice.get((".".join(map(str, loc)), str(node.value)))
        if advice:
            self._problem(node.mark, loc, advice, "")
        else:
            message = f"expected {_expected(kind, bounds)}, found {_found(node)}."
            self._problem(node.mark, loc, message, _next_step(node, kind))
        return _MISFIT

    def _unknown_key(self, key: str, mark: Mark, kind: type[Record], loc: Loc) -> None:
        homes = list(_homes(self.root, key))
        hint = f"It belongs under {' or '.join(homes)}." if homes else suggestion(key, tuple(kind.model_fields))
        self._problem(mark, (*loc, key), f"unknown key {key!r}.", "It belongs at the top." if homes == [""] else hint)

    def _problem(self, mark: Mark, loc: Loc, message: str, hint: str) -> None:
        self.problems.append(placed(mark, loc, message, hint))
        self.faulty.update(str(step) for step in loc[:1])


def _choices(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)


def _is_record(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Record)


def _is_section(kind: Any) -> bool:
    return any(_is_record(choice) for choice in _choices(kind))


def _is_nothing(node: Node) -> bool:
    return node.kind == "scalar" and node.value is None


def _admits(kind: Any, node: Node) -> bool:
    """Whether a node is of this kind, bounds aside."""
    if kind is Any:
        return True
    if node.kind == "section":
        return _is_record(kind) or get_origin(kind) is dict
    if node.kind == "list":
        return get_origin(kind) is tuple
    return not isinstance(_as_kind(node, kind), _Misfit)


def _as_kind(node: Node, kind: Any) -> Any:
    """Return a scalar as one of its kind, or `_MISFIT`."""
    value = node.value
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if get_origin(kind) is Literal:
        written = {type(value): value, bool: _as_boolean(node)}
        return next((word for word in get_args(kind) if _same(word, written.get(type(word)))), _MISFIT)
    if kind is bool:
        return boolean if isinstance(boolean := _as_boolean(node), bool) else _MISFIT
    if kind is int and number and value == int(value):  # type: ignore[arg-type]
        return int(value)
    if kind is float and number and abs(value) < 1e308:  # type: ignore[arg-type]
        return float(value)  # type: ignore[arg-type]
    if kind is str and isinstance(value, str):
        return value
    return value if kind is type(None) and value is None else _MISFIT


def _as_boolean(node: Node) -> Any:
    if node.plain and isinstance(node.value, str):
        return {"no": False, "off": False, "yes": True, "on": True}.get(node.value.lower(), node.value)
    return node.value


def _same(a: object, b: object) -> bool:
    return type(a) is type(b) and a == b


def _within(value: Any, bound: Any) -> bool:
    match bound:
        case Ge(ge=limit):
            return bool(value >= limit)
        case Gt(gt=limit):
            return bool(value > limit)
        case Le(le=limit):
            return bool(value <= limit)
        case Lt(lt=limit):
            return bool(value < limit)
    return re.search(bound.pattern, value) is not None


def _expected(kind: Any, bounds: tuple[Any, ...]) -> str:
    choices = [choice for choice in _choices(kind) if choice is not type(None)]
    if set(choices) == {bool, int, float, str}:
        return "text, a number, true or false"
    return " or ".join(_expected_one(choice, bounds) for choice in sorted(choices, key=_is_section))


def _expected_one(kind: Any, bounds: tuple[Any, ...]) -> str:
    if _is_record(kind):
        return f"a section with {', '.join(kind.model_fields)}"
    if get_origin(kind) is Literal:
        values = [str(v).lower() if isinstance(v, bool) else str(v) for v in get_args(kind)]
        return values[0] if len(values) == 1 else f"one of {', '.join(values)}"
    if get_origin(kind) is tuple:
        return f"a list of {_plural(get_args(kind)[0])}"
    if get_origin(kind) is dict:
        inner = get_args(kind)[1]
        return "a section" if inner is Any else f"a section of {_plural(inner)} by name"
    return _NAMES[kind] + _range(bounds, kind) if kind in _NAMES else "a value"


_NAMES: dict[Any, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


def _plural(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return ", ".join(map(str, get_args(kind)))
    if get_origin(kind) is tuple:
        return f"lists of {_plural(get_args(kind)[0])}"
    names = {int: "whole numbers", float: "numbers", str: "text"}
    return " or ".join(names.get(choice, "sections") for choice in reversed(_choices(kind)))


def _range(bounds: tuple[Any, ...], kind: Any) -> str:
    words = []
    for bound in bounds:
        match bound:
            case Ge(ge=limit):
                words.append(f"from {limit}")
            case Gt(gt=limit):
                words.append(f"above {limit}")
            case Le(le=limit):
                words.append(f"to {limit}" if words else f"up to {limit}")
            case Lt(lt=limit) if kind is int:
                words.append(f"to {int(str(limit)) - 1}")
            case Lt(lt=limit):
                words.append(f"and below {limit}" if words else f"below {limit}")
            case _:
                words.append(_PATTERNS.get(bound.pattern, f"that matches {bound.pattern}"))
    return "".join(f" {word}" for word in words)


_PATTERNS = {"^[0-9a-f]{64}$": "of 64 digits 0-9 and a-f"}


def _found(node: Node) -> str:
    if node.kind == "section":
        keys = list(node.entries)
        return f"a section with {', '.join(keys[:4])}{' ...' if len(keys) > 4 else ''}" if keys else "an empty section"
    if node.kind == "list":
        return f"a list of {len(node.items)}" if node.items else "an empty list"
    if node.value is None:
        return "nothing"
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    if isinstance(node.value, str):
        return f"the text {_short(node.value)}"
    return f"the number {_short(node.text, quote=False)}"


def _short(text: str, quote: bool = True) -> str:
    cut = text if len(text) <= 60 else f"{text[:57]}..."
    return repr(cut) if quote else cut


def _next_step(node: Node, kind: Any) -> str:
    choices = _choices(kind)
    if node.kind == "scalar" and node.value is None:
        return "Give a value, or delete the key for its default."
    if node.kind == "scalar" and str in choices and not isinstance(node.value, str):
        return f'Put it in quotes: "{_short(node.text, quote=False)}".'
    if node.kind == "scalar" and any(get_origin(choice) is tuple for choice in choices):
        return f"Write it in brackets: [{_short(node.text, quote=not node.text.isidentifier())}]."
    words = [v for choice in choices if get_origin(choice) is Literal for v in get_args(choice) if isinstance(v, str)]
    if isinstance(node.value, str) and words:
        near = suggestion(node.value, words)
        return near if near.startswith("Did") else ""
    return ""


def _homes(kind: type[Record], key: str, path: str = "") -> Iterator[str]:
    """Yield the sections, by path, that know a key."""
    if key in kind.model_fields:
        yield path
    for name, info in kind.model_fields.items():
        for choice in _choices(info.annotation):
            if _is_record(choice) and name != "challenger":
                yield from _homes(choice, key, f"{path}.{name}".removeprefix("."))
