"""The packs that a pack imports to one pack: their controls before its own, each under its own pack's conditions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit.errors import PolicyError, Problem
from audit.policy.document import problem_at
from audit.policy.pack import Applies, Control, Import, Pack
from audit.records.policy import ParameterRecord
from audit.spec.shape import suggestion

if TYPE_CHECKING:
    from audit.policy.read import ResolvedPack
    from audit.spec.document import Node

Read = Callable[[Path, Mapping[str, Any]], "ResolvedPack"]


def imported(pack: Pack, root: Node, locate: Callable[[str], Path], read: Read) -> tuple[ResolvedPack, ...]:
    """Read what a pack imports, cut down to the controls that it takes.

    Raises
    ------
    PolicyError
        With everything that is wrong with an import, at its line.
    """
    found: list[ResolvedPack] = []
    problems: list[Problem] = []
    for index, entry in enumerate(pack.imports):
        try:
            found.append(_taken(read(locate(entry.pack), entry.params), entry, root, index))
        except PolicyError as error:
            here = problem_at(root, ("imports", index, "pack"), f"{entry.pack} cannot be imported.")
            problems += [here, *error.problems]
    if problems:
        raise PolicyError(*problems)
    return tuple(found)


def merged(pack: Pack, bases: tuple[ResolvedPack, ...]) -> Pack:
    """Return the pack with the controls of its bases before its own."""
    theirs = (control for base in bases for control in _bound(base.pack))
    return pack.model_copy(update={"controls": (*theirs, *pack.controls)})


def imported_params(bases: tuple[ResolvedPack, ...]) -> tuple[ParameterRecord, ...]:
    """Return the parameters of the bases, each under the name of its pack."""
    return tuple(
        record if record.pack else record.model_copy(update={"pack": base.pack.pack.id})
        for base in bases
        for record in base.params
    )


def _taken(base: ResolvedPack, entry: Import, root: Node, index: int) -> ResolvedPack:
    known = tuple(control.id for control in base.pack.controls)
    unknown = [
        problem_at(root, ("imports", index, "only", i), f"unknown control {name!r}.", suggestion(name, known))
        for i, name in enumerate(entry.only)
        if name not in known
    ]
    if unknown:
        raise PolicyError(*unknown)
    kept = tuple(control for control in base.pack.controls if not entry.only or control.id in entry.only)
    return replace(base, pack=base.pack.model_copy(update={"controls": kept}))


def _bound(base: Pack) -> tuple[Control, ...]:
    """Controls that apply where their own pack does, and where they themselves do."""
    if base.applies_if is None:
        return base.controls
    return tuple(
        control.model_copy(
            update={
                "applies_if": base.applies_if
                if control.applies_if is None
                else Applies(all=(base.applies_if, control.applies_if))
            }
        )
        for control in base.controls
    )
