"""A spec file, or a dict, to an AuditSpec that remembers where each of its keys stands."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audit.errors import Problem, SpecError
from audit.records.spec import AuditSpec
from audit.spec.document import (
    MAX_BYTES,
    Document,
    Node,
    PlacedProblem,
    document_from_values,
    in_order,
    place,
    placed,
    plain_value,
    read_document,
)
from audit.spec.overrides import as_mapping, overridden
from audit.spec.rules import ADVICE, findings
from audit.spec.shape import shaped

Loc = tuple[str | int, ...]


@dataclass(frozen=True)
class ReadSpec:
    """A spec with where it came from."""

    spec: AuditSpec
    folder: Path
    """Where relative file names start."""
    name: str
    """File name without its folder."""
    sha256: str
    """Of the file's bytes; of canonical JSON where the spec came from Python."""
    size: int
    """Bytes of the same."""
    overrides: Mapping[str, str]
    """Keys replaced by `--set`, with the text given."""
    root: Node = field(repr=False)
    """The tree that the spec was made of."""

    def position(self, loc: Loc) -> str:
        """Return `spec.yaml:12:7 performance.metrics[2]` for `("performance", "metrics", 2)`.

        A key that was left out has the position of the nearest section around it.
        """
        node, _ = _reached(self.root, loc)
        return place(node.mark, loc)

    def problem(self, loc: Loc, message: str, hint: str = "") -> PlacedProblem:
        """Return a problem of this key."""
        node, _ = _reached(self.root, loc)
        return placed(node.mark, loc, message, hint)

    def writes(self, loc: Loc) -> bool:
        """Whether the author wrote this key, rather than leaving it to its default."""
        return _reached(self.root, loc)[1] == len(loc)


def read_spec(path: Path, overrides: tuple[str, ...] = ()) -> ReadSpec:
    """Read a spec file.

    Parameters
    ----------
    path
        The YAML file.
    overrides
        `key.path=value`, each value a YAML scalar or flow collection.

    Raises
    ------
    SpecError
        With every problem that could be found.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SpecError(Problem(str(path), _unreadable(path, error), _instead(path))) from error
    document = read_document(data, path.name)
    spec, root = _spec_of(document, overrides)
    return ReadSpec(
        spec=spec,
        folder=path.resolve().parent,
        name=path.name,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        overrides=as_mapping(overrides),
        root=root,
    )


def spec_from_dict(values: Mapping[str, Any], folder: Path, overrides: tuple[str, ...] = ()) -> ReadSpec:
    """Make the same of a dict; file names in it are relative to `folder`."""
    document = document_from_values(values)
    spec, root = _spec_of(document, overrides)
    canonical = json.dumps(plain_value(document.root), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return ReadSpec(
        spec=spec,
        folder=folder.resolve(),
        name="spec",
        sha256=hashlib.sha256(canonical.encode()).hexdigest(),
        size=len(canonical.encode()),
        overrides=as_mapping(overrides),
        root=root,
    )


def spec_from_record(spec: AuditSpec, folder: Path) -> ReadSpec:
    """Hold a spec that was made in Python against the rules as well."""
    return spec_from_dict(spec.model_dump(exclude_unset=True), folder)


def _spec_of(document: Document, overrides: tuple[str, ...]) -> tuple[AuditSpec, Node]:
    if document.root.kind == "unreadable":
        raise SpecError(*document.problems)
    root = overridden(document.root, overrides)
    shape = shaped(AuditSpec, root, ADVICE)
    problems = [*document.problems, *shape.problems]
    sound = AuditSpec.model_construct(**shape.fields)
    missing = set(AuditSpec.model_fields) - set(sound.__dict__)
    misread = {str(problem.loc[0]) for problem in document.problems if problem.loc}
    for finding in findings(sound, shape.faulty | missing | misread):
        node, _ = _reached(root, finding.loc)
        problems.append(placed(node.mark, finding.loc, finding.message, finding.hint))
    if problems:
        raise SpecError(*in_order(problems))
    return AuditSpec(**shape.fields), root


def _reached(node: Node, loc: Loc) -> tuple[Node, int]:
    """Return the node at a key path, or the last one on the way there, and how many steps led to it."""
    for steps, step in enumerate(loc):
        inner = _inner(node, step)
        if inner is None:
            return node, steps
        node = inner
    return node, len(loc)


def _inner(node: Node, step: str | int) -> Node | None:
    if isinstance(step, int):
        return node.items[step] if step < len(node.items) else None
    return node.entries[step].node if step in node.entries else None


def _unreadable(path: Path, error: OSError) -> str:
    if path.is_dir():
        return "expected a spec file, found a folder."
    return "there is no such file." if isinstance(error, FileNotFoundError) else f"it cannot be read: {error.strerror}."


def _instead(path: Path) -> str:
    folder = path if path.is_dir() else path.parent
    found = sorted(p.name for p in folder.glob("*.y*ml")) if folder.is_dir() else []
    return f"Specs here: {', '.join(found[:5])}." if found else "`audit new` writes a spec to start from."
