import subprocess
import sys
import types

import pytest
import typer

from audit.cli import main
from audit.errors import AuditError, OutputError, Problem, SpecError


@pytest.fixture
def command(monkeypatch):
    """Put a function in the place of `audit check`."""

    def install(function):
        monkeypatch.setitem(sys.modules, "audit.cli.check", types.SimpleNamespace(check=function))

    return install


def test_help_lists_every_command_without_importing_one(capsys, monkeypatch):
    monkeypatch.setattr(main, "_function", lambda name: pytest.fail(f"imported {name}"))
    assert main.exit_code(["--help"]) == 0
    told = capsys.readouterr().out
    assert all(f"  {name} " in told and line in told for name, line in main.COMMANDS.items())


def test_every_command_has_its_file_and_function():
    for name in main.COMMANDS:
        assert callable(main._function(name)), name


@pytest.mark.parametrize("name", list(main.COMMANDS))
def test_every_command_explains_itself_and_its_exit_codes(name, capsys):
    assert main.exit_code([name, "--help"]) == 0
    assert "Usage: audit" in capsys.readouterr().out


def test_the_version_is_printed(capsys):
    assert main.exit_code(["--version"]) == 0
    assert capsys.readouterr().out == "audit 0.1.0\n"


@pytest.mark.parametrize("arguments", [["chek"], ["check"], ["check", "--nope", "x"], ["--nope"], []])
def test_a_wrong_command_line_ends_with_2_and_says_why(arguments, capsys):
    assert main.exit_code(arguments) == 2
    captured = capsys.readouterr()
    assert captured.err or "Usage" in captured.out
    assert "Traceback" not in captured.err


def test_a_mistyped_command_gets_a_suggestion(capsys):
    main.exit_code(["chek"])
    assert "Did you mean 'check'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (typer.Exit(3), 3),
        (SpecError(Problem("s.yaml:1:1 seed", "expected a number.", "Give one.")), 2),
        (OutputError(Problem("out", "the disk is full.")), 4),
        (AuditError(Problem("", "no.")), 2),
        (KeyboardInterrupt(), 130),
        (ValueError("boom"), 2),
        (RecursionError(), 2),
    ],
)
def test_whatever_a_command_ends_in_has_its_exit_code_and_no_traceback(command, capsys, raised, code):
    def check():
        raise raised

    command(check)
    assert main.exit_code(["check"]) == code
    assert "Traceback" not in capsys.readouterr().err


def test_every_problem_is_printed_in_a_line_of_its_own(command, capsys):
    def check():
        raise SpecError(
            Problem("s.yaml:1:1 seed", "expected a number.", "Give one."), Problem("s.yaml:2:1 x", "unknown key.")
        )

    command(check)
    main.exit_code(["check"])
    assert capsys.readouterr().err == "s.yaml:1:1 seed: expected a number. Give one.\ns.yaml:2:1 x: unknown key.\n"


def test_thousands_of_problems_do_not_flood_the_terminal(command, capsys):
    def check():
        raise SpecError(*(Problem(f"s.yaml:{line}:1", "no.") for line in range(5000)))

    command(check)
    main.exit_code(["check"])
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 101 and lines[-1] == "... and 4,900 more of the kind."


def test_a_crash_tells_how_to_report_it_and_debug_shows_where(command, capsys):
    def check():
        raise ZeroDivisionError("by zero")

    command(check)
    assert main.exit_code(["check"]) == 2
    plain = capsys.readouterr().err
    assert "ZeroDivisionError: by zero" in plain and "audit doctor" in plain and "Traceback" not in plain
    assert main.exit_code(["--debug", "check"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_a_command_that_cannot_be_imported_is_told_in_words(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "audit.cli.check", None)
    assert main.exit_code(["check"]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_arguments_reach_the_command(command):
    got = []

    def check(spec: str, loud: bool = False) -> None:
        got.append((spec, loud))

    command(check)
    assert main.exit_code(["check", "a.yaml", "--loud"]) == 0
    assert got == [("a.yaml", True)]


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end otherwise there")
def test_a_reader_that_goes_away_is_no_error():
    command = f"{sys.executable} -m audit.cli.main schema | head -c 1; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert (ended.stdout, ended.stderr) == ("{", "")
    assert ended.returncode in (0, 141)
