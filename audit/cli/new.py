"""`audit new`: writes a commented spec from a model file and a table, which a child process looks at."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit.errors import DataError, MeasurementError, OutputError, Problem

if TYPE_CHECKING:
    from audit.records.look import Look
    from audit.records.plan import InputFile
    from audit.spec.starter import Named

_SECONDS = 300


def new(
    model: Annotated[Path, typer.Option(help="The model file.", metavar="FILE")],
    data: Annotated[Path, typer.Option(help="A table of rows it has never seen: csv or parquet.", metavar="FILE")],
    target: Annotated[str, typer.Option(help="Column of true labels or values.", metavar="COLUMN")],
    out: Annotated[Path, typer.Option(help="The spec to write.", metavar="FILE")] = Path("audit.yaml"),
) -> None:
    """Write a commented spec from a model file and a table.

    Task, sensitive columns and positive label are guessed and marked as guessed. Read the spec before it is run.

    Exit codes: 0 written; 2 model or table cannot be read; 4 the spec cannot be written, or is there already.
    """
    from audit.spec.read import read_spec
    from audit.spec.starter import starter_spec
    from audit.subject.sandbox.inputs import opened

    _refuse_missing({"--model": model, "--data": data})
    _refuse_existing(out)
    with opened((("model", model), ("table", data))) as (model_file, table_file):
        look = _look(model_file, table_file)
    _refuse_unknown(target, look)
    _write(out, starter_spec(look, _named(out.parent, model_file, table_file, target)))
    read_spec(out)
    print(f"{out} is written. What was guessed says so: read it, then run")
    print(f"  audit check {out}\n  audit run {out}")


def _look(model: InputFile, table: InputFile) -> Look:
    from audit.child import child_environment
    from audit.records.look import ANSWER, LookRequest, Unseen

    request = LookRequest(model=model, table=table)
    try:
        child = subprocess.run(
            [sys.executable, "-P", "-m", "audit.subject.describe"],
            input=request.model_dump_json().encode(),
            capture_output=True,
            env=child_environment(),
            pass_fds=tuple(file.fd for file in (model, table) if file.fd is not None),
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        message = f"looking at model and table took more than {_SECONDS} seconds."
        raise MeasurementError(Problem("audit new", message, "Try a part of the table.")) from None
    if child.returncode:
        last = child.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        message = f"the process that looked at model and table ended with {child.returncode}: {last}"
        raise MeasurementError(Problem("audit new", message))
    answer = ANSWER.validate_json(child.stdout)
    if isinstance(answer, Unseen):
        raise DataError(*(Problem(**problem) for problem in answer.problems))
    return answer


def _refuse_unknown(target: str, look: Look) -> None:
    from audit.spec.shape import suggestion

    names = tuple(column.name for column in look.columns)
    if target not in names:
        raise DataError(Problem("--target", f"the table has no column {target!r}.", suggestion(target, names)))


def _named(folder: Path, model: InputFile, table: InputFile, target: str) -> Named:
    from audit.spec.starter import Named

    home = folder.resolve()
    outside = {str(Path(f.path).resolve().parent) for f in (model, table) if not _is_under(f.path, home)}
    return Named(
        model=_name(model.path, home),
        data=_name(table.path, home),
        sha256=model.sha256,
        target=target,
        allow_paths=tuple(sorted(outside)),
    )


def _is_under(path: str, home: Path) -> bool:
    return Path(path).resolve().is_relative_to(home)


def _name(path: str, home: Path) -> str:
    resolved = Path(path).resolve()
    return resolved.relative_to(home).as_posix() if resolved.is_relative_to(home) else str(resolved)


def _refuse_missing(files: dict[str, Path]) -> None:
    from audit.spec.paths import nearest_file

    missing = {option: path for option, path in files.items() if not path.exists()}
    if missing:
        hints = (Problem(o, f"there is no file {str(p)!r}.", nearest_file(p, Path())) for o, p in missing.items())
        raise DataError(*hints)


def _refuse_existing(out: Path) -> None:
    if os.path.lexists(out):
        raise OutputError(Problem(str(out), "the file is there already.", "Name another with --out, or delete it."))


def _write(out: Path, text: str) -> None:
    try:
        with out.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        message = f"cannot be written: {error.strerror}."
        raise OutputError(Problem(str(out), message, "Name another with --out.")) from error
