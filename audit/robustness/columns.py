"""Tells what kind of values a column holds, and writes new values in the type that it had."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

ColumnKind = Literal["numeric", "boolean", "category", "other"]


def kind_of(column: pd.Series) -> ColumnKind:
    """Return what a column holds; `other` is dates, times and anything nested.

    Examples
    --------
    >>> [kind_of(pd.Series(values)) for values in ([1, 2], [True, False], ["a", None])]
    ['numeric', 'boolean', 'category']
    """
    if pd.api.types.is_bool_dtype(column):
        return "boolean"
    if pd.api.types.is_numeric_dtype(column):
        return "other" if pd.api.types.is_complex_dtype(column) else "numeric"
    if column.dtype == object:
        return "category" if _single(column) else "other"
    held = isinstance(column.dtype, pd.CategoricalDtype) or pd.api.types.is_string_dtype(column.dtype)
    return "category" if held else "other"


def positions(features: pd.DataFrame, *kinds: ColumnKind) -> tuple[int, ...]:
    """Return the places of the columns of some kinds."""
    return tuple(i for i in range(features.shape[1]) if kind_of(features.iloc[:, i]) in kinds)


def numbers(column: pd.Series) -> NDArray[np.float64]:
    """(n,) values of a numeric column, NaN where missing."""
    return np.asarray(column.to_numpy(np.float64, na_value=np.nan), dtype=np.float64)


def finite(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values that are finite numbers."""
    return values[np.isfinite(values)]


def is_whole(values: NDArray[np.float64]) -> bool:
    """Whether every finite value is a whole number."""
    held = finite(values)
    return bool((held == np.rint(held)).all())


def as_in(column: pd.Series, values: NDArray[np.float64]) -> pd.Series:
    """Return numbers as a column of the same type, or as floats where that type holds no missing value."""
    written = pd.Series(values, index=column.index, name=column.name)
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu":
        limits = np.iinfo(column.dtype.name)
        # Converted as floats, the ends of 64 bits round beyond them.
        fits = bool(np.isfinite(values).all()) and bool((np.abs(values) < 2.0**53).all())
        inside = fits and values.min(initial=0) >= limits.min and values.max(initial=0) <= limits.max
        return written.astype(column.dtype) if inside else written
    return written.astype(column.dtype)


def mixed(column: pd.Series, changed: pd.Series, where: NDArray[np.bool_]) -> pd.Series:
    """Return a column with other values where a mask says so."""
    if where.all():
        return changed
    if not isinstance(changed.dtype, pd.CategoricalDtype):
        return column.where(~where, changed)
    values = np.where(where, changed.astype(object), column.astype(object))
    kept = pd.Categorical(values, categories=changed.cat.categories, ordered=bool(changed.cat.ordered))
    return pd.Series(kept, index=column.index, name=column.name)


def _single(column: pd.Series) -> bool:
    """Whether no value holds several, as a list does."""
    if not pd.api.types.infer_dtype(column, skipna=True).startswith("mixed"):
        return True
    return all(map(pd.api.types.is_scalar, column))
