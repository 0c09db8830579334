"""Text and rows to Markdown and CSV in which nothing reads a mark, a link or a formula that the data put there."""

from __future__ import annotations

from collections.abc import Sequence


def escaped(text: str) -> str:
    """Write text on one line, each sign that could be a mark as its entity.

    >>> escaped("a|b <i> @you")
    'a&#124;b &#60;i&#62; &#64;you'
    """
    return " ".join(text.split()).translate(_MARKS)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write rows under their heads; nothing without rows."""
    if not rows:
        return ""
    lines = [heads, ["---"] * len(heads), *([escaped(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def inert(text: str) -> str:
    """Write text for a cell of CSV so that no spreadsheet runs it as a formula.

    >>> inert("=1+1"), inert("a=1")
    ("'=1+1", 'a=1')
    """
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def bullets(lines: Sequence[str]) -> str:
    """Write one line each as a list."""
    return "\n".join(f"- {escaped(line)}" for line in lines)


_MARKS = {ord(mark): f"&#{ord(mark)};" for mark in "&<>|`*_[]#@~\\$"}
