"""Plain YAML text to the value that its author meant: the core schema of YAML 1.2, without clocks and without `no`."""

from __future__ import annotations

import re

_NULL = re.compile(r"|~|null|Null|NULL")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")

# Beyond this an integer is a name or an identifier, and Python would refuse to convert it one day.
_LONGEST_NUMBER = 300


def resolved(text: str) -> bool | int | float | str | None:
    """Return what unquoted text stands for.

    `no`, `on`, `12:30`, `1_000` and `2024-01-31` are text; `1e-3` is a float; `0x1f` and `0o17` are integers; `017` is
    text, because some read it as fifteen and some as seventeen, and a leading zero is most often part of a name.
    """
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text):
        return True
    if _FALSE.fullmatch(text):
        return False
    return text if len(text) > _LONGEST_NUMBER or _leading_zero(text) else _number(text)


def _number(text: str) -> int | float | str:
    if _INTEGER.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text):
        return int(text[2:], 8)
    if _HEXADECIMAL.fullmatch(text):
        return int(text[2:], 16)
    if _FLOAT.fullmatch(text):
        return float(text)
    return float(text.replace(".", "")) if _NOT_FINITE.fullmatch(text) else text


def _leading_zero(text: str) -> bool:
    digits = text.lstrip("+-")
    return len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
