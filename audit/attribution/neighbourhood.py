"""Training rows to perturbed rows around nothing in particular, and to what each of them shares with explained rows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from audit.attribution.coalitions import assembled

_QUARTILES = (25, 50, 75)
_SPREAD = 1e-11
_LEAST = 1e-15


@dataclass(frozen=True)
class Neighbourhood:
    """What training rows say of each column, from which perturbed rows are drawn column by column."""

    pool: pd.DataFrame
    """(n, d) training rows."""
    place: NDArray[np.int16]
    """(d, n) the bin or the category of each value."""
    drawn: tuple[int, ...]
    """Columns of fractional numbers, whose values are drawn within their bins; others are training rows' own."""
    first: NDArray[np.float64]
    """(drawn, bins) share of the normal of each bin of those columns that lies below the bin."""
    width: NDArray[np.float64]
    """(drawn, bins) share that lies within it."""
    mean: NDArray[np.float64]
    """(drawn, bins) means and standard deviations of those normals."""
    spread: NDArray[np.float64]
    missing: NDArray[np.int64]
    """(drawn,) the bin of missing values."""
    edges: dict[int, NDArray[np.float64]]
    """Column of numbers to the bounds between its bins; empty of columns where numbers are not cut."""
    weighed: tuple[int, ...]
    """Columns of numbers that a surrogate weighs by their standard deviation rather than by their bin."""
    centre: NDArray[np.float64]
    """(d,) mean and standard deviation of those columns."""
    scale: NDArray[np.float64]
    known: dict[int, pd.Index]
    """Column that is no number to its categories in the order of their places."""

    def draw(self, rows: int, rng: np.random.Generator) -> tuple[pd.DataFrame, NDArray[np.int16], NDArray[np.float64]]:
        """Draw every column on its own by its frequencies in the training rows.

        Returns
        -------
        DataFrame
            (rows, d) perturbed rows.
        ndarray
            (rows, d) place of each value.
        ndarray
            (rows, weighed) standardised value in each column that is weighed by its standard deviation.
        """
        d = self.pool.shape[1]
        source = rng.integers(len(self.pool), size=(rows, d))
        # Columns lie one below the other: every step runs over one column of the training rows at a time.
        place = np.stack([self.place[j][source[:, j]] for j in range(d)])
        made = {j: self._within(i, place[j], source[:, j], rng) for i, j in enumerate(self.drawn)}
        frame = self._framed(source, made)
        return frame, place.T, self.standardised(frame)

    def places(self, rows: pd.DataFrame) -> NDArray[np.int16]:
        """Return the (n, d) place of each value of rows; a category that no training row holds shares none."""
        return np.column_stack([self._placed(rows.iloc[:, j], j) for j in range(rows.shape[1])])

    def standardised(self, rows: pd.DataFrame) -> NDArray[np.float64]:
        """Return the (n, weighed) standardised numbers of rows, 0 where missing."""
        found = np.zeros((len(rows), len(self.weighed)))
        for i, j in enumerate(self.weighed):
            value = (_numbers(rows.iloc[:, j]) - self.centre[j]) / self.scale[j]
            found[:, i] = np.where(np.isfinite(value), value, 0.0)
        return found

    def bounds(self, column: int, place: int) -> tuple[float | None, float | None] | None:
        """Return the bounds of a bin of numbers, None for an open end; None where there are none."""
        edges = self.edges.get(column, np.empty(0))
        if not len(edges) or place > len(edges):
            return None
        return (float(edges[place - 1]) if place else None, float(edges[place]) if place < len(edges) else None)

    def _within(
        self, i: int, place: NDArray[np.int16], source: NDArray[np.int64], rng: np.random.Generator
    ) -> NDArray[np.float64]:
        # (rows,) a normal of the bin's mean and spread, cut off at its ends; what is missing stays as it is.
        chance = self.first[i][place] + rng.random(len(place)) * self.width[i][place]
        value = self.mean[i][place] + self.spread[i][place] * ndtri(np.clip(chance, _LEAST, 1 - _LEAST))
        missing = place == self.missing[i]
        if missing.any():
            value[missing] = _numbers(self.pool.iloc[:, self.drawn[i]])[source[missing]]
        return np.asarray(value, dtype=np.float64)

    def _framed(self, source: NDArray[np.int64], made: dict[int, NDArray[np.float64]]) -> pd.DataFrame:
        kinds, d = self.pool.dtypes, self.pool.shape[1]
        if len(made) == d and all(kind == np.float64 for kind in kinds):
            return pd.DataFrame(np.stack([made[j] for j in range(d)]).T, columns=self.pool.columns)
        rest = [j for j in range(d) if j not in made]
        taken = assembled(self.pool.iloc[:, rest], source[:, rest]) if rest else pd.DataFrame()
        column = {j: taken.iloc[:, i] for i, j in enumerate(rest)}
        column |= {j: pd.Series(value).astype(kinds.iloc[j]) for j, value in made.items()}
        frame = pd.DataFrame({j: column[j] for j in range(d)})
        frame.columns = self.pool.columns
        return frame

    def _placed(self, column: pd.Series, j: int) -> NDArray[np.int16]:
        if j in self.known:
            return _category(column, self.known[j])
        return _binned(_numbers(column), self.edges.get(j, np.empty(0)))


def neighbourhood_of(training: pd.DataFrame, discretise: bool) -> Neighbourhood:
    """Read off training rows what perturbed ones are drawn by.

    Parameters
    ----------
    training : DataFrame
        (n, d) rows, one or more.
    discretise : bool
        Whether numbers are cut at their quartiles.
    """
    pool, d = training.reset_index(drop=True), training.shape[1]
    numbers = {j: _numbers(pool.iloc[:, j]) for j in range(d) if _is_number(pool.iloc[:, j])}
    weighed = () if discretise else tuple(numbers)
    edges = {j: _edges(values) if discretise else np.empty(0) for j, values in numbers.items()}
    known = {j: pd.Index(pd.unique(_plain(pool.iloc[:, j]).dropna())) for j in range(d) if j not in numbers}
    place = np.stack(
        [_binned(numbers[j], edges[j]) if j in numbers else _category(pool.iloc[:, j], known[j]) for j in range(d)]
    )
    drawn = tuple(j for j, values in numbers.items() if _fractional(values))
    bins = max((len(edges[j]) for j in drawn), default=0) + 2
    told = np.zeros((4, len(drawn), bins))
    for i, j in enumerate(drawn):
        told[:, i, : len(edges[j]) + 1] = _described(numbers[j], place[j], edges[j])
    centre, scale = np.zeros(d), np.ones(d)
    for j in weighed:
        seen = numbers[j][np.isfinite(numbers[j])]
        centre[j] = seen.mean() if len(seen) else 0.0
        scale[j] = seen.std() if len(seen) and seen.std() > 0 else 1.0
    return Neighbourhood(
        pool=pool, place=place, drawn=drawn, first=told[0], width=told[1], mean=told[2], spread=told[3],
        missing=np.array([len(edges[j]) + 1 for j in drawn], dtype=np.int64), edges=edges if discretise else {},
        weighed=weighed, centre=centre, scale=scale, known=known,
    )  # fmt: skip


def _is_number(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column)) and not pd.api.types.is_bool_dtype(column)


def _numbers(column: pd.Series) -> NDArray[np.float64]:
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def _plain(column: pd.Series) -> pd.Series:
    return column.astype(object)


def _edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    seen = values[np.isfinite(values)]
    return np.unique(np.percentile(seen, _QUARTILES)) if len(seen) else np.empty(0)


def _binned(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int16]:
    # What is missing or infinite is a bin of its own, after the others.
    place = np.searchsorted(edges, values)
    return np.where(np.isfinite(values), place, len(edges) + 1).astype(np.int16)


def _category(column: pd.Series, known: pd.Index) -> NDArray[np.int16]:
    place = known.get_indexer(pd.Index(_plain(column)))
    return np.where(column.isna().to_numpy(), len(known), place).astype(np.int16)


def _fractional(values: NDArray[np.float64]) -> bool:
    # Whole numbers may be codes that a model knows one by one, so none is made up.
    seen = values[np.isfinite(values)]
    return bool((seen != np.round(seen)).any())


def _described(
    values: NDArray[np.float64], place: NDArray[np.int16], edges: NDArray[np.float64]
) -> NDArray[np.float64]:
    # (4, bins) share of each bin's normal below it and within it, its mean and its spread.
    seen = values[np.isfinite(values)]
    # Numbers that are not cut have one bin without ends.
    ends = np.concatenate([[seen.min()], edges, [seen.max()]]) if len(edges) else np.array([-np.inf, np.inf])
    found = np.zeros((4, len(ends) - 1))
    for b, (low, high) in enumerate(pairwise(ends)):
        inside = values[place == b]
        # A bin that no row fell into is never drawn.
        mean, spread = (inside.mean(), inside.std() + _SPREAD) if len(inside) else (low, _SPREAD)
        below, above = ndtr((low - mean) / spread), ndtr((high - mean) / spread)
        found[:, b] = below, above - below, mean, spread
    return found
