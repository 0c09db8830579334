"""Turns columns of probabilities into each row's share in each group, and refuses what are no probabilities."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.errors import DataError, Problem
from audit.subject.sensitive import UNKNOWN

TOLERANCE = 0.01
"""How far the probabilities of a row may be from a sum of 1, as published tables are rounded."""


def membership_of(place: str, key: str, table: pd.DataFrame, groups: Mapping[str, str]) -> pd.DataFrame:
    """Return the (n, groups) probabilities of one feature, rows scaled to sum to exactly 1.

    Parameters
    ----------
    place : str
        The table, for errors.
    key : str
        Where the spec names the feature, for errors.
    table : DataFrame (n, ...)
        Holds the columns.
    groups : mapping of str to str
        Group to the column of its probability.

    Returns
    -------
    DataFrame (n, groups) float64
        In [0, 1]. A row without any probability belongs to the group "unknown", which is there only if there are such.

    Raises
    ------
    DataError
        A column holds something else than numbers from 0 to 1, some of a row's probabilities are missing, or they do
        not sum to 1 within 0.01.

    Examples
    --------
    >>> table = pd.DataFrame({"p": [0.25, np.nan], "q": [0.75, np.nan]})
    >>> membership_of("t.csv", "sensitive.probabilities.race", table, {"a": "p", "b": "q"}).values.tolist()
    [[0.25, 0.75, 0.0], [0.0, 0.0, 1.0]]
    """
    values = np.stack([_numbers(place, table[column]) for column in groups.values()], axis=1)
    missing = np.isnan(values)
    none: NDArray[np.bool_] = np.asarray(missing.all(axis=1))
    _refuse_gaps(place, table.index, tuple(groups.values()), missing & ~none[:, None])
    total = values.sum(axis=1)
    wrong = ~none & (np.abs(total - 1) > TOLERANCE)
    _refuse_sums(place, key, pd.Series(total, index=table.index), tuple(groups.values()), wrong)
    shares = np.where(none[:, None], 0.0, values) / np.where(none, 1.0, total)[:, None]
    frame = pd.DataFrame(shares, columns=list(groups), index=table.index)
    return frame.assign(**{UNKNOWN: none.astype(np.float64)}) if none.any() else frame


def _numbers(place: str, column: pd.Series) -> NDArray[np.float64]:
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    with np.errstate(invalid="ignore"):
        odd = (np.isnan(numbers) & column.notna().to_numpy()) | (numbers < 0) | (numbers > 1)
    if odd.any():
        first = int(np.flatnonzero(odd)[0])
        value, row, number = column.iloc[first], column.index[first] + 1, _rows(int(odd.sum()))
        found = repr(value) if isinstance(value, str) else f"{value:g}"
        raise DataError(
            Problem(
                f"{place}, column {str(column.name)!r}",
                f"expected probabilities from 0 to 1, found {found} in row {row} ({number}).",
                "Mend them, or leave the cell empty in every group's column where a row's group is not known.",
            )
        )
    return numbers


def _refuse_gaps(place: str, index: pd.Index, columns: tuple[str, ...], gaps: NDArray[np.bool_]) -> None:
    if gaps.any():
        row, column = (int(found[0]) for found in np.nonzero(gaps))
        number = _rows(int(gaps.any(axis=1).sum()))
        raise DataError(
            Problem(
                f"{place}, column {columns[column]!r}",
                f"has no probability in row {index[row] + 1}, where other groups have one ({number}).",
                "Write 0 for a group that a row cannot be of, or leave all of a row's probabilities empty.",
            )
        )


def _refuse_sums(place: str, key: str, total: pd.Series, columns: tuple[str, ...], wrong: NDArray[np.bool_]) -> None:
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        names = ", ".join(repr(column) for column in columns)
        raise DataError(
            Problem(
                f"{place}, columns {names}",
                f"the probabilities of a row must sum to 1 (within {TOLERANCE:g}); those of row {total.index[row] + 1} "
                f"sum to {total.iloc[row]:.4g} ({_rows(int(wrong.sum()))}).",
                f"Name every group under {key}, or mend them.",
            )
        )


def _rows(number: int) -> str:
    return f"{number} such row{'s' if number > 1 else ''}"
