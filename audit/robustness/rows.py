"""Gives each row of one or more tables a number that is equal exactly where the rows are equal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.subject.evidence import Table


def row_codes(tables: Sequence[Table], with_target: bool) -> list[NDArray[np.uint64]]:
    """Return a 64-bit hash of each row of each table, over its features and, if asked, its target.

    Parameters
    ----------
    tables : sequence of Table
        Tables with the same features.
    with_target : bool
        Whether rows are equal only where their targets are.

    Returns
    -------
    list of ndarray (n,) uint64
        One array a table. Equal rows have equal hashes; among a million rows two different ones share a hash with
        probability under 1e-7.
    """
    # Joined before hashing: a column that is whole in one table and fractional in the other must agree on 1 and 1.0.
    joined = pd.concat([_columns(table, with_target) for table in tables], ignore_index=True)
    codes = pd.util.hash_pandas_object(joined, index=False).to_numpy(np.uint64)
    return np.split(codes, np.cumsum([table.n for table in tables])[:-1])


def repeats(codes: NDArray[np.uint64]) -> NDArray[np.int64]:
    """(n,) number of rows that are equal to each row, itself included."""
    _, inverse, counts = np.unique(codes, return_inverse=True, return_counts=True)
    return counts[inverse].astype(np.int64)


def content_codes(frame: pd.DataFrame, beside: Sequence[NDArray[np.generic] | None]) -> NDArray[np.uint64]:
    """Return a 64-bit hash of what each row of a frame and of arrays beside it holds.

    Parameters
    ----------
    frame : DataFrame (n, d)
    beside : sequence of ndarray (n,) or (n, k), or None

    Returns
    -------
    ndarray (n,) uint64
    """
    codes = np.zeros(len(frame), dtype=np.uint64)
    arrays = [array.reshape(len(frame), -1).T for array in beside if array is not None]
    # One column at a time: a frame of all of them would be a second copy of the table.
    for column in (
        *(frame.iloc[:, i] for i in range(frame.shape[1])),
        *(pd.Series(c) for rows in arrays for c in rows),
    ):
        codes = codes * _PRIME + pd.util.hash_array(_plain(column).to_numpy())
    return codes


_PRIME = np.uint64(1_099_511_628_211)


def _columns(table: Table, with_target: bool) -> pd.DataFrame:
    plain = {i: _plain(table.features.iloc[:, i]) for i in range(table.features.shape[1])}
    if with_target and table.target is not None:
        plain[-1] = pd.Series(table.target)
    return pd.DataFrame(plain)


def _plain(column: pd.Series) -> pd.Series:
    """Numbers as floats and everything else as objects, so that two tables agree on the type of a column."""
    values = column.reset_index(drop=True)
    return values.astype(np.float64) if pd.api.types.is_numeric_dtype(values) else values.astype(object)
