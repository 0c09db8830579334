"""`audit policies`: lists the policy packs, shows one, or prints the schema of their language."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from audit.errors import Problem, SpecError

if TYPE_CHECKING:
    from audit.policy.pack import Control
    from audit.policy.read import ResolvedPack


def policies(
    what: Annotated[
        Literal["list", "show", "schema"], typer.Argument(help="All packs, one pack, or the pack language.")
    ] = "list",
    name: Annotated[str | None, typer.Argument(help="For show: a pack's name, or a path to a YAML file.")] = None,
) -> None:
    """List the policy packs, show one with its controls, or print the JSON Schema that editors use for packs.

    Exit codes: 0; 2 when there is no such pack or it cannot be read.
    """
    from audit.policy.pack import pack_schema
    from audit.policy.read import pack_path, read_pack
    from audit.resources import shipped_packs

    if what == "show" and name is None:
        known = f"Known: {', '.join(shipped_packs())}."
        raise SpecError(Problem("audit policies show", "expected the name of a pack.", known))
    if what == "schema":
        print(json.dumps(pack_schema(), indent=2))
    elif name is not None:
        print("\n".join(shown(read_pack(pack_path(name, Path())))))
    else:
        print("\n".join(listed([read_pack(path) for path in shipped_packs().values()])))


def listed(packs: list[ResolvedPack]) -> list[str]:
    """Return a table of packs, one line each."""
    rows = [("NAME", "VERSION", "STATUS", "CONTROLS", "RECHECK BY", "TITLE")]
    for pack in (resolved.pack for resolved in packs):
        header, authority = pack.pack, pack.pack.authority
        rows.append(
            (header.id, header.version, authority.status, str(len(pack.controls)), authority.recheck_by, header.title)
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def shown(resolved: ResolvedPack) -> list[str]:
    """Return a pack as a reader needs it: its standing, its caveats, its parameters and its controls."""
    header, authority = resolved.pack.pack, resolved.pack.pack.authority
    lines = [
        f"{header.id} {header.version}: {header.title}",
        f"  {authority.instrument}; {authority.citation}",
        f"  status {authority.status}; checked on {authority.checked_on}, due again by {authority.recheck_by}",
        *(f"  Note: {caveat}" for caveat in header.caveats),
    ]
    if resolved.params:
        lines += ["", "Parameters"]
        lines += [f"  {p.name} = {p.value} (origin: {p.origin})  {p.label}" for p in resolved.params]
    lines += ["", "Controls"]
    return lines + [line for control in resolved.pack.controls for line in _control(control)]


def _control(control: Control) -> list[str]:
    from audit.policy.wording import limit_words

    held = f", {limit_words(control.limit)}, decided on {control.limit.decide_on}" if control.limit else ""
    looks = f" {control.measure.metric}" if control.measure else ""
    return [
        f"  {control.id}  {control.title}",
        f"    {control.kind}, {control.mode}, {control.severity}:{looks or ' a statement'}{held}",
        f"    {'; '.join(f'{cite.ref} (checked: {cite.checked})' for cite in control.cites)}",
    ]
