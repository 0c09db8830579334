"""Names in a spec and its packs to declared objects, files and one list of requests; every unknown name at once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audit.errors import AuditError, PolicyError, Problem, SpecError
from audit.policy.attestations import Statements, read_statements
from audit.policy.lock import Lock, read_lock
from audit.policy.read import ResolvedPack, read_packs
from audit.policy.requests import requests_of
from audit.records.plan import Plan
from audit.spec.document import in_order
from audit.spec.names import unknown_names
from audit.spec.paths import SpecFile, resolve_files
from audit.subject.sandbox.inputs import opened

if TYPE_CHECKING:
    from audit.spec.read import ReadSpec


@dataclass(frozen=True)
class Intent:
    """A spec held against the files, extensions and packs of this system: everything it names is there."""

    read: ReadSpec
    files: tuple[SpecFile, ...]
    packs: tuple[ResolvedPack, ...]
    statements: Statements
    lock: Lock | None = None
    """The lock that the packs agree with, where the spec names one."""


def intent_of(read: ReadSpec) -> Intent:
    """Look up everything that a spec names.

    Raises
    ------
    SpecError, PolicyError
        With everything that is missing, unknown or unreadable.
    """
    files: list[SpecFile] = []
    _raise_if(SpecError, (*unknown_names(read), *_problems(lambda: files.extend(resolve_files(read)))))
    packs: list[ResolvedPack] = []
    statements: list[Statements] = []
    unreadable = (
        *_problems(lambda: statements.append(read_statements(read.spec, read.folder))),
        *_problems(lambda: packs.extend(read_packs(read.spec, read.folder))),
    )
    _raise_if(PolicyError, unreadable)
    locks: list[Lock | None] = []
    _raise_if(PolicyError, _problems(lambda: locks.append(read_lock(read.spec, read.folder, packs))))
    return Intent(read=read, files=tuple(files), packs=tuple(packs), statements=statements[0], lock=locks[0])


@contextlib.contextmanager
def opened_plan(intent: Intent) -> Iterator[Plan]:
    """Open and hash what the measuring process will read, for as long as the context lasts."""
    measured = tuple((file.role, file.path) for file in intent.files if file.role in _MEASURED)
    with opened(measured) as inputs:
        yield Plan(
            spec=intent.read.spec,
            folder=str(intent.read.folder),
            inputs=inputs,
            requests=requests_of(intent.packs, intent.read.spec),
        )


# What the parent reads itself never goes to the child.
_MEASURED = frozenset(
    {
        "model", "factory", "code", "challenger", "challenger_factory", "challenger_code", "test", "train", "reference",
        "sensitive",
    }
)  # fmt: skip


def _raise_if(kind: type[AuditError], problems: tuple[Problem, ...]) -> None:
    if problems:
        raise kind(*in_order(problems))


def _problems(step: Callable[[], object]) -> tuple[Problem, ...]:
    try:
        step()
    except AuditError as error:
        return error.problems
    return ()
