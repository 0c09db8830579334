"""`audit render RECORD`: makes the outputs again from the record alone."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated

import typer

from audit import catalogue
from audit.errors import Problem, RecordError, SpecError
from audit.spec.shape import suggestion


def render(
    record: Annotated[Path, typer.Argument(help="A record.json.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the outputs.", show_default="the record's own folder")
    ] = None,
    format: Annotated[
        list[str] | None,
        typer.Option("--format", help="html, pdf or json; may be repeated.", show_default="those of the spec"),
    ] = None,
) -> None:
    """Make HTML and PDF again from a record: needs no model, no data and no numpy.

    Exit codes: 0 written · 2 the record cannot be read or was changed · 4 an output could not be written.
    """
    from audit.report.load import load_record
    from audit.report.write import write_outputs

    loaded = load_record(record)
    _refuse_changed(record, loaded.digest)
    formats = tuple(format) if format else loaded.spec.report.formats
    _refuse_unknown(formats)
    for path in write_outputs(loaded, formats, out if out is not None else record.resolve().parent):
        print(path)


def _refuse_unknown(formats: tuple[str, ...]) -> None:
    known = catalogue.names("output_formats")
    problems = (
        Problem("--format", f"unknown output format {f!r}.", suggestion(f, known)) for f in formats if f not in known
    )
    if found := tuple(problems):
        raise SpecError(*found)


def _refuse_changed(path: Path, digest: str | None) -> None:
    # Taken from the file as it stands, so that a field which a later version adds is no change.
    core = {key: value for key, value in json.loads(path.read_text(encoding="utf-8")).items() if key not in _OUTSIDE}
    text = json.dumps(core, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    if hashlib.sha256(text.encode()).hexdigest() != digest:
        message = "does not have the digest that it was sealed with: it was changed after the audit."
        raise RecordError(Problem(str(path), message, "Give the record.json that `audit run` wrote."))


_OUTSIDE = ("run", "digest")
