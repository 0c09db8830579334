"""How many of the rows that methods ask the model about are unlike any real one, because columns hang together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.attribution.again import attempted, few
from audit.attribution.likeness import low_of, mean_over
from audit.attribution.told import Told, listed, observed, of_each
from audit.declarations.attribution import Ground, MethodNotRunError
from audit.declarations.attribution_check import (
    AttributionCheck,
    AttributionCheckNotRunError,
    Audited,
    Done,
    Held,
)
from audit.records.measured import Estimate, Measured, Undefined

_ROWS = 200
_REAL = 600
_FEWEST = 50
_A_CALL = 200
_ASKED = 1_000
_RATE = 0.01
"""Share of real rows that lie further from any other than the distance counted as unlike."""
_NARROWEST = 1e-3
"""Least variance of a direction, where that of one column is 1: columns that are equal leave none."""
_SEVERAL = -1
Array = NDArray[np.float64]
Bools = NDArray[np.bool_]


def find(audited: Audited) -> Held:
    """Listen to what each method asks the model about, and see how far that lies from any real row."""
    ground, d = audited.ground, audited.ground.rows.shape[1]
    pool = pd.concat([ground.rows.iloc[: ground.sampled], ground.background], ignore_index=True).drop_duplicates()
    if len(pool) < _FEWEST:
        raise AttributionCheckNotRunError(f"Distances need {_FEWEST} different rows or more; there are {len(pool)}.")
    if d < 2:
        raise AttributionCheckNotRunError("A single column hangs together with nothing.")
    rng = np.random.default_rng(audited.seed)
    real = pool.iloc[np.sort(rng.permutation(len(pool))[:_REAL])].reset_index(drop=True)
    swapped, column = _swapped(real, rng)
    unlike = _unlike(real, swapped)
    told = of_each(audited, lambda done: _measured(audited, done, real, (unlike, column)), CHECK.measures)
    failures = {}
    for done, measures in told:
        found = measures[CHECK.measures[0]]
        if isinstance(found, Estimate) and low_of(found) > 0.5:
            failures[done.method.name] = (
                "rests for the most part on rows unlike any real one, where nothing taught the model to answer"
            )
    shares = np.array([unlike[column == j].mean() for j in range(d)])
    worst = listed([f"{real.columns[j]} ({100 * shares[j]:.0f} %)" for j in np.argsort(-shares, kind="stable")[:3]])
    return Held(
        summary=f"Rows that take one column from another row and are then unlike any real one, most often by: {worst}; "
        f"of real rows that is {100 * _RATE:.0f} %.",
        observations=tuple(
            observed(audited, done, name, _LABEL, m[name], False) for done, m in told for name in CHECK.measures
        ),
        failures=failures,
    )


_LABEL = "share of its credit that rests on rows unlike any real one"


def _measured(audited: Audited, done: Done, real: pd.DataFrame, swaps: tuple[Bools, NDArray[np.int64]]) -> Told:
    found = done.attributed
    reads = found.values is not None and found.error is None and not found.facts.background_rows
    asked = None if reads else _asked(audited, done)
    if asked is not None:
        # Of what it is given and what it makes up, only the latter can be unlike real rows.
        ground = few(done, audited.ground)
        given = pd.concat([ground.rows, ground.background], ignore_index=True)
        column = _changed(given, asked)
        made = column != len(real.columns)
        if made.any():
            asked, column = asked[made].reset_index(drop=True), column[made]
            return {CHECK.measures[0]: _share(audited, done, _unlike(real, asked), column)}
    if not done.attributed.facts.background_rows:
        return {CHECK.measures[0]: Undefined(reason="It asks the model about no rows but real ones.")}
    return {CHECK.measures[0]: _share(audited, done, *swaps)}


def _share(audited: Audited, done: Done, unlike: Bools, column: NDArray[np.int64]) -> Measured:
    """Return the share of rows that are unlike real ones, those that change one column by its credit."""
    sizes = done.attributed.importance
    credit = None if sizes is None else np.maximum(sizes, 0.0)
    if credit is not None and credit.sum() > 0 and (column != _SEVERAL).mean() > 0.5:
        single = column != _SEVERAL
        unlike, column = unlike[single], column[single]
        weight = (credit / np.maximum(np.bincount(column, minlength=len(credit)), 1))[column]
        return mean_over(unlike.astype(np.float64), audited.level, (0.0, 1.0), weight)
    return mean_over(unlike.astype(np.float64), audited.level, (0.0, 1.0))


def _asked(audited: Audited, done: Done) -> pd.DataFrame | None:
    """Return some of the rows that a method asks about, answered with numbers made up from the rows themselves."""
    ground, kept = few(done, audited.ground), []
    rng = np.random.default_rng(audited.seed)

    def predict(rows: pd.DataFrame) -> Any:
        kept.append(rows.iloc[np.sort(rng.permutation(len(rows))[:_A_CALL])])
        return _made_up(ground, rows)

    found = attempted(done, replace(ground, predict=predict))
    if kept:
        every = pd.concat(kept, ignore_index=True)
        return every.iloc[np.sort(rng.permutation(len(every))[:_ASKED])].reset_index(drop=True)
    if isinstance(found, MethodNotRunError) and not done.attributed.facts.background_rows:
        raise found
    return None


def _made_up(ground: Ground, rows: pd.DataFrame) -> tuple[NDArray[np.int64] | None, Array | None]:
    hashes = pd.util.hash_pandas_object(rows, index=False).to_numpy()
    several = max(len(ground.classes), 1)
    parts = [((hashes >> np.uint64(7 * k)) % np.uint64(1009)).astype(np.float64) + 1 for k in range(several)]
    score = np.stack(parts, axis=1) / 1011
    if several > 1:
        score = score / score.sum(axis=1, keepdims=True)
    label = None if ground.label is None else (score.argmax(axis=1) if several > 1 else score[:, 0] > 0.5)
    return (
        None if label is None else np.asarray(label, dtype=np.int64),
        None if ground.score is None else score,
    )


def _changed(given: pd.DataFrame, asked: pd.DataFrame) -> NDArray[np.int64]:
    """Return the only column in which each asked row differs from its likest given one.

    Several columns are told as -1, no column as the number of columns.
    """
    n, d = given.shape
    both = pd.concat([given, asked], ignore_index=True)
    codes = np.column_stack([pd.factorize(both.iloc[:, j], use_na_sentinel=False)[0] for j in range(d)])
    apart = np.zeros((len(asked), n), dtype=np.int16)
    for j in range(d):
        apart += codes[n:, j, None] != codes[None, :n, j]
    likest = apart.argmin(axis=1)
    differs = codes[n:] != codes[likest]
    count = differs.sum(axis=1)
    return np.where(count == 0, d, np.where(count == 1, differs.argmax(axis=1), _SEVERAL)).astype(np.int64)


def _swapped(real: pd.DataFrame, rng: np.random.Generator) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Return copies of rows that take one column from another row, and the column."""
    rows, d = rng.permutation(len(real))[:_ROWS], real.shape[1]
    copies = pd.concat([real.iloc[rows]] * d, ignore_index=True)
    for j in range(d):
        taken = real.iloc[:, j].array.take(rng.integers(0, len(real), len(rows)))
        values = copies.iloc[:, j].array.copy()
        values[j * len(rows) : (j + 1) * len(rows)] = taken
        copies.isetitem(j, values)
    return copies, np.repeat(np.arange(d), len(rows))


def _unlike(real: pd.DataFrame, asked: pd.DataFrame) -> Bools:
    """Return whether each asked row lies further from any real one than all but few real rows do from each other."""
    m = len(real)
    points = np.concatenate(
        [_points(pd.concat([real.iloc[:, j], asked.iloc[:, j]], ignore_index=True), m) for j in range(real.shape[1])],
        axis=1,
    )
    variance, ways = np.linalg.eigh(np.atleast_2d(np.cov(points[:m], rowvar=False)))
    # One variance in every direction, so that a step across a narrow one counts.
    placed = points @ (ways / np.sqrt(np.maximum(variance, _NARROWEST)))
    limit = float(np.quantile(_nearest(placed[:m], placed[:m], itself=True), 1 - _RATE))
    return np.asarray(_nearest(placed[m:], placed[:m]) > limit + 1e-9)


def _points(column: pd.Series, real: int) -> Array:
    """Return (n, p) points of a column, on the scale of its first `real` values."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        values = np.array(column.to_numpy(dtype=np.float64, na_value=np.nan))
        values[~np.isfinite(values)] = np.nan
        known = values[:real][~np.isnan(values[:real])]
        middle, size = (float(known.mean()), float(known.std())) if len(known) else (0.0, 0.0)
        scaled = np.nan_to_num((values - middle) / size if size > 0 else np.zeros(len(values)))
        gaps = np.isnan(values).astype(np.float64)
        return np.column_stack([scaled, gaps]) if gaps.any() else scaled[:, None]
    codes, distinct = pd.factorize(column, use_na_sentinel=False)
    most = np.argsort(-np.bincount(codes[:real], minlength=len(distinct)), kind="stable")[:20]
    # Two different categories lie as far apart as two numbers of one standard deviation on either side.
    return np.asarray((codes[:, None] == most) * np.sqrt(2.0), dtype=np.float64)


def _nearest(points: Array, real: Array, itself: bool = False) -> Array:
    squares = (points**2).sum(axis=1)[:, None] + (real**2).sum(axis=1) - 2 * points @ real.T
    if itself:
        np.fill_diagonal(squares, np.inf)
    return np.asarray(np.sqrt(np.maximum(squares.min(axis=1), 0.0)), dtype=np.float64)


CHECK = AttributionCheck(
    name="off_manifold",
    label="Asks about rows like real ones",
    find=find,
    measures=("off_manifold",),
    convention="Fails where surely most of the rows that a method makes up, those that change one column counted by "
    "that column's credit, lie further from any real row than 99 % of real rows do from each other.",
    source="Hooker, Mentch and Zhou (2021), doi:10.1007/s11222-021-10057-z",
)
