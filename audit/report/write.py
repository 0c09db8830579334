"""Writes the outputs of a record into a folder: whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from audit import catalogue
from audit.declarations.output_format import OutputFormat
from audit.errors import OutputError, Problem
from audit.guard import attempt
from audit.records.audit import AuditRecord
from audit.report.render import output_format


def check_destination(out_dir: Path) -> None:
    """Refuse a folder that holds anything but an earlier report; best called before the work begins.

    Raises
    ------
    OutputError
        The place is a file, holds foreign files, or cannot be written.
    """
    if not out_dir.exists():
        return
    if not out_dir.is_dir():
        raise OutputError(Problem(str(out_dir), "is no folder.", _ELSEWHERE))
    try:
        foreign = sorted(entry.name for entry in out_dir.iterdir() if entry.name not in _own_names())
    except OSError as error:
        raise OutputError(_unwritable(out_dir, error)) from error
    if foreign:
        shown = ", ".join(foreign[:5]) + (f" and {len(foreign) - 5} more" if len(foreign) > 5 else "")
        raise OutputError(Problem(str(out_dir), f"holds files that no audit wrote: {shown}.", _ELSEWHERE))


def write_outputs(record: AuditRecord, formats: Sequence[str], out_dir: Path) -> tuple[Path, ...]:
    """Write `record.json` and each format into a folder and return the paths.

    An earlier report there is replaced only by a finished one. Files are for their owner alone.

    Raises
    ------
    OutputError
        Nothing could be written; or one format could not be made: then the others are there, and `written` names them.
    """
    check_destination(out_dir)
    wanted = [output_format(name) for name in dict.fromkeys(("json", *formats))]
    made, problems = _made(record, wanted)
    try:
        _replace(out_dir, made | _kept(out_dir, made))
    except OSError as error:
        raise OutputError(_unwritable(out_dir, error)) from error
    paths = tuple(out_dir / name for name in made)
    if problems:
        raise OutputError(*problems, written=paths)
    return paths


def _made(record: AuditRecord, wanted: Sequence[OutputFormat]) -> tuple[dict[str, bytes], list[Problem]]:
    made: dict[str, bytes] = {}
    problems: list[Problem] = []
    for declared in wanted:
        # Whatever one rendering runs into, the record and the other renderings are written.
        match attempt(declared.render, record):
            case bytes() as content:
                made[declared.file] = content
            case OutputError() as error:
                problems.extend(error.problems)
            case unforeseen:
                problems.extend(Problem(declared.file, f"{p.message}.", _OUR_FAULT) for p in unforeseen.problems)
    return made, problems


def _kept(out_dir: Path, made: dict[str, bytes]) -> dict[str, bytes]:
    """Return what stays: other renderings in the folder, as long as they are of this very record."""
    name = output_format("json").file
    if not (out_dir / name).is_file() or (out_dir / name).read_bytes() != made.get(name):
        return {}
    return {entry.name: entry.read_bytes() for entry in out_dir.iterdir() if entry.name not in made}


def _replace(out_dir: Path, files: dict[str, bytes]) -> None:
    out_dir.parent.mkdir(parents=True, exist_ok=True)
    # Beside its destination, so that the last step is a rename inside one file system.
    with tempfile.TemporaryDirectory(prefix=f".{out_dir.name}-", dir=out_dir.parent) as name:
        workshop = Path(name)
        fresh, earlier = workshop / "fresh", workshop / "earlier"
        fresh.mkdir(mode=0o700)
        for file, content in files.items():
            _write(fresh / file, content)
        _sync(fresh)
        if not out_dir.exists():
            fresh.rename(out_dir)
        else:
            _swap(fresh, out_dir, earlier)
        _sync(out_dir.parent)


def _swap(fresh: Path, out_dir: Path, earlier: Path) -> None:
    out_dir.rename(earlier)
    try:
        fresh.rename(out_dir)
    except BaseException:
        earlier.rename(out_dir)
        raise


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    # Windows opens no folder; there the rename alone has to do.
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _own_names() -> frozenset[str]:
    return frozenset(output_format(name).file for name in catalogue.names("output_formats"))


def _unwritable(out_dir: Path, error: OSError) -> Problem:
    return Problem(
        str(out_dir), f"cannot be written: {error.strerror or error}.", "Mend that, or give another folder with --out."
    )


_OUR_FAULT = "That is a fault of this program: please report it, with the record."
_ELSEWHERE = "Give another folder with --out."
