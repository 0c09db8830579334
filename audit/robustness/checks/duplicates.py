"""Counts rows that stand in one table more than once."""

from __future__ import annotations

from audit.declarations.check import Check, Finding, Setting
from audit.records.measured import Exact
from audit.records.observation import Observation
from audit.robustness.rows import repeats, row_codes
from audit.subject.evidence import Evidence, Table


def find(evidence: Evidence, setting: Setting) -> Finding:
    """Count, in each table, the rows that repeat an earlier one in features and target."""
    del setting  # a count has no interval
    subject = evidence.subject
    tables = [table for table in (subject.test, subject.train) if table is not None]
    observations = tuple(_observed(table) for table in tables)
    parts = [f"{o.measured.value} of {t.n} {t.role} rows" for o, t in zip(observations, tables, strict=True)
             if isinstance(o.measured, Exact)]  # fmt: skip
    return Finding(summary=f"{' and '.join(parts)} repeat another row of their table.", observations=observations)


def _observed(table: Table) -> Observation:
    codes = row_codes([table], with_target=True)[0]
    surplus = table.n - int((1 / repeats(codes)).sum().round())
    return Observation(
        id=f"robustness/duplicate_rows/{table.role}",
        label=f"Rows of {table.role} that repeat another",
        measured=Exact(value=surplus, n=table.n),
        higher_is_better=False,
        scope="train" if table.role == "train" else "held_out",
    )


CHECK = Check(
    name="duplicates",
    label="Repeated rows",
    find=find,
    needs=("features",),
    clustered=True,
    promises=(),
    description="Rows equal to another row of the same table count twice in every figure.",
)
