"""Replaces values of the categorical features and measures how far the model's answers follow."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.declarations.check import Check, Finding, Setting
from audit.robustness.columns import kind_of, positions
from audit.robustness.perturbation import Change, Perturbation, Severity, perturbed, promises
from audit.subject.evidence import Evidence

UNSEEN = "audit: never seen"


def find(evidence: Evidence, setting: Setting) -> Finding:
    """Replace one categorical value of each row, in a column chosen at random, in three ways.

    By another value of the column, drawn as often as it occurs; by a value that nobody has seen; and, in text, by the
    same word with the case of its letters swapped or a space behind it.
    """
    features = evidence.headline.table.features
    columns = positions(features, "category", "boolean")
    text = tuple(i for i in columns if kind_of(features.iloc[:, i]) == "category")
    learned = (evidence.subject.train or evidence.headline.table).features
    seen = Severity(
        argument="", label="one category replaced by another", change=_other(learned), columns=columns, one_cell=True
    )
    told = Perturbation(
        name="category",
        refused="The model fails on replaced categories",
        severities=(
            seen,
            Severity(
                argument=";kind=unseen",
                label="one category never seen before",
                change=_unseen,
                columns=text,
                one_cell=True,
            ),
            Severity(
                argument=";kind=typo",
                label="one category in other letters or with a space",
                change=_mistyped,
                columns=text,
                one_cell=True,
            ),
        ),
        alone=seen,
    )
    return perturbed(told, evidence, setting)


def _other(learned: pd.DataFrame) -> Change:
    def change(column: pd.Series, position: int, rng: np.random.Generator) -> pd.Series:
        known = learned.iloc[:, position] if kind_of(learned.iloc[:, position]) == kind_of(column) else column
        known = known.dropna()
        codes, values = pd.factorize(known.astype(object))
        if len(values) < 2:
            return column
        own = pd.Index(values).get_indexer(column.astype(object))
        shares = np.bincount(codes, minlength=len(values)) / len(codes)
        drawn = _another(own, shares, rng)
        return _written(column, np.asarray(values, dtype=object)[drawn])

    return change


def _another(own: NDArray[np.intp], shares: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """(n,) codes drawn by their shares, each other than the own one of its row."""
    ends = np.cumsum(shares)
    ends = ends / ends[-1]
    known = own >= 0
    # The own share is cut out of the unit interval, so that one draw is enough.
    width = np.where(known, shares[np.maximum(own, 0)] / shares.sum(), 0.0)
    start = np.where(known, ends[np.maximum(own, 0)] - width, 0.0)
    place = rng.random(len(own)) * (1 - width)
    place = np.where(known & (place >= start), place + width, place)
    drawn = np.minimum(np.searchsorted(ends, place, side="right"), len(shares) - 1)
    # Rounding may land on the own value after all, or on one with no share.
    beside = np.where(own + 1 < len(shares), own + 1, own - 1)
    return np.where(drawn == own, beside, drawn).astype(np.int64)


def _unseen(column: pd.Series, position: int, rng: np.random.Generator) -> pd.Series:
    del position, rng  # the same value everywhere
    return _written(column, np.full(len(column), UNSEEN, dtype=object))


def _mistyped(column: pd.Series, position: int, rng: np.random.Generator) -> pd.Series:
    del position
    swapped = rng.integers(0, 2, len(column)).astype(bool)
    values = column.astype(object).to_numpy(dtype=object, copy=True)
    for i, value in enumerate(values):
        if isinstance(value, str):
            other = value.swapcase() if swapped[i] else f"{value} "
            values[i] = other if other != value else f"{value} "
    return _written(column, values)


def _written(column: pd.Series, values: NDArray[np.object_]) -> pd.Series:
    """Return values as a column of the same type; what was missing stays missing."""
    kept = pd.Series(values, index=column.index, name=column.name).astype(object)
    kept = kept.where(column.notna(), None)
    if isinstance(column.dtype, pd.CategoricalDtype):
        known = list(column.cat.categories)
        new = [value for value in dict.fromkeys(kept.dropna()) if value not in set(known)]
        return kept.astype(pd.CategoricalDtype([*known, *new], ordered=bool(column.cat.ordered)))
    return kept if column.dtype == object else kept.astype(column.dtype)


CHECK = Check(
    name="categories",
    label="Replaced and misspelt categories",
    find=find,
    needs=("model", "features"),
    clustered=True,
    promises=promises("category"),
    description=(
        "How many decisions change, how far scores move and how much the leading metric loses when one categorical "
        "value of a row is another one, one never seen, or misspelt."
    ),
)
