"""Counts rows of the test table whose entity the model may have met in train."""

from __future__ import annotations

import numpy as np

from audit.declarations.check import Check, CheckNotRunError, Finding, Setting
from audit.records.measured import Exact, Measured, Undefined
from audit.records.observation import Observation
from audit.robustness.rows import repeats
from audit.robustness.shares import marked, share
from audit.subject.evidence import Evidence, Table


def find(evidence: Evidence, setting: Setting) -> Finding:
    """Compare data.id of the test table with train, and count ids that stand in one table more than once.

    Rows of one entity are not independent: where they stand in both tables, held-out figures flatter the model; where
    they stand in one, its rows count for less than their number and intervals over rows are too narrow.
    """
    subject = evidence.subject
    tables = [t for t in (subject.test, subject.train) if t is not None and t.identity is not None]
    if not tables:
        raise CheckNotRunError("No column names the entity of a row (data.id).")
    shared = _shared(evidence, setting.level)
    observations = [
        _observed("ids_shared", "Test rows whose id is in train too", shared[0]),
        _observed("ids_shared_share", "Share of test rows whose id is in train too", shared[1]),
        *(
            _observed(
                f"ids_repeated/{t.role}",
                f"Rows of {t.role} whose id another of its rows has",
                Exact(value=_repeated(t), n=t.n),
            )
            for t in tables
        ),
    ]
    repeated = " and ".join(f"{_repeated(t):,} of {t.n:,} {t.role} rows" for t in tables)
    told = f"{shared[0].value:,} of {shared[0].n:,} test rows" if isinstance(shared[0], Exact) else "No test row"
    known = "share their id with a train row" if isinstance(shared[0], Exact) else "can be compared with train by id"
    return Finding(
        summary=f"{told} {known}; {repeated} share it with another row of their table.",
        observations=tuple(observations),
    )


def _shared(evidence: Evidence, level: float) -> tuple[Measured, Measured]:
    test, train = evidence.subject.test, evidence.subject.train
    if test is None or train is None or test.identity is None or train.identity is None:
        missing = Undefined(
            reason="Ids are not in both tables: data.test and data.train need the column data.id names."
        )
        return missing, missing
    both = np.isin(test.identity, train.identity[train.identity >= 0]) & (test.identity >= 0)
    return Exact(value=int(both.sum()), n=test.n), share(marked(both, test), level)


def _repeated(table: Table) -> int:
    assert table.identity is not None
    held = table.identity[table.identity >= 0]
    return int((repeats(held.astype(np.uint64)) > 1).sum()) if len(held) else 0


def _observed(name: str, label: str, measured: Measured) -> Observation:
    scope = "train" if name.endswith("/train") else "held_out"
    return Observation.model_validate(
        {"id": f"robustness/{name}", "label": label, "measured": measured, "higher_is_better": False, "scope": scope}
    )


CHECK = Check(
    name="ids_shared",
    label="Entities in both train and test",
    find=find,
    needs=(),
    clustered=True,
    promises=("robustness/ids_shared", "robustness/ids_shared_share"),
    description="Rows of the test table that belong to somebody whom train holds too, by the column data.id names.",
)
