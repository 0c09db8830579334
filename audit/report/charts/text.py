"""Estimates how wide a text will be set, shortens what does not fit, and writes numbers for axes and labels."""

from __future__ import annotations

import math
import unicodedata
from functools import lru_cache


def text_width(text: str, size: float) -> float:
    """Return the width of a text set in the bundled face, in the unit of `size`; never less than what it will take."""
    return _units(text) * size / 1000


def fitted(text: str, width: float, size: float) -> str:
    """Return the text itself, or as much of it as fits with an ellipsis.

    >>> fitted("annual income", 1000, 12)
    'annual income'
    >>> fitted("annual income", 50, 12)
    'annua…'
    """
    text = one_line(text)
    if text_width(text, size) <= width:
        return text
    room = width * 1000 / size - _ADVANCE["…"]
    kept = 0
    for character in text:
        room -= _advance(character)
        if room < 0:
            break
        kept += 1
    return text[:kept].rstrip() + "…"


def one_line(text: str) -> str:
    """Return the text without line breaks, control characters and marks that turn its direction."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return "".join(" " if c.isspace() else c for c in text if c.isspace() or _can_be_set(c)).strip()


def decimal(value: float, places: int) -> str:
    """Write a number with a fixed number of decimal places, thousands parted, a true minus sign.

    >>> decimal(-1234.5, 1)
    '−1,234.5'
    """
    written = f"{value:,.{places}f}"
    if written.startswith("-"):
        written = written[1:] if not any(d in written for d in "123456789") else "−" + written[1:]
    return written


def scientific(value: float, places: int) -> str:
    """Write a number as mantissa and power of ten.

    >>> scientific(2.5e9, 1)
    '2.5×10⁹'
    """
    if value == 0:
        return "0"
    mantissa, power = f"{value:.{places}e}".split("e")
    return f"{decimal(float(mantissa), places)}×10{power_text(int(power))}"


def in_powers(value: float, power: int, places: int) -> str:
    """Write a number in a given power of ten.

    >>> in_powers(5e8, 9, 1)
    '0.5×10⁹'
    """
    return f"{decimal(value / 10.0**power, places)}×10{power_text(power)}"


def power_text(power: int) -> str:
    """Write an exponent with raised digits.

    >>> power_text(-12)
    '⁻¹²'
    """
    return str(power).translate(_RAISED)


def figure(value: float) -> str:
    """Write a number for a direct label, to three or four significant digits.

    >>> figure(0.83402), figure(12.345), figure(48210.0), figure(3.2e-7), figure(7.0)
    ('0.834', '12.3', '48,210', '3.20×10⁻⁷', '7')
    """
    if not math.isfinite(value):
        return "–"
    size = abs(value)
    if value == int(value) and size < 1e6:
        return decimal(value, 0)
    if size >= 1e6 or size < 1e-3:
        return scientific(value, 2)
    return decimal(value, max(0, 2 - max(-1, math.floor(math.log10(size)))))


def signed(value: float) -> str:
    """Write a number as `figure` does, with a plus sign where it is positive."""
    return f"+{figure(value)}" if value > 0 else figure(value)


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
# Advance widths of Inter SemiBold, the widest weight that charts use, per 1000 em.
_ASCII = (
    252, 321, 523, 644, 650, 1004, 663, 326, 373, 373, 540, 673, 319, 465, 319, 379, 660, 423, 623, 636, 666, 612, 640,
    576, 640, 640, 319, 329, 673, 673, 673, 543, 999, 728, 659, 737, 722, 605, 588, 749, 746, 277, 580, 703, 565, 922,
    759, 769, 645, 773, 652, 650, 660, 736, 728, 1020, 720, 713, 652, 373, 379, 373, 481, 469, 351, 574, 624, 583, 624,
    591, 389, 625, 612, 262, 262, 569, 262, 900, 612, 609, 624, 624, 397, 549, 353, 612, 587, 839, 569, 588, 566, 455,
    359, 455, 673,
)  # fmt: skip
_ADVANCE = {chr(32 + i): width for i, width in enumerate(_ASCII)} | {"…": 960, "−": 673, "×": 673, "–": 670, "·": 320}


def _can_be_set(character: str) -> bool:
    # XML holds no control characters, lone surrogates or non-characters.
    code = ord(character)
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs") and code & 0xFFFE != 0xFFFE


@lru_cache(maxsize=4096)
def _units(text: str) -> int:
    return sum(map(_advance, text))


def _advance(character: str) -> int:
    known = _ADVANCE.get(character)
    if known is not None:
        return known
    if unicodedata.combining(character):
        return 0
    if ord(character) > 0xFFFF:
        return 1400  # An emoji, or something so rare that its code point is printed in its stead.
    if unicodedata.east_asian_width(character) in "WF":
        return 1020
    return 800
