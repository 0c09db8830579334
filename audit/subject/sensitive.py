"""Turns sensitive columns into text: binned where the spec says so, "unknown" where a value is missing."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from audit.errors import DataError, Problem
from audit.subject.evidence import Tell
from audit.subject.labels import canonical, canonical_texts

UNKNOWN = "unknown"


def joined(
    main: pd.Series, people: pd.DataFrame, on: str, places: tuple[str, str], tell: Tell, *, needed: bool
) -> pd.DataFrame:
    """Return the rows of a second table in the order of the main one, matched by id; a row without a match is missing.

    Raises
    ------
    DataError
        An id stands twice in the second table, or none of its ids is in a main one whose groups are needed.
    """
    keys = canonical_texts(people[on])
    held = keys.notna()
    repeated = int(keys[held].duplicated().sum())
    if repeated:
        raise DataError(
            Problem(
                f"{places[1]}, column {on!r}",
                f"{repeated} rows repeat an id of an earlier row.",
                "Keep one row for each id.",
            )
        )
    wanted = canonical_texts(main)
    indexed = people[held.to_numpy()].set_index(pd.Index(keys[held])).drop(columns=on)
    found = wanted.isin(indexed.index)
    if needed and len(wanted) and not found.any():
        raise DataError(
            Problem(
                f"{places[1]}, column {on!r}",
                f"none of its ids is in {places[0]}.",
                "Check that both tables use the same ids.",
            )
        )
    if not found.all():
        tell.warning(
            f"{int((~found).sum())} rows of {places[0]} have no row in {places[1]}: their groups are {UNKNOWN}."
        )
    return indexed.reindex(wanted).set_axis(main.index)


def as_groups(place: str, values: pd.Series, edges: Sequence[float] | None, tell: Tell) -> pd.Series:
    """Return one sensitive column as text.

    Raises
    ------
    DataError
        The spec bins a column that does not hold numbers.
    """
    name = str(values.name)
    if edges is not None:
        return _binned(f"{place}, column {name!r}", values, edges)
    text = canonical_texts(values)
    distinct = text.nunique()
    if distinct > _MANY:
        bins = f", or name its edges under sensitive.bins.{name}" if pd.api.types.is_numeric_dtype(values) else ""
        tell.warning(
            f"sensitive column {name!r} has {distinct} different values: most groups will be small. Merge some{bins}."
        )
    return text.where(text.notna(), UNKNOWN)


def bin_labels(edges: Sequence[float]) -> tuple[str, ...]:
    """Return the name of each bin, between one for what lies below and one for what lies above.

    Examples
    --------
    >>> bin_labels([0, 25, 40.5])
    ('under 0', '0 to <25', '25 to 40.5', 'over 40.5')
    """
    texts = [canonical(edge) for edge in edges]
    pairs = list(pairwise(texts))
    inner = [f"{low} to <{high}" for low, high in pairs[:-1]] + [f"{low} to {high}" for low, high in pairs[-1:]]
    return (f"under {texts[0]}", *inner, f"over {texts[-1]}")


_MANY = 20


def _binned(place: str, values: pd.Series, edges: Sequence[float]) -> pd.Series:
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    odd = np.isnan(numbers) & values.notna().to_numpy()
    if odd.any():
        row = int(np.flatnonzero(odd)[0])
        raise DataError(
            Problem(
                place, f"expected numbers for its bins, found {values.iloc[row]!r} in row {row + 1}.", "Drop the bins."
            )
        )
    positions = np.searchsorted(edges, numbers, side="right")
    positions[numbers == edges[-1]] = len(edges) - 1  # the last bin holds both its edges
    labels = np.array(bin_labels(edges), dtype=object)
    return pd.Series(
        np.where(np.isnan(numbers), UNKNOWN, labels[np.minimum(positions, len(edges))]),
        index=values.index,
        name=values.name,
    )
