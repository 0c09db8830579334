"""Compares labels as typed, then as canonical text, so that `1`, `1.0` and "1" are one class."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def canonical(value: Any) -> str:
    """Return the text of a label that does not depend on its type.

    Examples
    --------
    >>> [canonical(v) for v in (1, 1.0, "1", "1.0", True, 0.5, " x")]
    ['1', '1', '1', '1', 'True', '0.5', ' x']
    """
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, Real):
        number = float(value)
        return str(int(number)) if number.is_integer() else repr(number)
    text = str(value)
    return text.split(".")[0] if _WHOLE.fullmatch(text) else text


def canonical_texts(values: pd.Series) -> pd.Series:
    """Return the canonical text of each label, as objects; a missing label stays missing.

    Examples
    --------
    >>> canonical_texts(pd.Series([1.0, None, 0.5])).tolist()
    ['1', nan, '0.5']
    """
    if values.dtype == object and pd.api.types.infer_dtype(values, skipna=True) != "string":
        # Among objects True, 1 and 1.0 would be taken for one another.
        return values.map(canonical, na_action="ignore").astype(object)
    positions, distinct = pd.factorize(values)
    texts = np.array([*map(canonical, distinct), np.nan], dtype=object)
    return pd.Series(texts[positions], index=values.index, name=values.name)


def code_of(value: Any, classes: Sequence[Any]) -> int | None:
    """Return the position of a label among classes, or None."""
    return _Lookup(classes).code(value)


def codes_of(values: pd.Series, classes: Sequence[Any]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return the (n,) code of each label, -1 where it is missing or unknown, and the unknown labels as text."""
    lookup = _Lookup(classes)
    positions, distinct = pd.factorize(values, use_na_sentinel=True)
    codes = [lookup.code(value) for value in distinct]
    table = np.array([-1 if code is None else code for code in codes] + [-1], dtype=np.int64)
    unknown = tuple(canonical(v) for v, code in zip(distinct, codes, strict=True) if code is None)
    return table[positions], unknown


def distinct_labels(values: Iterable[Any]) -> tuple[Any, ...]:
    """Return the different labels in order: numbers by value, then text by code point; missing ones left out."""
    found: dict[str, Any] = {}
    for value in values:
        if not _missing(value):
            found.setdefault(canonical(value), _plain(value))
    return tuple(sorted(found.values(), key=_order))


_WHOLE = re.compile(r"[+-]?\d+\.0+")


class _Lookup:
    """Finds labels; built once for all rows of a column."""

    def __init__(self, classes: Sequence[Any]) -> None:
        self._numbers = {float(c): i for i, c in enumerate(classes) if _is_number(c)}
        self._texts = {canonical(c): i for i, c in enumerate(classes)}

    def code(self, value: Hashable) -> int | None:
        if _missing(value):
            return None
        if _is_number(value) and float(value) in self._numbers:  # type: ignore[arg-type]
            return self._numbers[float(value)]  # type: ignore[arg-type]
        return self._texts.get(canonical(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, Real | np.bool_)


def _missing(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _order(value: Any) -> tuple[int, float, str]:
    return (0, float(value), "") if _is_number(value) else (1, 0.0, str(value))
