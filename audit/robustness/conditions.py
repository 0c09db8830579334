"""Turns columns into the simple conditions that slices are made of: ranges of numbers, frequent values, missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.records.observation import encoded
from audit.robustness.columns import finite, is_whole, kind_of, numbers
from audit.subject.labels import canonical_texts

BINS = 10
"""Quantile bins of a column of numbers."""
VALUES = 12
"""Values of a category, the most frequent ones."""
MISSING = "(missing)"


@dataclass(frozen=True)
class Condition:
    """Rows whose code in one column lies in a range."""

    column: int
    """Place of the column."""
    low: int
    high: int
    """Codes, both ends in it."""
    key: str
    """As in observation ids: `age=[18,25)`."""
    words: str
    """For readers: `age from 18 to under 25`."""


class Coding(Protocol):
    """How a column is turned into codes."""

    size: int
    """Codes run from 0 to size - 1."""

    def codes(self, column: pd.Series) -> NDArray[np.int64]:
        """(n,) codes of a column like the one that was learned from."""

    def conditions(self, column: int, name: str) -> tuple[Condition, ...]:
        """Every condition on it."""


def coding_of(column: pd.Series) -> Coding:
    """Learn the bins or the frequent values of a column."""
    if kind_of(column) == "numeric" or pd.api.types.is_datetime64_any_dtype(column):
        return _Ranges(_sortable(column), pd.api.types.is_datetime64_any_dtype(column))
    return _Values(_texts(column))


class _Ranges:
    """Numbers in quantile bins [a, b); the last code is for missing values."""

    def __init__(self, values: NDArray[np.float64], dates: bool) -> None:
        held = finite(values)
        self._dates, self._whole = dates, not dates and is_whole(values)
        self._edges = _edges(held)
        self._lowest = float(held.min()) if len(held) else 0.0
        self.size = len(self._edges) + 2

    def codes(self, column: pd.Series) -> NDArray[np.int64]:
        values = _sortable(column)
        inside = np.searchsorted(self._edges, values, side="right")
        return np.where(np.isnan(values), self.size - 1, inside).astype(np.int64)

    def conditions(self, column: int, name: str) -> tuple[Condition, ...]:
        bins = self.size - 1
        ranges = [(a, b) for a in range(bins) for b in range(a, bins) if (a, b) != (0, bins - 1)]
        found = [Condition(column, a, b, *self._told(name, a, b)) for a, b in ranges]
        whole = Condition(column, 0, bins - 1, f"{encoded(name)}=(present)", f"{name} present")
        return (*found, whole, Condition(column, bins, bins, f"{encoded(name)}={MISSING}", f"{name} missing"))

    def _told(self, name: str, a: int, b: int) -> tuple[str, str]:
        low = None if a == 0 else float(self._edges[a - 1])
        high = None if b == len(self._edges) else float(self._edges[b])
        start = self._lowest if low is None else low
        if self._whole and high is not None and high - start == 1:
            return f"{encoded(name)}={self._text(start)}", f"{name} is {self._text(start)}"
        key = f"{'(-inf' if low is None else '[' + self._text(low)},{'inf' if high is None else self._text(high)})"
        if low is None:
            words = f"{name} under {self._text(high)}"
        else:
            words = (
                f"{name} at least {self._text(low)}"
                if high is None
                else f"{name} from {self._text(low)} to under {self._text(high)}"
            )
        return f"{encoded(name)}={encoded(key)}", words

    def _text(self, value: float | None) -> str:
        assert value is not None
        if self._dates:
            return str(np.datetime64(int(value), "s"))
        return str(int(value)) if value == np.rint(value) and abs(value) < 1e15 else repr(float(value))


class _Values:
    """The most frequent values, then all others, then missing ones."""

    def __init__(self, texts: NDArray[np.object_]) -> None:
        distinct, counts = np.unique(texts[texts != MISSING].astype(str), return_counts=True)
        # Equal counts in order of the text, so that the order of rows decides nothing.
        self._kept = [str(v) for v in distinct[np.lexsort((distinct, -counts))][:VALUES]]
        self.size = len(self._kept) + 2

    def codes(self, column: pd.Series) -> NDArray[np.int64]:
        known = {value: code for code, value in enumerate(self._kept)} | {MISSING: self.size - 1}
        positions, distinct = pd.factorize(_texts(column))
        table = np.array([known.get(value, self.size - 2) for value in distinct], dtype=np.int64)
        return table[positions] if len(table) else np.empty(0, dtype=np.int64)

    def conditions(self, column: int, name: str) -> tuple[Condition, ...]:
        found = [
            Condition(column, i, i, f"{encoded(name)}={encoded(value)}", f"{name} is {value}")
            for i, value in enumerate(self._kept)
        ]
        last = self.size - 1
        return (*found, Condition(column, last, last, f"{encoded(name)}={MISSING}", f"{name} missing"))


def _edges(held: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where bins begin, after the first: tenths of the values, or each value where there are few."""
    distinct = np.unique(held)
    if len(distinct) <= BINS:
        return distinct[1:]
    cut = np.unique(np.quantile(held, np.arange(1, BINS) / BINS, method="higher"))
    cut = cut[cut > distinct[0]]
    # Four digits read better, as long as they keep the edges apart.
    short = np.array([float(f"{edge:.4g}") for edge in cut])
    return short if len(np.unique(short)) == len(cut) and (np.diff(short) > 0).all() else cut


def _sortable(column: pd.Series) -> NDArray[np.float64]:
    if pd.api.types.is_datetime64_any_dtype(column):
        # Whole seconds, which floats hold exactly.
        plain = column.dt.tz_convert(None) if column.dt.tz is not None else column
        seconds = plain.to_numpy("datetime64[s]").astype(np.float64)
        return np.where(column.isna().to_numpy(), np.nan, seconds)
    return numbers(column)


def _texts(column: pd.Series) -> NDArray[np.object_]:
    texts = canonical_texts(column)
    return texts.where(texts.notna(), MISSING).to_numpy(object)
