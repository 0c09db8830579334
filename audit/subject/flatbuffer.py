"""Reads FlatBuffers content without the library that wrote it: every offset is held against the buffer's end."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


class FlatBufferError(ValueError):
    """What is wrong with the content."""


@dataclass(frozen=True)
class Table:
    """One table of a buffer; fields are numbered from 0 in the order of its schema.

    Examples
    --------
    A table with one 32-bit field of value 7: its virtual table first, then the distance back to it, then the field.

    >>> import struct
    >>> buffer = struct.pack("<I3Hxxi i", 12, 6, 8, 4, 8, 7)
    >>> root(buffer).number(0, "i", -1), root(buffer).number(1, "i", -1)
    (7, -1)
    """

    buffer: bytes
    place: int

    def number(self, field: int, kind: str, default: float) -> Any:
        """Return a field of one `struct` letter, or the default that the schema gives it."""
        at = self._at(field)
        return default if at is None else _unpacked(kind, self.buffer, at)

    def table(self, field: int) -> Table | None:
        """Return a field that is another table."""
        at = self._at(field)
        return None if at is None else Table(self.buffer, _followed(self.buffer, at))

    def array(self, field: int, kind: DTypeLike) -> NDArray[Any]:
        """Return a field that is a vector of numbers or of structs of them; empty where it is absent."""
        element = np.dtype(kind)
        at, count = self._vector(field, element.itemsize)
        return np.frombuffer(self.buffer, dtype=element, count=count, offset=at)

    def tables(self, field: int) -> list[Table]:
        """Return a field that is a vector of tables."""
        at, count = self._vector(field, 4)
        return [Table(self.buffer, _followed(self.buffer, at + 4 * i)) for i in range(count)]

    def texts(self, field: int) -> list[str]:
        """Return a field that is a vector of strings."""
        at, count = self._vector(field, 4)
        return [_text(self.buffer, _followed(self.buffer, at + 4 * i)) for i in range(count)]

    def text(self, field: int) -> str:
        """Return a field that is a string; "" where it is absent."""
        at = self._at(field)
        return "" if at is None else _text(self.buffer, _followed(self.buffer, at))

    def _at(self, field: int) -> int | None:
        virtual = self.place - _unpacked("i", self.buffer, self.place)
        size = _unpacked("H", self.buffer, virtual)
        slot = 4 + 2 * field
        inside = _unpacked("H", self.buffer, virtual + slot) if slot + 2 <= size else 0
        return self.place + inside if inside else None

    def _vector(self, field: int, size: int) -> tuple[int, int]:
        at = self._at(field)
        if at is None:
            return 0, 0
        start = _followed(self.buffer, at)
        count = _unpacked("I", self.buffer, start)
        if start + 4 + count * size > len(self.buffer):
            raise FlatBufferError("a list reaches past the end")
        return start + 4, count


def root(buffer: bytes) -> Table:
    """Return the table that the buffer holds.

    Raises
    ------
    FlatBufferError
        Here, or where a field is read: an offset lies outside the buffer.
    """
    return Table(buffer, _unpacked("I", buffer, 0))


def _followed(buffer: bytes, at: int) -> int:
    return at + int(_unpacked("I", buffer, at))


def _text(buffer: bytes, at: int) -> str:
    size = _unpacked("I", buffer, at)
    if at + 4 + size > len(buffer):
        raise FlatBufferError("a text reaches past the end")
    return buffer[at + 4 : at + 4 + size].decode("utf-8")


def _unpacked(kind: str, buffer: bytes, at: int) -> Any:
    if at < 0 or at + struct.calcsize(f"<{kind}") > len(buffer):
        raise FlatBufferError("an offset lies outside the file")
    return struct.unpack_from(f"<{kind}", buffer, at)[0]
