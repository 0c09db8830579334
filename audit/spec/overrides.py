"""`--set key=value` to a change of the spec's tree."""

from __future__ import annotations

from dataclasses import replace

from audit.errors import Problem, SpecError
from audit.spec.document import Entry, Mark, Node, read_document


def overridden(root: Node, overrides: tuple[str, ...]) -> Node:
    """Return the tree with each `key.path=value` put in its place; later ones win."""
    problems: list[Problem] = []
    for text in overrides:
        key, sign, value = text.partition("=")
        source = f"--set {key.strip()}"
        if not sign or not all(key.strip().split(".")):
            message = "expected key=value with a dotted key."
            problems.append(Problem(f"--set {text}", message, "For example: --set performance.interval.level=0.9"))
            continue
        try:
            root = _with(root, key.strip().split("."), _value(value, source), source)
        except SpecError as error:
            problems.extend(replace(problem, place=source) for problem in error.problems)
    if problems:
        raise SpecError(*problems)
    return root


def as_mapping(overrides: tuple[str, ...]) -> dict[str, str]:
    """Return key to value as written, as the provenance keeps them."""
    return {key.strip(): value for key, _, value in (text.partition("=") for text in overrides)}


def _value(text: str, source: str) -> Node:
    if not text.strip():
        return Node(Mark(source), "scalar", plain=True)
    document = read_document(text.encode(), source)
    if document.problems:
        raise SpecError(*document.problems)
    return _at(document.root, Mark(source))


def _at(node: Node, mark: Mark) -> Node:
    entries = {key: Entry(mark, _at(entry.node, mark)) for key, entry in node.entries.items()}
    return replace(node, mark=mark, items=tuple(_at(item, mark) for item in node.items), entries=entries)


def _with(node: Node, path: list[str], value: Node, source: str) -> Node:
    key, *rest = path
    if node.kind != "section":
        raise SpecError(Problem(source, f"the spec holds no section above {key!r}.", "Give the whole value above it."))
    if rest:
        absent = Entry(Mark(source), Node(Mark(source), "section"))
        inner = node.entries.get(key, absent).node
        empty = inner.kind == "scalar" and inner.value is None
        value = _with(absent.node if empty else inner, rest, value, source)
    return replace(node, entries={**node.entries, key: Entry(Mark(source), value)})
