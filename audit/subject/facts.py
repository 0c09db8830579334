"""Says in words what a table holds."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from audit.records.sections import ColumnFacts
from audit.subject.labels import canonical_texts

Kind = Literal["numeric", "categorical", "boolean", "datetime", "text"]
Role = Literal[
    "feature",
    "challenger",
    "target",
    "sensitive",
    "weight",
    "id",
    "time",
    "prediction",
    "group",
    "stratum",
    "grade",
    "cluster",
    "ignored",
]


def column_facts(name: str, values: pd.Series, role: Role) -> ColumnFacts:
    """Describe one column; an id and free text show none of their values."""
    held = values.dropna()
    kind = _kind(held)
    distinct = int(held.nunique())
    return ColumnFacts(
        name=name,
        kind=kind,
        missing=len(values) - len(held),
        distinct=distinct,
        role=role,
        summary="" if role == "id" or held.empty else _summary(kind, held),
    )


_FREE_TEXT = 50
_SHOWN = 3
_LONGEST = 40


def _kind(held: pd.Series) -> Kind:
    if pd.api.types.is_bool_dtype(held):
        return "boolean"
    if pd.api.types.is_numeric_dtype(held):
        return "numeric"
    if pd.api.types.is_datetime64_any_dtype(held):
        return "datetime"
    if len(held) and {type(v) for v in held.unique()} <= {bool, np.bool_}:
        return "boolean"
    # A column of names or notes must not end up in a report.
    return "text" if held.nunique() > max(_FREE_TEXT, len(held) / 2) else "categorical"


def _summary(kind: Kind, held: pd.Series) -> str:
    if kind == "numeric":
        numbers = held.astype(float)
        return f"{_number(numbers.min())} to {_number(numbers.max())}, mean {_number(numbers.mean())}"
    if kind == "datetime":
        return f"{held.min().date()} to {held.max().date()}"
    if kind == "text":
        return ""
    counts = canonical_texts(held).value_counts()
    counts = counts.iloc[np.lexsort((counts.index.to_numpy().astype(str), -counts.to_numpy()))]
    shown = [f"{_short(str(value))} {100 * count / len(held):.0f} %" for value, count in counts.iloc[:_SHOWN].items()]
    more = len(counts) - _SHOWN
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _number(value: float) -> str:
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:,.0f}" if abs(value) < 1e15 else f"{value:.4g}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
