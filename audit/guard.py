"""The one place that calls foreign code; what it raises becomes a typed error or the reason for an undefined number."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import TypeVar

from audit.errors import AuditError, MeasurementError, ModelError, Problem
from audit.records.measured import Undefined

T = TypeVar("T")
Heard = Callable[[str], None]
"""Takes the text of one warning."""


def call(
    place: str,
    function: Callable[..., T],
    *args: object,
    heard: Heard | None = None,
    error: type[AuditError] = ModelError,
    hint: str = "",
) -> T:
    """Call foreign code; what it raises becomes `error` with the original text.

    Parameters
    ----------
    place
        What was being done and where, as the reader of the error sees it.
    function, args
        The foreign code and its arguments.
    heard
        Takes each warning once; without it warnings go their usual way.
    error
        The class raised in place of the foreign exception; an `AuditError` passes unchanged.
    hint
        The next step for the reader.

    Raises
    ------
    AuditError
        Of class `error`.

    Examples
    --------
    >>> call("model.predict", float, "1.5")
    1.5
    """
    try:
        return _listening(function, args, heard)
    except AuditError:
        raise
    except (Exception, SystemExit) as raised:  # a model that exits must not end the audit silently
        raise error(Problem(place, sentence(raised), hint)) from raised


def attempt(function: Callable[..., T], *args: object) -> T | AuditError:
    """Call a stage and return the error that it ends in instead of raising it, so that the other stages go on.

    Examples
    --------
    >>> attempt(float, "1.5")
    1.5
    >>> attempt(float, "x")
    MeasurementError("ValueError: could not convert string to float: 'x'")
    """
    try:
        return function(*args)
    except AuditError as raised:
        return raised
    except (Exception, SystemExit) as raised:  # noqa: BLE001
        return MeasurementError(Problem("", sentence(raised)))


def defined(reason: str, function: Callable[..., T], *args: object, heard: Heard | None = None) -> T | Undefined:
    """Call foreign code whose failure leaves one number undefined instead of ending the stage.

    Examples
    --------
    >>> defined("No interval", float, "x").reason
    "No interval: ValueError: could not convert string to float: 'x'"
    """
    try:
        return _listening(function, args, heard)
    except (Exception, SystemExit) as raised:  # noqa: BLE001
        return Undefined(reason=f"{reason}: {sentence(raised)}")


def sentence(raised: BaseException) -> str:
    """Return the type and text of an exception on one line of bounded length, free of memory addresses."""
    text = _ADDRESS.sub("", " ".join(str(raised).split()))
    name = type(raised).__name__
    return f"{name}: {text[:_LONGEST]}{' ...' if len(text) > _LONGEST else ''}" if text else name


_LONGEST = 600
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def _listening(function: Callable[..., T], args: tuple[object, ...], heard: Heard | None) -> T:
    if heard is None:
        return function(*args)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = function(*args)
    for text in dict.fromkeys(f"{w.category.__name__}: {' '.join(str(w.message).split())}" for w in caught):
        heard(text)
    return result
