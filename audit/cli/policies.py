"""`audit policies`: lists the policy packs, shows, checks, tests or starts one, prints the schema of their language."""

from __future__ import annotations

import datetime
import json
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from audit.errors import OutputError, Problem, SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audit.policy.pack import Control
    from audit.policy.read import ResolvedPack
    from audit.records.audit import AuditRecord


def policies(
    what: Annotated[
        Literal["list", "show", "schema", "lint", "test", "new"],
        typer.Argument(help="All packs; one pack; the pack language; advice on a pack; its tests; a pack of your own."),
    ] = "list",
    name: Annotated[
        str | None, typer.Argument(help="A pack's name, or a path to a YAML file; for new: the file to write.")
    ] = None,
) -> None:
    """List the policy packs, show, check or test one, print the JSON Schema of their language, or start one.

    Exit codes: 0; 1 when a test of the pack does not hold; 2 when there is no such pack or it cannot be read; 4 when
    the new pack cannot be written, or is there already.
    """
    from audit.policy.pack import pack_schema
    from audit.policy.read import pack_path, read_pack
    from audit.resources import shipped_packs

    if what == "list":
        print("\n".join(listed([read_pack(path) for path in shipped_packs().values()])))
    elif what == "schema":
        print(json.dumps(pack_schema(), indent=2))
    elif name is None:
        known = "Name a file." if what == "new" else f"Known: {', '.join(shipped_packs())}."
        raise SpecError(Problem(f"audit policies {what}", "expected the name of a pack.", known))
    elif what == "new":
        _write(Path(name))
    else:
        path = pack_path(name, Path())
        _DOES[what](path, read_pack(path))


def _show(_: Path, resolved: ResolvedPack) -> None:
    print("\n".join(shown(resolved)))


def _lint(_: Path, resolved: ResolvedPack) -> None:
    from audit.policy.lint import advice

    found = advice(resolved.pack, datetime.date.today())
    print(
        "\n".join((f"{resolved.pack.name} can be read.", *found)) if found else f"{resolved.pack.name}: nothing to say."
    )


def _test(path: Path, resolved: ResolvedPack) -> None:
    from audit.measurements import Silence
    from audit.pipeline import run
    from audit.policy.pack_tests import faults
    from audit.spec.read import spec_from_dict

    def audited(spec: Mapping[str, Any], folder: Path) -> AuditRecord:
        return run(spec_from_dict(spec, folder), today=datetime.date.today(), listener=Silence())

    tests, broken = resolved.pack.pack_tests, 0
    for test in tests:
        with tempfile.TemporaryDirectory() as folder:
            found = faults(resolved.pack, path, test, Path(folder), audited)
        broken += bool(found)
        print("\n  ".join((f"{'fails' if found else 'holds'}  {test.name}", *found)))
    print(
        f"{resolved.pack.name}: {len(tests) - broken} of {len(tests)} tests hold." if tests else "It carries no test."
    )
    if broken:
        raise typer.Exit(1)


def _write(path: Path) -> None:
    from audit.policy.read import read_pack
    from audit.policy.starter import starter_pack

    if path.exists():
        raise OutputError(Problem(str(path), "is there already.", "Give another name."))
    if path.suffix not in (".yaml", ".yml") or not re.fullmatch(r"[a-z0-9][a-z0-9-]*", path.stem):
        hint = "Lower-case letters, digits and hyphens, such as house-rules.yaml."
        raise SpecError(Problem(str(path), "is no name for a pack.", hint))
    try:
        path.write_text(starter_pack(path.stem, datetime.date.today()), encoding="utf-8")
    except OSError as error:
        raise OutputError(Problem(str(path), f"cannot be written: {error.strerror}.", "Give another place.")) from error
    read_pack(path)
    print(f"{path} is written. Read it, then name it under policies in your spec: policies: [./{path}]")


_DOES = {"show": _show, "lint": _lint, "test": _test}


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
