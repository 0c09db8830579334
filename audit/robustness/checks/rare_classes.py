"""Names classes that are too rare to learn or to judge, and targets that never vary."""

from __future__ import annotations

import numpy as np

from audit.declarations.check import Check, CheckNotRunError, Finding, Setting
from audit.records.measured import Exact
from audit.records.observation import Observation
from audit.subject.evidence import Evidence, Subject, Table

RARE = 10
"""Rows under which a class counts as rare."""


def find(evidence: Evidence, setting: Setting) -> Finding:
    """Count the rows of each class in test and train; ten are the fewest of which a share means anything."""
    del setting  # counts have no interval
    subject = evidence.subject
    tables = [t for t in (subject.test, subject.train) if t is not None and t.target is not None]
    if not tables:
        raise CheckNotRunError("No table holds true labels.")
    rare = {t.role: _rare(subject, t) for t in tables}
    constant = [t.role for t in tables if t.target is not None and len(np.unique(t.target)) < 2]
    told = [f"In {role} {', '.join(names)} have fewer than {RARE} rows." for role, names in rare.items() if names]
    told += [f"The target never varies in {' and '.join(constant)}."] if constant else []
    return Finding(
        summary=" ".join(told) or ("No class is rare." if subject.classes else "The target varies."),
        observations=(
            *(
                Observation(
                    id=f"robustness/rare_classes/{t.role}",
                    label=f"Classes with fewer than {RARE} rows in {t.role}",
                    measured=Exact(value=len(rare[t.role]), n=t.n),
                    higher_is_better=False,
                    scope="train" if t.role == "train" else "held_out",
                )
                for t in tables
            ),
            Observation(
                id="robustness/constant_targets",
                label="Tables with one target only",
                measured=Exact(value=len(constant), n=sum(t.n for t in tables)),
                higher_is_better=False,
            ),
        ),
    )


def _rare(subject: Subject, table: Table) -> tuple[str, ...]:
    if not subject.classes or table.target is None:
        return ()
    counts = np.bincount(table.target.astype(np.int64), minlength=len(subject.classes))
    return tuple(name for name, count in zip(subject.classes, counts, strict=True) if count < RARE)


CHECK = Check(
    name="rare_classes",
    label="Rare classes",
    find=find,
    needs=("target",),
    clustered=True,
    promises=("robustness/constant_targets",),
    description="Figures of a class of a few rows mean little, and a model that saw as few has not learned it.",
)
