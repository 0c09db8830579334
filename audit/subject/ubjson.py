"""Reads the part of UBJSON that XGBoost writes."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any


def decoded(content: bytes) -> Any:
    """Return the value that UBJSON bytes hold.

    Raises
    ------
    ValueError
        The bytes are no UBJSON, or are cut off.

    Examples
    --------
    >>> decoded(b"{i\\x01ai\\x05i\\x01b[$U#i\\x02\\x07\\x08}")
    {'a': 5, 'b': [7, 8]}
    """
    reader = _Reader(content)
    value = reader.value(reader.take(1), 0)
    reader.end()
    return value


_NUMBERS = {
    b"i": "b", b"U": "B", b"I": "h", b"l": "i", b"L": "q", b"d": "f", b"D": "d",
}  # fmt: skip
_CONSTANTS: dict[bytes, Any] = {b"T": True, b"F": False, b"Z": None}
_DEEPEST = 64


class _Reader:
    """A place in the bytes."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    def take(self, length: int) -> bytes:
        if length < 0 or self._at + length > len(self._content):
            raise ValueError("the UBJSON is cut off")
        start, self._at = self._at, self._at + length
        return self._content[start : self._at]

    def end(self) -> None:
        if self._at != len(self._content):
            raise ValueError("bytes follow the UBJSON")

    def value(self, mark: bytes, depth: int) -> Any:
        if depth > _DEEPEST:
            raise ValueError("the UBJSON is nested too deep")
        if mark in _NUMBERS:
            return self._numbers(mark, 1)[0]
        if mark in _CONSTANTS:
            return _CONSTANTS[mark]
        if mark == b"S":
            return self._text()
        if mark == b"C":
            return self.take(1).decode("ascii")
        if mark == b"[":
            return self._array(depth)
        if mark == b"{":
            return self._object(depth)
        raise ValueError(f"unknown UBJSON mark {mark!r}")

    def _numbers(self, mark: bytes, count: int) -> list[Any]:
        kind = _NUMBERS[mark]
        return list(struct.unpack(f">{count}{kind}", self.take(count * struct.calcsize(f">{kind}"))))

    def _count(self) -> int:
        mark = self.take(1)
        count = self._numbers(mark, 1)[0] if mark in _NUMBERS else None
        if not isinstance(count, int) or not 0 <= count <= len(self._content):
            raise ValueError("a UBJSON length is wrong")
        return count

    def _text(self) -> str:
        return self.take(self._count()).decode("utf-8")

    def _array(self, depth: int) -> list[Any]:
        mark = self.take(1)
        if mark == b"$":
            kind = self.take(1)
            if kind not in _NUMBERS or self.take(1) != b"#":
                raise ValueError("a typed UBJSON array holds no numbers")
            return self._numbers(kind, self._count())
        if mark == b"#":
            return [self.value(self.take(1), depth + 1) for _ in range(self._count())]
        return self._until(b"]", mark, lambda m: self.value(m, depth + 1))

    def _object(self, depth: int) -> dict[str, Any]:
        mark = self.take(1)

        def pair(first: bytes) -> tuple[str, Any]:
            self._at -= len(first)
            key = self._text()
            return key, self.value(self.take(1), depth + 1)

        pairs = self._until(b"}", mark, pair)
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a UBJSON key stands twice")
        return found

    def _until(self, end: bytes, mark: bytes, read: Callable[[bytes], Any]) -> list[Any]:
        found = []
        while mark != end:
            found.append(read(mark))
            mark = self.take(1)
        return found
