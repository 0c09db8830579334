"""A column to the few values at which an effect is told: edges of bins for numbers, places in an order for categories.

Every value is one that some row holds, so that whatever the model reads of a column (text, whole numbers) is read of
these too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.attribution.shapes import text_of

_CATEGORIES = 20
_LOW, _HIGH = 0.05, 0.95


@dataclass(frozen=True, kw_only=True)
class Levels:
    """Values of one column, in order."""

    column: int
    at: NDArray[np.int64]
    """(k,) a row of the pool that holds each value."""
    x: NDArray[np.float64]
    """(k,) the values, increasing; 0, 1, ... for categories."""
    categories: tuple[str, ...]
    """Names of categories; empty for numbers."""
    ordered_by: Literal["value", "declaration", "similarity"]
    place: NDArray[np.int64]
    """(n,) for a number the bin that holds it, from 0: the first holds both its edges, each other its upper one;
    for a category its place; -1 for a missing value, and for a category that is left out."""
    part: NDArray[np.float64]
    """(n,) how far each row stands into its bin, 0 at the lower edge and 1 at the upper; 0 for categories."""
    missing: NDArray[np.bool_]
    """(n,) whether a row has no value."""

    @property
    def numeric(self) -> bool:
        """Whether the values are numbers."""
        return not self.categories

    @property
    def left_out(self) -> int:
        """Rows whose category is too rare to be told."""
        return int((self.place[~self.missing] < 0).sum())

    def density(self, weight: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the share of the weight of the first rows in each bin, or of each category."""
        place = self.place[: len(weight)]
        size = len(self.at) - 1 if self.numeric else len(self.at)
        found = np.bincount(place[place >= 0], weights=weight[place >= 0], minlength=size).astype(np.float64)
        total = found.sum()
        return np.asarray(found / total if total > 0 else found, dtype=np.float64)

    def ends(self, weight: NDArray[np.float64]) -> tuple[int, int]:
        """Return the places of the values next to the 5 % and 95 % quantiles; the outermost where these are one."""
        last = len(self.at) - 1
        if not self.numeric:
            return 0, last
        below = np.concatenate([[0.0], self.density(weight).cumsum()])
        low, high = int(np.abs(below - _LOW).argmin()), int(np.abs(below - _HIGH).argmin())
        return (low, high) if low < high else (0, last)


def levels_of(rows: pd.DataFrame, column: int, weight: NDArray[np.float64], bins: int) -> Levels | None:
    """Return the values of a column at which its effect is told, or None where it has fewer than two.

    Parameters
    ----------
    rows : DataFrame (n, d)
    column : int
        Position of the column.
    weight : ndarray (n,) float64
        Weights; quantiles are those of the weighted rows.
    bins : int
        Most bins of numbers; with no more different values than that, each is an edge.
    """
    held = rows.iloc[:, column]
    if pd.api.types.is_numeric_dtype(held.dtype) and not pd.api.types.is_bool_dtype(held.dtype):
        return _numbers(held, column, weight, bins)
    if pd.api.types.is_datetime64_any_dtype(held.dtype):
        return None
    return _categories(rows, column, weight)


def _numbers(held: pd.Series, column: int, weight: NDArray[np.float64], bins: int) -> Levels | None:
    values = held.to_numpy(dtype=np.float64, na_value=np.nan)
    missing = ~np.isfinite(values)
    edges = _edges(values[~missing], weight[~missing], bins)
    if len(edges) < 2:
        return None
    order = np.argsort(values, kind="stable")
    at = order[np.searchsorted(values[order], edges, side="left")]
    place = np.clip(np.searchsorted(edges, values, side="left") - 1, 0, len(edges) - 2)
    part = (np.where(missing, edges[0], values) - edges[place]) / (edges[place + 1] - edges[place])
    return Levels(
        column=column,
        at=at.astype(np.int64),
        x=edges,
        categories=(),
        ordered_by="value",
        place=np.where(missing, -1, place).astype(np.int64),
        part=np.where(missing, 0.0, np.clip(part, 0.0, 1.0)),
        missing=missing,
    )


def _edges(values: NDArray[np.float64], weight: NDArray[np.float64], bins: int) -> NDArray[np.float64]:
    # Quantiles that are values themselves (type 1 of Hyndman and Fan), each once.
    distinct = np.unique(values[weight > 0])
    if len(distinct) <= bins + 1:
        return distinct
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weight[order])
    wanted = np.linspace(0.0, 1.0, bins + 1)[1:] * below[-1]
    at = np.minimum(np.searchsorted(below, wanted * (1 - 1e-12), side="left"), len(values) - 1)
    return np.unique(np.concatenate([distinct[:1], values[order][at]]))


def _categories(rows: pd.DataFrame, column: int, weight: NDArray[np.float64]) -> Levels | None:
    held = rows.iloc[:, column]
    missing = held.isna().to_numpy(dtype=np.bool_)
    codes, found = pd.factorize(held, sort=False)
    total = np.bincount(codes[codes >= 0], weights=weight[codes >= 0], minlength=len(found))
    # By how common they are, and among equals by name, whatever the order of the rows.
    names = [text_of(value) for value in found]
    common = sorted((k for k in range(len(found)) if total[k] > 0), key=lambda k: (-total[k], names[k]))[:_CATEGORIES]
    if len(common) < 2:
        return None
    declared = _declared(held, found, common)
    order = declared or _by_similarity(rows, column, codes, common, weight)
    rank = np.full(len(found) + 1, -1)
    rank[order] = np.arange(len(order))
    first = {int(code): i for i, code in reversed(list(enumerate(codes)))}
    return Levels(
        column=column,
        at=np.array([first[k] for k in order], dtype=np.int64),
        x=np.arange(len(order), dtype=np.float64),
        categories=tuple(names[k] for k in order),
        ordered_by="declaration" if declared else "similarity",
        place=rank[codes].astype(np.int64),
        part=np.zeros(len(held)),
        missing=missing,
    )


def _declared(held: pd.Series, found: pd.Index, common: list[int]) -> list[int]:
    if pd.api.types.is_bool_dtype(held.dtype):
        return sorted(common, key=lambda k: bool(found[k]))
    if isinstance(held.dtype, pd.CategoricalDtype) and held.dtype.ordered:
        return sorted(common, key=held.dtype.categories.get_indexer(found).tolist().__getitem__)
    return []


def _by_similarity(
    rows: pd.DataFrame, column: int, codes: NDArray[np.int64], common: list[int], weight: NDArray[np.float64]
) -> list[int]:
    # Apley and Zhu (2020), appendix E: distances between the laws of the other columns, laid out along one line.
    share = np.stack([np.where(codes == k, weight, 0.0) for k in common])
    share /= share.sum(axis=1, keepdims=True)
    apart = np.zeros((len(common), len(common)))
    for j in range(rows.shape[1]):
        if j != column:
            apart += _distances(rows.iloc[:, j], share)
    line = _line(apart)
    # Which end comes first is open: the commoner of the two.
    order = sorted(range(len(common)), key=lambda i: (line[i], i))
    return [common[i] for i in (order if order[0] < order[-1] else order[::-1])]


def _distances(other: pd.Series, share: NDArray[np.float64]) -> NDArray[np.float64]:
    # Kolmogorov's distance for what has an order, total variation for what has none; a missing value is one more.
    ordered = pd.api.types.is_numeric_dtype(other.dtype) or pd.api.types.is_datetime64_any_dtype(other.dtype)
    codes, values = pd.factorize(other, sort=ordered, use_na_sentinel=True)
    codes = np.where(codes < 0, len(values), codes)
    mass = np.stack([np.bincount(codes, weights=part, minlength=len(values) + 1) for part in share])
    if ordered:
        law = mass.cumsum(axis=1)
        return np.stack([np.abs(law - one).max(axis=1) for one in law])
    return np.stack([np.abs(mass - one).sum(axis=1) / 2 for one in mass])


def _line(apart: NDArray[np.float64]) -> NDArray[np.float64]:
    # Classical scaling to one dimension (Torgerson 1952), its direction fixed by the first place.
    square = -(apart**2) / 2
    middle = square - square.mean(axis=0) - square.mean(axis=1)[:, None] + square.mean()
    _, vectors = np.linalg.eigh(middle)
    line = vectors[:, -1]
    return np.asarray(np.round(-line if line[0] > 0 else line, 12), dtype=np.float64)
