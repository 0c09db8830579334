"""Observed rows and the rows that are asked about, in one table with distances and with the model's answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.attribution.coalitions import assembled, batches
from audit.attribution.shapes import text_of
from audit.declarations.attribution import Ground
from audit.estimation.drawn_rows import drawn_persons
from audit.estimation.seeds import child_seed
from audit.subject.evidence import Evaluation, Evidence, Subject, Table
from audit.subject.named import is_number

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]
S = TypeVar("S", bound=np.generic)

OBSERVED = 2000
"""Most observed rows that others are compared with."""
_PAIRED = 300
_FAR = 1e12


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What the model says of rows."""

    label: Rows | None
    score: Array | None
    """(n, K), as in the ground."""
    favour: Array | None
    """(n,) how far the score speaks for the favourable decision; in regression the value. None without one."""
    favoured: Flags | None
    """(n,) whether the decision is the favourable one; None where nothing is decided or no label is favourable."""


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """The observed rows come first, then the ground's rows."""

    ground: Ground
    rows: pd.DataFrame
    observed: int
    origin: str
    """The table that the observed rows come from."""
    answers: Answers
    """Of all rows."""
    encoded: Array
    """(N, d) numbers in units of their column's spread, other values as codes; NaN where missing."""
    numeric: Flags
    """(d,)."""
    names: tuple[str, ...]

    def place(self, row: int) -> int:
        """Return where a row of the ground stands."""
        return self.observed + row

    def text(self, row: int, column: int) -> str:
        """Return a value as text."""
        return text_of(self.rows.iloc[row, column])

    def ask(self, source: Rows) -> Answers:
        """Return the model's answers to (m, d) rows put together from values: column j from row `source[i, j]`."""
        parts = [self._asked(source[run]) for run in batches(len(source), source.shape[1])]
        return Answers(
            label=_joined([p.label for p in parts]),
            score=_joined([p.score for p in parts]),
            favour=_joined([p.favour for p in parts]),
            favoured=_joined([p.favoured for p in parts]),
        )

    def _asked(self, source: Rows) -> Answers:
        return answers_of(self.ground.subject, *self.ground.predict(assembled(self.rows, source)))

    def apart(self, one: Array, other: Array) -> Array:
        """Return by column how far (..., d) encoded rows are apart, each in [0, 1]; missing is like missing alone."""
        gap = np.abs(one - other)
        gap = np.where(self.numeric, np.minimum(gap, 1.0), (gap > 0).astype(np.float64))
        return np.where(np.isnan(one) & np.isnan(other), 0.0, np.where(np.isnan(gap), 1.0, gap))

    def distances(self, encoded: Array, others: Rows) -> Array:
        """Return the (m, k) mean distance over columns between encoded rows and rows by position."""
        total = np.zeros((len(encoded), len(others)))
        for j in range(encoded.shape[1]):
            one, other = encoded[:, j, None], self.encoded[others, j][None, :]
            gap = np.abs(one - other)
            gap = np.minimum(gap, 1.0) if self.numeric[j] else (gap > 0).astype(np.float64)
            both = np.isnan(one) & np.isnan(other)
            total += np.where(both, 0.0, np.where(np.isnan(one) | np.isnan(other), 1.0, gap))
        return np.asarray(total / max(1, encoded.shape[1]))

    def crowding(self) -> Array:
        """Return the sorted distances of some observed rows to the nearest other one."""
        some = np.arange(self.observed)[:_PAIRED]
        found = self.distances(self.encoded[some], np.arange(self.observed))
        found[np.arange(len(some)), some] = np.inf
        nearest = found.min(axis=1)
        return np.sort(nearest[np.isfinite(nearest)])


def crowd_of(evidence: Evidence, ground: Ground) -> Crowd:
    """Draw observed rows, from the training table where there is one, and set the ground's rows beside them."""
    table, seen = _source(evidence)
    positions = _drawn(table, child_seed(ground.seed, "people"))
    observed = table.features.iloc[positions].reset_index(drop=True)
    rows = pd.concat([observed, ground.rows], ignore_index=True)
    if seen is not None:
        label = None if seen.predictions.label is None else seen.predictions.label[positions]
        score = None if seen.predictions.score is None else _columns(seen.predictions.score[positions])
    else:
        label, score = ground.predict(observed)
    encoded, numeric = _encoded(rows, len(observed))
    return Crowd(
        ground=ground,
        rows=rows,
        observed=len(observed),
        origin=table.role,
        answers=answers_of(ground.subject, _joined([label, ground.label]), _joined([score, ground.score])),
        encoded=encoded,
        numeric=numeric,
        names=tuple(map(str, rows.columns)),
    )


def answers_of(subject: Subject, label: Rows | None, score: Array | None) -> Answers:
    """Say labels and scores as what they mean for the person."""
    good = subject.favourable
    if not subject.classes:
        return Answers(label=None, score=score, favour=None if score is None else score[:, 0], favoured=None)
    favour = None
    if score is not None and good is not None:
        several = score.shape[1] > 1
        favour = score[:, good] if several else score[:, 0] * (1.0 if good == subject.positive else -1.0)
    favoured = None if label is None or good is None else np.asarray(label == good)
    return Answers(label=label, score=score, favour=favour, favoured=favoured)


def _source(evidence: Evidence) -> tuple[Table, Evaluation | None]:
    train = evidence.subject.train
    if train is not None and train.n:
        seen = evidence.train
        return train, seen if seen is not None and seen.table.n == train.n else None
    return evidence.headline.table, evidence.held_out


def _drawn(table: Table, seed: int) -> Rows:
    # People, not rows: a row that counts for many is drawn as often.
    rng = np.random.default_rng(seed)
    if table.weight is None:
        return np.sort(rng.permutation(table.n)[:OBSERVED]).astype(np.int64)
    if table.weight_kind == "frequency":
        return drawn_persons(table.weight, OBSERVED, seed)
    share = table.weight / table.weight.sum()
    return np.sort(rng.choice(table.n, min(OBSERVED, table.n), p=share)).astype(np.int64)


def _encoded(rows: pd.DataFrame, observed: int) -> tuple[Array, Flags]:
    columns, numeric = [], []
    for j in range(rows.shape[1]):
        column = rows.iloc[:, j]
        numeric.append(is_number(column))
        if numeric[-1]:
            values = column.to_numpy(dtype=np.float64, na_value=np.nan)
            # An infinite value is far from any other, and no further from itself.
            columns.append(np.clip(values / _spread(values[:observed]), -_FAR, _FAR))
        else:
            codes = pd.factorize(column)[0].astype(np.float64)
            columns.append(np.where(codes < 0, np.nan, codes))
    return np.column_stack(columns), np.array(numeric, dtype=bool)


def _spread(values: Array) -> float:
    known = values[np.isfinite(values)]
    if not len(known):
        return 1.0
    low, high = np.quantile(known, [0.05, 0.95])
    # A column that hardly varies: any other value is as far as can be.
    return float(high - low) or float(known.max() - known.min()) or 1.0


def _columns(score: Array) -> Array:
    return np.asarray(score, dtype=np.float64).reshape(len(score), -1)


def _joined(parts: list[NDArray[S] | None]) -> NDArray[S] | None:
    known = [p for p in parts if p is not None]
    return np.concatenate(known) if len(known) == len(parts) and parts else None
