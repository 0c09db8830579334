"""Rows and columns that a spec names for its single cases, found in the table or refused by their place in the spec."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.errors import DataError, Problem
from audit.records.spec import LocalSpec
from audit.subject.evidence import Table
from audit.subject.labels import canonical

_LOCAL = "attribution.local"


def identities(texts: pd.Series) -> NDArray[np.int64]:
    """Return an (n,) hash of each id, -1 where there is none; ids that are written alike are one.

    Examples
    --------
    >>> a, b, again, none = identities(pd.Series(["7", "8", "7", None], dtype=object))
    >>> bool(a == again), bool(a == b), int(none)
    (True, False, -1)
    """
    # 63 bits, so that -1 is free for rows without an id.
    hashed = (pd.util.hash_array(texts.to_numpy(object)) >> np.uint64(1)).astype(np.int64)
    return np.where(texts.isna().to_numpy(), -1, hashed)


def named_rows(table: Table, local: LocalSpec) -> tuple[int, ...]:
    """Return the positions of the rows that the spec names, in its order; what the table lacks is left out."""
    return tuple(row for _, row in _found(table, local) if row is not None)


def refuse_unknown(table: Table, local: LocalSpec) -> None:
    """Refuse rows and columns that are named and are not there.

    Raises
    ------
    DataError
        With the place of each in the spec; an id itself is never printed.
    """
    problems = (*_absent_rows(table, local), *_absent_columns(table, local))
    if problems:
        raise DataError(*problems)


def _found(table: Table, local: LocalSpec) -> Iterator[tuple[str, int | None]]:
    wanted = identities(pd.Series([canonical(id) for id in local.ids], dtype=object))
    for i, id in enumerate(wanted.tolist()):
        places = np.flatnonzero(table.identity == id) if table.identity is not None else np.empty(0, dtype=np.int64)
        yield f"{_LOCAL}.ids[{i}]", int(places[0]) if len(places) else None
    # A row keeps its number where others are left out for want of a label.
    numbers = table.features.index.to_numpy()
    for i, number in enumerate(local.row_numbers):
        places = np.flatnonzero(numbers == number - 1)
        yield f"{_LOCAL}.row_numbers[{i}]", int(places[0]) if len(places) else None


def _absent_rows(table: Table, local: LocalSpec) -> Iterator[Problem]:
    for place, row in _found(table, local):
        if row is None and ".ids" in place:
            hint = "Look it up in data.id; rows without a label do not take part."
            yield Problem(place, f"no row of data.{table.role} has this id.", hint)
        elif row is None:
            message = f"data.{table.role} has {table.facts.rows:,} rows, and none that takes part has this number."
            yield Problem(place, message, "Count from 1 below the header; rows without a label do not take part.")


def _absent_columns(table: Table, local: LocalSpec) -> Iterator[Problem]:
    columns, asked, reasons = list(table.features.columns), local.counterfactuals, local.reasons
    named: list[tuple[str, str, bool]] = []
    if asked:
        named += [("counterfactuals.immutable", column, False) for column in asked.immutable]
        named += [("counterfactuals.monotone", column, True) for column in asked.monotone]
        named += [("counterfactuals.ranges", column, True) for column in asked.ranges]
    if reasons:
        named += [("reasons.excluded", column, False) for column in reasons.excluded]
        named += [("reasons.wording", column, False) for column in reasons.wording]
    for key, column, number in named:
        if column not in columns:
            message = f"the model reads no column {column!r}."
            known = ", ".join(map(str, columns[:12])) + (" ..." if len(columns) > 12 else "")
            yield Problem(f"{_LOCAL}.{key}", message, f"It reads {known}.")
        elif number and not is_number(table.features[column]):
            message = f"{column!r} holds no numbers, so it has no lower and higher."
            yield Problem(f"{_LOCAL}.{key}", message, "Delete it, or name it under immutable.")


def is_number(column: pd.Series) -> bool:
    """Tell whether values of a column have an order and a distance.

    >>> is_number(pd.Series([1, 2])), is_number(pd.Series([True])), is_number(pd.Series(["1"]))
    (True, False, False)
    """
    return bool(pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column))
