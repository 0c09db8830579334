"""`audit demo [NAME]`: writes a model of real data with its spec, and audits it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Literal

import typer

from audit.errors import DataError, MissingDependencyError, OutputError, Problem, SpecError

EDITED = ("audit.yaml", "attestations.yaml")
"""Files that a demo writes for its reader to edit."""


def demo(
    name: Annotated[
        Literal["arrests", "diabetes", "wine"],
        typer.Argument(help="Release after arrest; progression of diabetes; growers of wine."),
    ] = "arrests",
    out: Annotated[
        Path | None, typer.Option(help="Folder to write.", show_default="audit-demo-NAME", file_okay=False)
    ] = None,
    date: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="The audit's date.", show_default="today")
    ] = None,
) -> None:
    """Audit a model of real data, and leave its spec to edit.

    Exit codes: 0 once everything is written, whatever the audit found; 2 could not audit; 4 an output could not be
    written.
    """
    from audit.cli.run import audit_date, audited, written

    folder = out if out is not None else Path(f"audit-demo-{name}")
    today = audit_date(date)
    write_demo(name, folder)
    record = audited(folder / "audit.yaml", folder / "report", (), today)
    code = written(record, folder / "report", as_json=False)
    print(f"\n`audit run {folder / 'audit.yaml'}` would end with exit code {code}. Edit that spec and run it.")
    raise typer.Exit(code if code == OutputError.exit_code else 0)


def write_demo(name: str, folder: Path) -> None:
    """Write the files of a demo, in a process of its own so that this one imports no numpy.

    Raises
    ------
    AuditError
        The folder holds something else, an extra is not installed, or the model could not be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".demo-", dir=folder) as made:
            _make(name, Path(made))
            _refuse_edited(folder, Path(made))
            for file in sorted(Path(made).iterdir()):
                file.replace(folder / file.name)
    except OSError as error:
        raise SpecError(
            Problem(str(folder), f"cannot be written: {error.strerror}.", "Choose another --out.")
        ) from error


def _make(name: str, folder: Path) -> None:
    command = [sys.executable, "-m", "audit.demo", name, str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode == 2 and ended.stdout.startswith("["):
        raise MissingDependencyError(*(Problem(**problem) for problem in json.loads(ended.stdout)))
    if ended.returncode != 0:
        last = ended.stderr.strip().splitlines()[-1:] or ["no message"]
        raise DataError(Problem(f"audit demo {name}", f"could not be made: {last[0]}", "`audit doctor` may tell why."))


def _refuse_edited(folder: Path, made: Path) -> None:
    """Refuse to write over a spec or statements that somebody edited."""
    for name in EDITED:
        mine, new = folder / name, made / name
        if mine.exists() and (not new.exists() or mine.read_bytes() != new.read_bytes()):
            hint = f"`audit run {folder / 'audit.yaml'}`, or choose another --out."
            raise SpecError(Problem(str(mine), "was edited, and a demo would overwrite it.", hint))
