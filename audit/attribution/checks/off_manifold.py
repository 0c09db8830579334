"""How many of the rows that methods ask the model about are unlike any real one, because columns hang together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.attribution.again import attempted, few
from audit.attribution.likeness import low_of, mean_over
from audit.attribution.told import Told, listed, observed, of_each
from audit.declarations.attribution import MethodNotRunError
from audit.declarations.attribution_check import (
    AttributionCheck,
    AttributionCheckNotRunError,
    Audited,
    Done,
    Held,
)
from audit.records.measured import Estimate, Undefined

_ROWS = 200
_REAL = 600
_NARROWEST = 1e-3
"""Least variance of a direction, where that of one column is 1: columns that are equal leave none."""
_RATE = 0.01
"""Share of real rows that lie further from any other than the distance counted as unlike."""
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Space:
    """Real rows as points, and how far one of them may lie from the next."""

    real: Array
    """(m, p) standardised numbers and, of categories, the columns of a code that are one."""
    turned: Array
    """(p, p) what makes their variance one in every direction, so that a step across a narrow one counts."""
    owner: NDArray[np.int64]
    """(p,) original column of each."""
    limit: float
    """Distance to the next real row that is exceeded by a hundredth of real rows."""

    def unlike(self, column: int, rows: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return whether each of (n,) real rows is unlike any real one once it has taken a column from another row."""
        points = self.real[rows].copy()
        mine = self.owner == column
        points[:, mine] = self.real[other][:, mine]
        return np.asarray(_nearest(points @ self.turned, self.real @ self.turned) > self.limit)


def find(audited: Audited) -> Held:
    """Give each column of real rows a value of another row, and see how far that leads from any real row."""
    ground, d = audited.ground, audited.ground.rows.shape[1]
    pool = pd.concat([ground.rows.iloc[: ground.sampled], ground.background], ignore_index=True).drop_duplicates()
    if len(pool) < 50:
        raise AttributionCheckNotRunError(f"Distances need 50 different rows or more; there are {len(pool)}.")
    if d < 2:
        raise AttributionCheckNotRunError("A single column hangs together with nothing.")
    rng = np.random.default_rng(audited.seed)
    space = _space(pool.iloc[np.sort(rng.permutation(len(pool))[:_REAL])])
    m = len(space.real)
    rows = rng.permutation(m)[:_ROWS]
    unlike = np.stack([space.unlike(j, rows, rng.integers(0, m, len(rows))) for j in range(d)], axis=1)
    told = of_each(audited, lambda done: _measured(audited, done, unlike), CHECK.measures)
    failures = {}
    for done, measures in told:
        if low_of(measures["off_manifold"]) > 0.5 and isinstance(measures["off_manifold"], Estimate):
            failures[done.method.name] = (
                "rests for the most part on asking the model about rows unlike any real one, where nothing taught it "
                "to answer"
            )
    shares = unlike.mean(axis=0)
    order = np.argsort(-shares, kind="stable")[:3]
    worst = listed([f"{ground.rows.columns[j]} ({100 * shares[j]:.0f} %)" for j in order])
    return Held(
        summary=f"Rows that take one column from another row and are then unlike any real one, most often by: {worst}; "
        f"of real rows that is {100 * _RATE:.0f} %.",
        observations=tuple(
            observed(audited, done, name, _LABEL, m[name], False) for done, m in told for name in CHECK.measures
        ),
        failures=failures,
    )


_LABEL = "share of its credit that rests on rows unlike any real one"


def _measured(audited: Audited, done: Done, unlike: NDArray[np.bool_]) -> Told:
    sizes = done.attributed.importance
    if sizes is None or not np.maximum(sizes, 0).sum() > 0:
        return {CHECK.measures[0]: Undefined(reason="It gives no sizes of columns.")}
    if not _mixes(audited, done):
        return {CHECK.measures[0]: Undefined(reason="It asks the model about no rows but real ones.")}
    credit = np.maximum(sizes, 0) / np.maximum(sizes, 0).sum()
    return {CHECK.measures[0]: mean_over(unlike @ credit, audited.level, (0.0, 1.0))}


def _mixes(audited: Audited, done: Done) -> bool:
    """Tell whether a method asks the model about rows that were not given to it."""
    if done.attributed.facts.background_rows:
        return True
    if done.attributed.values is not None and done.attributed.error is None:
        return False
    ground = few(done, audited.ground)
    ground = replace(ground, budget=max(1, min(ground.budget, audited.budget)))
    known, odd = set(_hashes(ground.rows)) | set(_hashes(ground.background)), [False]

    def predict(rows: pd.DataFrame) -> Any:
        odd[0] = odd[0] or not set(_hashes(rows)) <= known
        return audited.ground.predict(rows)

    found = attempted(done, replace(ground, predict=predict))
    if isinstance(found, MethodNotRunError):
        raise found
    return odd[0]


def _hashes(rows: pd.DataFrame) -> list[int]:
    return [int(h) for h in pd.util.hash_pandas_object(rows, index=False)]


def _space(rows: pd.DataFrame) -> Space:
    parts: list[Array] = []
    owner: list[int] = []
    for j in range(rows.shape[1]):
        found = _points(rows.iloc[:, j])
        parts.append(found)
        owner += [j] * found.shape[1]
    real = np.concatenate(parts, axis=1)
    turned = _turned(real)
    placed = real @ turned
    limit = float(np.quantile(_nearest(placed, placed, itself=True), 1 - _RATE))
    return Space(real, turned, np.array(owner, dtype=np.int64), limit)


def _turned(real: Array) -> Array:
    variance, ways = np.linalg.eigh(np.atleast_2d(np.cov(real, rowvar=False)))
    return np.asarray(ways / np.sqrt(np.maximum(variance, _NARROWEST)), dtype=np.float64)


def _points(column: pd.Series) -> Array:
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        values = np.array(column.to_numpy(dtype=np.float64, na_value=np.nan))
        values[~np.isfinite(values)] = np.nan
        known = values[~np.isnan(values)]
        middle, size = (float(known.mean()), float(known.std())) if len(known) else (0.0, 0.0)
        scaled = np.nan_to_num((values - middle) / size if size > 0 else np.zeros(len(values)))
        gaps = np.isnan(values).astype(np.float64)
        return np.column_stack([scaled, gaps]) if gaps.any() else scaled[:, None]
    codes, distinct = pd.factorize(column, use_na_sentinel=False)
    most = np.argsort(-np.bincount(codes, minlength=len(distinct)), kind="stable")[:20]
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
    convention="Fails where surely most of a method's credit rests on replacing columns whose replacement leads "
    "further from any real row than 99 % of real rows are.",
    source="Hooker, Mentch and Zhou (2021), doi:10.1007/s11222-021-10057-z",
)
