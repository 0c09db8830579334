"""Looks for information that was not there yet at the time of a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from audit.declarations.check import Check, CheckNotRunError, Finding, Setting
from audit.records.measured import Estimate, Exact, Measured, Undefined
from audit.records.observation import Observation, encoded
from audit.robustness.columns import kind_of, numbers
from audit.robustness.shares import Marked, marked, share
from audit.subject.evidence import Evidence, Table

MOST_ROWS = 20_000
CLOCK = 0.95
"""Rank correlation with time from which a feature counts as a clock."""
Array = NDArray[np.float64]


def find(evidence: Evidence, setting: Setting) -> Finding:
    """Hold test rows, features and folds against data.time.

    Counted are test rows earlier than the latest train row, features with dates later than their row, features that
    rise or fall with time (a rank correlation of at least 0.95 either way, on at most 20,000 rows), and folds whose
    model was fitted on rows later than some that it is tested on.
    """
    subject, table = evidence.subject, evidence.headline.table
    tables = [t for t in (subject.test, subject.train) if t is not None and t.time is not None]
    if not tables:
        raise CheckNotRunError("No column orders rows in time (data.time).")
    overlap = _overlap(subject.test, subject.train, setting.level)
    later = _later(table)
    clocks = _clocks(table, setting)
    folds = _folds(evidence)
    told_clocks = [name for name, rho in clocks if abs(rho) >= CLOCK]
    told_later = [name for name, part in later if part.hits > 0]
    observations = (
        _observed("time_overlap", "Share of test rows earlier than the latest train row", overlap),
        _observed("folds_from_future", "Folds fitted on rows later than some they are tested on", folds),
        *(
            _observed(name, label, Exact(value=len(names), n=table.n))
            for name, label, names in (
                ("features_from_future", "Features with dates later than their row", told_later),
                ("time_features", "Features that rise or fall with time", told_clocks),
            )
        ),
        *(
            _observed(f"from_future/{encoded(name)}", f"Share of rows with a later {name}", share(part, setting.level))
            for name, part in later
        ),
    )
    return Finding(
        summary=_summary(overlap, folds, told_later, told_clocks),
        observations=observations,
        table=_table(later, clocks),
    )


def _overlap(test: Table | None, train: Table | None, level: float) -> Measured:
    if test is None or train is None or test.time is None or train.time is None:
        return Undefined(reason="Times are not in both tables: data.test and data.train need the column of data.time.")
    mine, theirs = _moments(test.time), _moments(train.time)
    known = ~np.isnan(mine)
    if not known.any() or np.isnan(theirs).all():
        return Undefined(reason="One of the tables has no row with a time.")
    return share(marked(mine < np.nanmax(theirs), test, known), level)


def _folds(evidence: Evidence) -> Measured:
    train = evidence.subject.train
    if not evidence.folds or train is None or train.time is None:
        return Undefined(reason="There is no cross-validation of rows with a time.")
    moments = _moments(train.time)

    def looks_ahead(fitted: NDArray[np.int64], tested: NDArray[np.int64]) -> bool:
        known = [moments[rows][~np.isnan(moments[rows])] for rows in (fitted, tested)]
        return bool(all(len(k) for k in known) and known[0].max() > known[1].min())

    return Exact(value=sum(looks_ahead(*fold) for fold in evidence.folds), n=train.n)


def _later(table: Table) -> list[tuple[str, Marked]]:
    """Features that hold dates, with the part of the rows in which these are later than the row."""
    if table.time is None or table.time.dtype.kind != "M":
        return []
    now = _moments(table.time)
    found = []
    for i, name in enumerate(table.features.columns):
        dates = _dates(table.features.iloc[:, i])
        if dates is not None:
            known = ~np.isnan(dates) & ~np.isnan(now)
            found.append((str(name), marked(dates > now, table, known)))
    return found


def _clocks(table: Table, setting: Setting) -> list[tuple[str, float]]:
    """Features of numbers or dates with their rank correlation with time, the closest first."""
    if table.time is None:
        return []
    rows = np.arange(table.n)
    if table.n > MOST_ROWS:
        rows = np.sort(np.random.default_rng(setting.seed).choice(table.n, MOST_ROWS, replace=False))
    now = _moments(table.time)[rows]
    found = []
    for i, name in enumerate(table.features.columns):
        column = table.features.iloc[rows, i]
        values = numbers(column) if kind_of(column) == "numeric" else _dates(column)
        rho = None if values is None else _rank_correlation(now, values)
        if rho is not None:
            found.append((str(name), rho))
    return sorted(found, key=lambda pair: (-abs(pair[1]), pair[0]))


def _rank_correlation(one: Array, other: Array) -> float | None:
    known = ~np.isnan(one) & ~np.isnan(other)
    if known.sum() < 10:
        return None
    ranks = [stats.rankdata(values[known]) for values in (one, other)]
    return float(np.corrcoef(*ranks)[0, 1]) if all(np.ptp(r) > 0 for r in ranks) else None


def _moments(time: NDArray[Any]) -> Array:
    """(n,) seconds, or the numbers themselves; NaN where missing."""
    if time.dtype.kind != "M":
        return np.asarray(time, dtype=np.float64)
    return np.where(np.isnat(time), np.nan, time.astype("datetime64[s]").astype(np.float64))


def _dates(column: pd.Series) -> Array | None:
    """(n,) seconds of a column of dates, also as ISO 8601 text; None where it holds anything else."""
    if pd.api.types.is_datetime64_any_dtype(column):
        plain = column.dt.tz_convert(None) if column.dt.tz is not None else column
        return _moments(plain.to_numpy())
    if kind_of(column) != "category":
        return None
    texts = column.dropna()
    # A year or a postcode alone is no date.
    if texts.empty or not texts.iloc[:100].map(lambda text: isinstance(text, str) and "-" in text).all():
        return None
    parsed = pd.to_datetime(column.astype(object), errors="coerce", format="ISO8601", utc=True)
    if parsed.isna().sum() > column.isna().sum():
        return None
    return _moments(parsed.dt.tz_convert(None).to_numpy())


def _summary(overlap: Measured, folds: Measured, later: Sequence[str], clocks: Sequence[str]) -> str:
    parts = []
    match overlap:
        case Estimate(value=value):
            parts.append(f"{value:.1%} of the test rows are earlier than the latest train row.")
        case Undefined() | Exact():
            parts.append("Test and train cannot be compared in time.")
    if isinstance(folds, Exact):
        parts.append(f"{folds.value} folds of the cross-validation look ahead in time.")
    for names, said in ((later, "hold dates later than their row"), (clocks, "rise or fall with time")):
        parts.append(f"{len(names)} features {said}{': ' + ', '.join(names) if names else ''}.")
    return " ".join(parts)


def _table(later: Sequence[tuple[str, Marked]], clocks: Sequence[tuple[str, float]]) -> tuple[tuple[str, ...], ...]:
    dates, ranks = dict(later), dict(clocks)
    told = [name for name in {**dates, **ranks} if name in dates or abs(ranks[name]) >= CLOCK]
    if not told:
        return ()
    return (
        ("Feature", "Dates later than the row", "Rank correlation with time"),
        *(
            (
                name,
                f"{dates[name].share:.1%}" if name in dates else "–",
                f"{ranks[name]:.3f}" if name in ranks else "–",
            )
            for name in told
        ),
    )


def _observed(name: str, label: str, measured: Measured) -> Observation:
    return Observation(id=f"robustness/{name}", label=label, measured=measured, higher_is_better=False)


CHECK = Check(
    name="time_travel",
    label="Time travel",
    find=find,
    needs=(),
    clustered=True,
    promises=("robustness/time_overlap", "robustness/features_from_future", "robustness/folds_from_future"),
    description="Whether the model is tested on times that it knew already, or reads what became known only later.",
)
