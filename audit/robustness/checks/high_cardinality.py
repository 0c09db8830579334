"""Names features that tell rows apart rather than describe them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from audit.declarations.check import Check, Finding, Setting
from audit.records.measured import Estimate, Exact, Measured
from audit.records.observation import Observation, encoded
from audit.robustness.columns import is_whole, kind_of, numbers
from audit.robustness.shares import marked, share
from audit.subject.evidence import Evidence, Table

LEAST_ROWS = 50
OWN_SHARE = 0.5
"""Share of rows with a value that no other row has, from which a category counts as an id."""


@dataclass(frozen=True)
class _Column:
    """What a feature's values are like."""

    name: str
    held: int
    """Rows with a value."""
    distinct: int
    own: int
    """Rows whose value no other row has."""
    unseen: Measured | None
    """Share of test rows with a value that train lacks; None where there is nothing to compare."""
    id_like: bool

    @property
    def distinct_share(self) -> Exact:
        return Exact(value=self.distinct / self.held, n=self.held)


def find(evidence: Evidence, setting: Setting) -> Finding:
    """Look at features of text or categories, and at whole numbers, in train or else in the headline rows.

    A category is like an id where at least half of its rows have a value of their own; whole numbers are where no two
    are equal though they lie within a range of less than twice their number, as running numbers do. Fewer than 50 rows
    tell nothing. Random numbers of such a range are all different with a probability under 1e-5.
    """
    table = evidence.subject.train or evidence.headline.table
    test = evidence.subject.test if table.role == "train" else None
    columns = [c for i in range(table.features.shape[1]) if (c := _column(table, test, i, setting.level)) is not None]
    columns.sort(key=lambda c: (not c.id_like, -c.distinct / max(c.held, 1), c.name))
    like = [c.name for c in columns if c.id_like]
    scope = "train" if table.role == "train" else "held_out"
    told = [
        ("id_like_features", "Features that tell rows apart like an id", Exact(value=len(like), n=table.n), scope),
        *(
            (f"distinct_share/{encoded(c.name)}", f"Different values of {c.name} a row", c.distinct_share, scope)
            for c in columns
            if c.held
        ),
        *(
            (f"unseen_values/{encoded(c.name)}", f"Share of test rows with a new {c.name}", c.unseen, "held_out")
            for c in columns
            if c.unseen is not None
        ),
    ]
    named = f": {', '.join(like)}" if like else ""
    return Finding(
        summary=f"{len(like)} of {table.features.shape[1]} features of {table.role} tell rows apart like an id{named}.",
        observations=tuple(_observed(*line) for line in told),
        table=_table(columns),
    )


def _column(table: Table, test: Table | None, place: int, level: float) -> _Column | None:
    column = table.features.iloc[:, place]
    name, kind = str(table.features.columns[place]), kind_of(column)
    if kind == "category":
        values = column.dropna()
        counts = pd.Series(pd.factorize(values)[0]).value_counts().to_numpy()
        own = int((counts == 1).sum())
        like = len(values) >= LEAST_ROWS and own >= OWN_SHARE * len(values)
        return _Column(name, len(values), len(counts), own, _unseen(column, test, place, level), like)
    if kind == "numeric" and _is_running(column):
        held = int(column.notna().sum())
        return _Column(name, held, held, held, None, True)
    return None


def _is_running(column: pd.Series) -> bool:
    values = numbers(column)
    values = values[~np.isnan(values)]
    if len(values) < LEAST_ROWS or not np.isfinite(values).all() or not is_whole(values):
        return False
    return bool(len(np.unique(values)) == len(values) and np.ptp(values) < 2 * len(values))


def _unseen(column: pd.Series, test: Table | None, place: int, level: float) -> Measured | None:
    if test is None:
        return None
    asked = test.features.iloc[:, place]
    held = asked.notna().to_numpy()
    if not held.any():
        return None
    known = {str(value) for value in pd.unique(column.dropna())}
    codes, distinct = pd.factorize(asked)
    new = np.array([*(str(value) not in known for value in distinct), False], dtype=bool)
    return share(marked(new[codes], test, held), level)


def _table(columns: list[_Column]) -> tuple[tuple[str, ...], ...]:
    if not columns:
        return ()
    return (
        ("Feature", "Different values", "Rows with a value of their own", "Test rows with a new value", "Like an id"),
        *(
            (
                c.name,
                f"{c.distinct:,}",
                f"{c.own / max(c.held, 1):.1%}",
                f"{c.unseen.value:.1%}" if isinstance(c.unseen, Estimate) else "–",
                "yes" if c.id_like else "no",
            )
            for c in columns
        ),
    )


def _observed(name: str, label: str, measured: Measured, scope: str) -> Observation:
    return Observation.model_validate(
        {"id": f"robustness/{name}", "label": label, "measured": measured, "higher_is_better": False, "scope": scope}
    )


CHECK = Check(
    name="high_cardinality",
    label="Features like an id",
    find=find,
    needs=("features",),
    clustered=True,
    promises=("robustness/id_like_features",),
    description="A feature with a value for nearly every row lets a model remember rows; test rows bring new values.",
)
