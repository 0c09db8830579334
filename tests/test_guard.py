"""Whatever foreign code raises comes back as a typed error or as the reason for an undefined number."""

import sys
import warnings

import pytest

from audit import guard
from audit.errors import DataError, MeasurementError, ModelError, Problem


def raising(error):
    def function(*args):
        raise error

    return function


@pytest.mark.parametrize(
    "raised", [ValueError("no"), SystemExit("no"), RecursionError("no"), MemoryError("no"), KeyError("no")]
)
def test_what_foreign_code_raises_is_typed_and_keeps_its_text(raised):
    with pytest.raises(ModelError) as error:
        guard.call("model.predict", raising(raised), hint="Look.")
    assert str(error.value) == f"model.predict: {type(raised).__name__}: {raised}. Look."
    assert error.value.__cause__ is raised


def test_our_own_errors_pass_unchanged():
    own = DataError(Problem("place", "message"))
    with pytest.raises(DataError) as error:
        guard.call("model", raising(own))
    assert error.value is own
    assert guard.attempt(raising(own)) is own


def test_keyboard_interrupt_is_nobodys_error():
    for function in (guard.call, lambda _, f: guard.attempt(f), guard.defined):
        with pytest.raises(KeyboardInterrupt):
            function("place", raising(KeyboardInterrupt()))


def test_warnings_are_heard_once_each():
    def warning():
        for _ in range(3):
            warnings.warn("slow\nmodel", UserWarning, stacklevel=1)
        return 5

    heard = []
    assert guard.call("model", warning, heard=heard.append) == 5
    assert heard == ["UserWarning: slow model"]


def test_text_is_one_bounded_line_without_addresses():
    text = guard.sentence(ValueError(f"bad\n  thing {object()} " + "x" * 5000))
    assert text.startswith("ValueError: bad thing <object object> xxx")
    assert len(text) < 700
    assert guard.sentence(ValueError()) == "ValueError"


def test_a_stage_that_fails_gives_its_error_and_a_number_its_reason():
    error = guard.attempt(raising(ZeroDivisionError("division by zero")))
    assert isinstance(error, MeasurementError)
    assert str(error) == "ZeroDivisionError: division by zero"
    assert guard.attempt(int, "3") == 3
    assert guard.defined("No fit", raising(ValueError("singular"))).reason == "No fit: ValueError: singular"
    assert guard.defined("No fit", int, "3") == 3


def test_guard_needs_no_heavy_package():
    import subprocess

    code = "import sys, audit.guard, audit.declarations.model_format; print({'numpy', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
