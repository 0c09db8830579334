"""`audit run SPEC`: audits what a spec names and writes the outputs."""

from __future__ import annotations

import datetime
import os
import platform
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit.errors import OutputError, Problem, SpecError

if TYPE_CHECKING:
    from audit.records.audit import AuditRecord


def run(
    spec: Annotated[Path, typer.Argument(help="The audit spec, a YAML file.")],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the outputs.", show_default="reports/<name of the spec>", file_okay=False),
    ] = None,
    set: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Replace one key of the spec.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the conclusion as JSON on stdout.")] = False,
    date: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="The audit's date.", show_default="today")
    ] = None,
) -> None:
    """Audit a model and write record.json, report.html and report.pdf.

    Exit codes: 0 meets; 1 does not meet; 2 could not audit; 3 inconclusive or incomplete; 4 an output could not be
    written.
    """
    destination = out if out is not None else Path("reports") / spec.stem
    record = audited(spec, destination, tuple(set or ()), audit_date(date))
    raise typer.Exit(written(record, destination, as_json=json))


def audited(spec: Path, destination: Path, overrides: tuple[str, ...], today: datetime.date) -> AuditRecord:
    """Audit a spec file with progress on stderr; the destination is looked at first, so that no work is lost."""
    from audit import pipeline
    from audit.cli.progress import shown
    from audit.records.provenance import Run
    from audit.report.write import check_destination
    from audit.spec.read import read_spec

    check_destination(destination)
    known = Run(
        started=datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        host=platform.node() or None,
        command=shlex.join(["audit", *sys.argv[1:]]),
    )
    with shown(sys.stderr) as listener:
        return pipeline.run(read_spec(spec, overrides), today=today, listener=listener, run=known)


def written(record: AuditRecord, destination: Path, *, as_json: bool) -> int:
    """Write the outputs of a record, print where they are and how it ended, and return the exit code."""
    from audit.cli.summary import print_summary
    from audit.report.write import write_outputs

    print(f"audit: writing {', '.join(record.spec.report.formats)} ...", file=sys.stderr, flush=True)
    try:
        paths = write_outputs(record, record.spec.report.formats, destination)
        missing = None
    except OutputError as error:
        paths, missing = error.written, error
    print_summary(record, paths, as_json=as_json)
    if missing is None:
        return record.conclusion.exit_code
    for problem in missing.problems:
        print(f"audit: {problem}", file=sys.stderr)
    return OutputError.exit_code


def audit_date(text: str | None) -> datetime.date:
    """Return the date of the audit: `--date`, else SOURCE_DATE_EPOCH, else today.

    Raises
    ------
    SpecError
        One of the two is no date.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        if text is not None:
            return datetime.date.fromisoformat(text)
        if epoch is not None:
            return datetime.datetime.fromtimestamp(int(epoch), tz=datetime.UTC).date()
    except (ValueError, OverflowError, OSError):
        place, found = ("--date", text) if text is not None else ("SOURCE_DATE_EPOCH", epoch)
        raise SpecError(Problem(place, f"expected a date such as 2026-11-22, found {found!r}.")) from None
    return datetime.date.today()
