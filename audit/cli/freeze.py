"""`audit freeze SPEC`: fixes the limits of a spec's packs in a lock, before the test rows are read."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

import typer

from audit.errors import OutputError, Problem


def freeze(
    spec: Annotated[Path, typer.Argument(help="The audit spec, a YAML file.", metavar="SPEC")],
    out: Annotated[
        Path | None, typer.Option(help="The lock to write; default: beside the spec.", metavar="FILE")
    ] = None,
) -> None:
    """Write down what the model will be judged by: packs with their parameters, limits, and the decision.

    Neither the model nor a table is opened. `audit run` refuses a spec that names the lock (`lock: FILE`) and was
    changed since.

    Exit codes: 0 written; 2 the spec or a pack is at fault; 4 the lock cannot be written, or is there already.
    """
    from audit.plan import intent_of
    from audit.policy.lock import lock_text
    from audit.spec.read import read_spec

    path = out if out is not None else spec.with_suffix(".lock")
    if path.exists():
        hint = "A lock is not written over: keep it, and give another name with --out."
        raise OutputError(Problem(str(path), "is there already.", hint))
    intent = intent_of(read_spec(spec))
    try:
        path.write_text(lock_text(intent.read.spec, intent.packs, datetime.date.today()), encoding="utf-8")
    except OSError as error:
        raise OutputError(Problem(str(path), f"cannot be written: {error.strerror}.", "Give another place.")) from error
    print(f"{path} is written. Commit it before the test rows are read, and name it in {spec}:\n  lock: {path.name}")
