"""The command line: imports only the command that was asked for, and turns every error into words and an exit code."""

from __future__ import annotations

import functools
import importlib
import os
import sys
import traceback
from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated

import typer

from audit.errors import AuditError

COMMANDS = {
    "run": "Audit what a spec describes; write record and reports.",
    "demo": "Audit a model of real data, and leave its spec to edit.",
    "new": "Write a commented spec from a model file and a table.",
    "check": "Read a spec and tell what would be measured.",
    "render": "Write the reports of a record again.",
    "freeze": "Fix limits in a lock before the test rows are read.",
    "attest": "Answer what the packs of a spec ask of people.",
    "policies": "List the policy packs; show, check, test or start one.",
    "schema": "Print the JSON Schema of the spec, for editors.",
    "doctor": "Tell what works on this system and how to mend the rest.",
}
"""Each command and its line in the help; its function stands in `audit/cli/<name>.py` under the same name."""


_MOST_LINES = 100


def main() -> None:
    """Run the command line and end the process with the exit code of the audit."""
    sys.exit(exit_code(sys.argv[1:]))


def exit_code(arguments: list[str]) -> int:
    """Run one command and return its exit code; what goes wrong is told on stderr."""
    return _ended(lambda: _run(arguments), debug=arguments[:1] == ["--debug"])


def _run(arguments: list[str]) -> None:
    calls: list[Callable[[], object]] = []
    try:
        _app(arguments, calls)(args=arguments, prog_name="audit")
    except SystemExit as parsed:
        if not calls:
            raise typer.Exit(parsed.code if isinstance(parsed.code, int) else 2) from None
    calls[0]()


def _app(arguments: list[str], calls: list[Callable[[], object]]) -> typer.Typer:
    """Return the parser of these arguments, which puts the call they ask for into `calls`."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)
    app.callback()(_audit)
    wanted = next((argument for argument in arguments if not argument.startswith("-")), None)
    for name, line in COMMANDS.items():
        if name == wanted:
            app.command(name)(_deferred(_function(name), calls))
        else:
            app.command(name, help=line)(_placeholder)
    return app


def _function(name: str) -> Callable[..., object]:
    function: Callable[..., object] = getattr(importlib.import_module(f"audit.cli.{name}"), name)
    return function


def _deferred(function: Callable[..., object], calls: list[Callable[[], object]]) -> Callable[..., None]:
    # Called by the parser itself, a command's interrupt or broken pipe would get the parser's exit code, not ours.
    @functools.wraps(function)
    def defer(*args: object, **options: object) -> None:
        calls.append(functools.partial(function, *args, **options))

    return defer


def _placeholder() -> None:
    """Stand in the help for a command that this call does not need."""


def _ended(call: Callable[[], object], *, debug: bool) -> int:
    try:
        call()
        sys.stdout.flush()
    except typer.Exit as end:
        return end.exit_code
    except AuditError as error:
        _tell(*map(str, error.problems[:_MOST_LINES]))
        if len(error.problems) > _MOST_LINES:
            _tell(f"... and {len(error.problems) - _MOST_LINES:,} more of the kind.")
        return error.exit_code
    except KeyboardInterrupt:
        _tell("", "audit: stopped by you; no output was written.")
        return 130
    except BrokenPipeError:
        # The reader has seen enough. What is still buffered goes nowhere, so that closing stdout does not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as crash:  # noqa: BLE001 (the last catch: a crash, too, has to end in words and exit code 2)
        if debug:
            traceback.print_exception(crash)
        _tell(
            f"audit: the program itself failed, which is not your spec's fault: {type(crash).__name__}: {crash}",
            "Please report it with what `audit --debug ...` prints for the same command, and with `audit doctor`.",
        )
        return 2
    return 0


def _version(wanted: bool) -> None:
    if wanted:
        print(f"audit {version('model-audit')}")
        raise typer.Exit


def _audit(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and end.", callback=_version, is_eager=True)
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where the program failed, if it does.")] = False,
) -> None:
    """Audit a machine-learning model: measured out of sample, judged against policies, reported in HTML and PDF.

    Start with `audit demo`, or with `audit new` for a model of your own.

    Exit codes: 0 meets; 1 does not meet; 2 could not audit; 3 inconclusive or incomplete; 4 an output could not be
    written.
    """


def _tell(*lines: str) -> None:
    print(*lines, sep="\n", file=sys.stderr)


if __name__ == "__main__":
    main()
