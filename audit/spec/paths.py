"""File names in a spec to files that it may read: under its own folder, or under a place that it allows by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from audit.errors import Problem, SpecError
from audit.records.spec import ModelSpec
from audit.spec.document import PlacedProblem

if TYPE_CHECKING:
    from audit.spec.read import ReadSpec


@dataclass(frozen=True)
class SpecFile:
    """A file that the spec names."""

    role: str
    """model, factory, code, challenger, challenger_factory, challenger_code, test, train, reference, sensitive,
    attestations, waivers, lock or pack."""
    path: Path
    """Resolved, absolute."""


def resolve_files(read: ReadSpec) -> tuple[SpecFile, ...]:
    """Return every file that a spec names, or raise with all those that are missing or out of bounds."""
    files: list[SpecFile] = []
    problems: list[PlacedProblem] = []
    for role, loc, text in _named(read):
        try:
            path = resolve_path(read.folder, read.spec.allow_paths, text, read.position(loc))
        except SpecError as error:
            problems.extend(read.problem(loc, problem.message, problem.hint) for problem in error.problems)
        else:
            files.append(SpecFile(role, path))
    if problems:
        raise SpecError(*problems)
    return tuple(files)


def resolve_path(folder: Path, allow_paths: tuple[str, ...], text: str, place: str) -> Path:
    """Return the real path of a file that the spec names.

    Parameters
    ----------
    folder
        Folder of the spec; relative names start there.
    allow_paths
        Other places that may be read, relative to the folder or absolute.
    text
        The name as written.
    place
        Where it is written, for the error.

    Raises
    ------
    SpecError
        The file is missing, no regular file, or, symlinks followed, outside every allowed place.
    """
    if "\0" in text or not text.strip():
        raise SpecError(Problem(place, f"expected the name of a file, found {text!r}."))
    written = folder / text
    try:
        path = written.resolve()
        kind = _kind_of(path)
    except (OSError, RuntimeError) as error:
        raise SpecError(Problem(place, f"the file {text!r} cannot be reached: {error}.")) from error
    homes = [folder.resolve(), *((folder / allowed).resolve() for allowed in allow_paths)]
    if not any(path == home or path.is_relative_to(home) for home in homes):
        link = f" (it leads to {path})" if written.absolute() != path else ""
        hint = f"Move it there, or name its folder: allow_paths: [{path.parent}]."
        raise SpecError(Problem(place, f"{text!r} lies outside the spec's folder{link}.", hint))
    if kind == "missing":
        raise SpecError(Problem(place, f"there is no file {text!r} in {folder}.", nearest_file(written, folder)))
    if kind != "file":
        raise SpecError(Problem(place, f"expected a file, found that {text!r} is {kind}."))
    return path


def nearest_file(written: Path, folder: Path) -> str:
    """Return a sentence with the file that a missing one may have been meant to be, as seen from `folder`."""
    parent = written.parent
    if not parent.is_dir():
        return f"The folder {parent} does not exist."
    names = sorted(entry.name for entry in parent.iterdir() if entry.is_file())
    near = get_close_matches(written.name, names, n=1)
    if near:
        found = parent / near[0]
        return f"Did you mean {str(found.relative_to(folder) if found.is_relative_to(folder) else found)!r}?"
    return "Names are relative to the folder of the spec."


def is_pack_path(name: str) -> bool:
    """Whether an entry of `policies` names a file rather than a shipped pack."""
    return name.endswith((".yaml", ".yml"))


def _kind_of(path: Path) -> str:
    if path.is_file():
        return "file"
    if path.is_dir():
        return "a folder"
    return "no regular file" if path.exists() else "missing"


def _named(read: ReadSpec) -> Iterator[tuple[str, tuple[str | int, ...], str]]:
    spec = read.spec
    data = spec.data
    table = spec.sensitive.table
    challenger = spec.challenger
    single: tuple[tuple[str, tuple[str | int, ...], str | None], ...] = (
        ("model", ("model", "path"), spec.model.path),
        ("challenger", ("challenger", "path"), challenger.path if challenger else None),
        ("test", ("data", "test"), data.test),
        ("train", ("data", "train"), data.train),
        ("reference", ("data", "reference"), data.reference),
        ("sensitive", ("sensitive", "table", "path"), table.path if table else None),
        ("attestations", ("attestations",), spec.attestations),
        ("waivers", ("waivers",), spec.waivers),
        ("lock", ("lock",), spec.lock),
    )
    yield from ((role, loc, text) for role, loc, text in single if text is not None)
    yield from _code(read.folder, "model", spec.model)
    if challenger is not None:
        yield from _code(read.folder, "challenger", challenger)
    for i, policy in enumerate(spec.policies):
        name, loc = (policy, ()) if isinstance(policy, str) else (policy.pack, ("pack",))
        if is_pack_path(name):
            yield "pack", ("policies", i, *loc), name


def _code(folder: Path, section: str, model: ModelSpec) -> Iterator[tuple[str, tuple[str | int, ...], str]]:
    """Yield the trusted code of the model or of the challenger, and the module of its factory."""
    prefix = "" if section == "model" else f"{section}_"
    yield from ((f"{prefix}code", (section, "code", i), text) for i, text in enumerate(model.code))
    if model.estimator is not None:
        modules = _modules(folder, model.estimator)
        yield from ((f"{prefix}factory", (section, "estimator"), text) for text in modules)


def _modules(folder: Path, estimator: str) -> Iterator[str]:
    """Yield the file of a factory's module where it stands beside the spec; an installed one is told by its version."""
    stem = estimator.partition(":")[0].replace(".", "/")
    yield from (name for name in (f"{stem}.py", f"{stem}/__init__.py") if (folder / name).is_file())
