"""YAML text, or plain Python values, to a tree of nodes that know where they stand; ambiguous YAML is refused."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import yaml

from audit.errors import AuditError, Problem, SpecError
from audit.spec.scalars import resolved

MAX_BYTES = 1_000_000
MAX_DEPTH = 32
MAX_EVENTS = 20_000

Scalar = bool | int | float | str | None
Kind = Literal["scalar", "list", "section", "unreadable"]


@dataclass(frozen=True)
class Mark:
    """Where something is written."""

    source: str
    """File name, `--set key`, or nothing for values that came from Python."""
    line: int | None = None
    """From 1."""
    column: int | None = None
    """From 1."""

    def __str__(self) -> str:
        return self.source if self.line is None else f"{self.source}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Node:
    """A value and where it stands."""

    mark: Mark
    kind: Kind
    value: Scalar = None
    """Of a scalar, with its type; what plain text means follows YAML 1.2."""
    text: str = ""
    """Of a scalar, as written."""
    plain: bool = False
    """Whether a scalar was written without quotes."""
    items: tuple[Node, ...] = ()
    """Of a list."""
    entries: dict[str, Entry] = field(default_factory=dict)
    """Of a section, by key; keys are text as written."""


@dataclass(frozen=True)
class Entry:
    """A key of a section with its value."""

    mark: Mark
    """Where the key stands."""
    node: Node


@dataclass(frozen=True)
class PlacedProblem(Problem):
    """A problem that knows its line and key, so that problems can be put in the order of the text."""

    mark: Mark = Mark("")
    loc: tuple[str | int, ...] = ()


@dataclass(frozen=True)
class Document:
    """A tree with what was wrong with its text; an unreadable part stands in it as such."""

    root: Node
    problems: tuple[PlacedProblem, ...] = ()


def read_document(data: bytes, source: str, error: type[AuditError] = SpecError) -> Document:
    """Read one YAML document.

    Parameters
    ----------
    data
        Bytes of the file; UTF-8.
    source
        Name that problems begin with.
    error
        What to raise where the text cannot be read any further; anything less stands in `Document.problems`.
    """
    if len(data) > MAX_BYTES:
        raise error(Problem(source, f"the file is larger than {MAX_BYTES:,} bytes.", _NO_DATA_HERE))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        mark = _mark_of_byte(data, wrong.start, source)
        raise error(Problem(mark, "the text is not UTF-8.", "Save the file with the encoding UTF-8.")) from wrong
    return _Reading(text, source, error).document()


def document_from_values(value: object, source: str = "", error: type[AuditError] = SpecError) -> Document:
    """Make the same tree from dicts, lists and scalars."""
    problems: list[PlacedProblem] = []
    root = _node_of(value, Mark(source), (), 0, problems)
    if root.kind == "unreadable":
        raise error(*problems)
    return Document(root, tuple(problems))


def plain_value(node: Node) -> Any:
    """Return the dicts, lists and scalars that a node stands for."""
    if node.kind == "list":
        return [plain_value(item) for item in node.items]
    if node.kind == "section":
        return {key: plain_value(entry.node) for key, entry in node.entries.items()}
    return node.value


def placed(mark: Mark, loc: tuple[str | int, ...], message: str, hint: str = "") -> PlacedProblem:
    """Return the problem of a key."""
    return PlacedProblem(place(mark, loc), message, hint, mark, loc)


def in_order(problems: Sequence[Problem]) -> list[Problem]:
    """Return problems in the order of the text, after those that have no line."""
    return sorted(problems, key=_written_at)


def place(mark: Mark, loc: tuple[str | int, ...]) -> str:
    """Return `spec.yaml:12:7 performance.metrics[2]`."""
    return " ".join(part for part in (str(mark), key_path(loc)) if part)


def key_path(loc: tuple[str | int, ...]) -> str:
    """Return `performance.metrics[2]`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in loc)
    return text.removeprefix(".")


def _written_at(problem: Problem) -> tuple[int, int]:
    mark = problem.mark if isinstance(problem, PlacedProblem) else Mark("")
    return mark.line or 0, mark.column or 0


_NO_DATA_HERE = "Keep data in tables and name them here."


class _Reading:
    """One pass over the events of the pure-Python parser, with bounds that hold before anything is built."""

    def __init__(self, text: str, source: str, error: type[AuditError]) -> None:
        self.source = source
        self.error = error
        self.problems: list[PlacedProblem] = []
        self.lines = text.split("\n")
        self.events = self._bounded(text)

    def document(self) -> Document:
        next(self.events)  # the start of the stream
        first = next(self.events)
        if isinstance(first, yaml.StreamEndEvent):
            raise self._fatal(self._mark(first), "the file is empty.", "`audit new` writes a spec to start from.")
        root = self._node(next(self.events), (), 1)
        next(self.events)  # the end of the document
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self._fatal(self._mark(after), "a second document begins.", "Keep one document in a file.")
        return Document(root, tuple(self.problems))

    def _bounded(self, text: str) -> Iterator[Any]:
        try:
            for count, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
                if count >= MAX_EVENTS:
                    message = f"expected at most {MAX_EVENTS:,} values, keys and brackets."
                    raise self._fatal(self._mark(event), message, _NO_DATA_HERE)
                yield event
        except yaml.MarkedYAMLError as wrong:
            at = wrong.problem_mark or wrong.context_mark
            mark = Mark(self.source, at.line + 1, at.column + 1) if at else Mark(self.source)
            message, hint = _in_words(wrong)
            raise self._fatal(mark, message, hint) from wrong
        except yaml.reader.ReaderError as wrong:
            before = text[: wrong.position]
            mark = Mark(self.source, before.count("\n") + 1, len(before) - before.rfind("\n"))
            message = f"the character U+{ord(text[wrong.position]):04X} cannot stand in YAML."
            raise self._fatal(mark, message, "Delete it; it may be invisible.") from wrong

    def _node(self, event: Any, loc: tuple[str | int, ...], depth: int) -> Node:
        mark = self._mark(event)
        if depth > MAX_DEPTH:
            raise self._fatal(mark, f"values are nested deeper than {MAX_DEPTH} levels.", "A spec needs at most 6.")
        if isinstance(event, yaml.AliasEvent):
            self._problem(mark, loc, f"the alias *{_cut(event.anchor or '')} is not read.", "Write the value out.")
            return Node(mark, "unreadable")
        if event.anchor is not None:
            self._problem(mark, loc, f"the anchor &{_cut(event.anchor)} is not read.", "Write the value out.")
        if event.tag is not None:
            self._problem(mark, loc, f"the tag {_cut(event.tag)} is not read.", "Write the value without a tag.")
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, mark, loc)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(mark, loc, depth)
        return self._section(mark, loc, depth)

    def _scalar(self, event: Any, mark: Mark, loc: tuple[str | int, ...]) -> Node:
        plain = event.style is None
        if not _is_unicode(event.value):
            self._problem(mark, loc, "the text holds half a character (a lone surrogate).", "Write it whole.")
            return Node(mark, "unreadable")
        value = resolved(event.value) if plain else event.value
        if isinstance(value, float) and not _is_finite(value):
            self._problem(mark, loc, f"expected a finite number, found {_cut(event.value)}.", "")
            return Node(mark, "unreadable")
        return Node(mark, "scalar", value=value, text=event.value, plain=plain)

    def _list(self, mark: Mark, loc: tuple[str | int, ...], depth: int) -> Node:
        items: list[Node] = []
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self._node(event, (*loc, len(items)), depth + 1))
        return Node(mark, "list", items=tuple(items))

    def _section(self, mark: Mark, loc: tuple[str | int, ...], depth: int) -> Node:
        entries: dict[str, Entry] = {}
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._node(event, loc, depth + 1)
            name = key.text
            node = self._node(next(self.events), (*loc, name), depth + 1)
            if key.kind == "unreadable":
                continue
            if key.kind != "scalar":
                self._problem(key.mark, loc, "a key has to be text.", "Put it in quotes if it begins with [ or {.")
            elif name == "<<" and key.plain:
                self._problem(key.mark, loc, "the merge key << is not read.", "Write the values out.")
            elif name in entries:
                line = entries[name].mark.line
                message = f"the key {name!r} is given twice; first in line {line}."
                self._problem(key.mark, (*loc, name), message, "Delete one of the two.")
            else:
                entries[name] = Entry(key.mark, node)
        return Node(mark, "section", entries=entries)

    def _mark(self, event: Any) -> Mark:
        return Mark(self.source, event.start_mark.line + 1, event.start_mark.column + 1)

    def _problem(self, mark: Mark, loc: tuple[str | int, ...], message: str, hint: str) -> None:
        self.problems.append(placed(mark, loc, message, hint))

    def _fatal(self, mark: Mark, message: str, hint: str) -> AuditError:
        return self.error(*self.problems, Problem(str(mark), message, hint))


def _in_words(wrong: yaml.MarkedYAMLError) -> tuple[str, str]:
    told = f"{wrong.context or ''}; {wrong.problem or ''}"
    for sign, message, hint in _SYNTAX:
        if sign in told:
            return message, hint
    return f"this is no YAML: {wrong.problem}.", "Put text with special characters in quotes."


_UNEVEN = "this line is indented differently from its neighbours, or a quote or bracket before it is open."
_SYNTAX = (
    ("'\\t'", "a tab stands where only spaces may.", "Indent with spaces."),
    (
        "mapping values are not allowed",
        "a second ': ' stands in this line, or the line is indented too far.",
        "Put text that holds ': ' in quotes, or mend the indentation.",
    ),
    ("could not find expected ':'", "a key without ':' ends here.", "Write `key: value`."),
    ("quoted scalar", "a quote is opened and never closed.", "Close it."),
    ("flow sequence", "a '[' is opened and not closed before this place.", "Close it with ']' or add a comma."),
    ("flow mapping", "a '{' is opened and not closed before this place.", "Close it with '}' or add a comma."),
    ("block collection", _UNEVEN, "Give the items of one list the same indentation."),
    ("block mapping", _UNEVEN, "Give the keys of one section the same indentation."),
    ("block sequence", _UNEVEN, "Give the items of one list the same indentation."),
    ("cannot start any token", "text may not begin with this character.", "Put the text in quotes."),
    ("undefined tag handle", "a text that begins with ! is a tag, and tags are not read.", "Put the text in quotes."),
    ("alias", "a text that begins with * is an alias, and aliases are not read.", "Put the text in quotes."),
    ("anchor", "a text that begins with & is an anchor, and anchors are not read.", "Put the text in quotes."),
)


def _mark_of_byte(data: bytes, position: int, source: str) -> str:
    before = data[:position]
    return str(Mark(source, before.count(b"\n") + 1, position - before.rfind(b"\n")))


def _cut(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def _is_finite(value: float) -> bool:
    return float("-inf") < value < float("inf")


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _node_of(value: object, mark: Mark, loc: tuple[str | int, ...], depth: int, problems: list[PlacedProblem]) -> Node:
    def refused(message: str, hint: str = "") -> Node:
        problems.append(placed(mark, loc, message, hint))
        return Node(mark, "unreadable")

    if depth > MAX_DEPTH:
        return refused(f"values are nested deeper than {MAX_DEPTH} levels.")
    if isinstance(value, Mapping):
        return Node(mark, "section", entries=_entries_of(value, mark, loc, depth, problems))
    if isinstance(value, list | tuple):
        items = (_node_of(item, mark, (*loc, i), depth + 1, problems) for i, item in enumerate(value))
        return Node(mark, "list", items=tuple(items))
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, float) and not _is_finite(value):
        return refused(f"expected a finite number, found {value}.")
    if isinstance(value, str) and not _is_unicode(value):
        return refused("the text holds half a character (a lone surrogate).")
    if value is None or isinstance(value, bool | int | float | str):
        return Node(mark, "scalar", value=value, text=str(value))
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    return refused(f"expected text, a number, true, false, None, a list or a dict, found a {kind}.")


def _entries_of(
    value: Mapping[Any, Any], mark: Mark, loc: tuple[str | int, ...], depth: int, problems: list[PlacedProblem]
) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for key, item in value.items():
        name = str(key)
        inner = (*loc, name)
        if name in entries:
            message = f"the key {name!r} is given twice, as two types."
            problems.append(placed(mark, inner, message, "Delete one of the two."))
        entries[name] = Entry(mark, _node_of(item, mark, inner, depth + 1, problems))
    return entries
