"""`audit render RECORD`: makes the outputs again from the record alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


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

    Exit codes: 0 written · 2 the record cannot be read · 4 an output could not be written.
    """
    from audit.report.load import load_record
    from audit.report.write import write_outputs

    loaded = load_record(record)
    formats = tuple(format) if format else loaded.spec.report.formats
    for path in write_outputs(loaded, formats, out if out is not None else record.resolve().parent):
        print(path)
