"""Finds rows that agree in every feature and disagree in the target: no model of these features is right about all."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.declarations.check import Check, CheckNotRunError, Finding, Setting
from audit.records.measured import Exact
from audit.records.observation import Observation
from audit.robustness.rows import row_codes
from audit.robustness.shares import weights_of
from audit.subject.evidence import Evidence, Subject, Table

Array = NDArray[np.float64]


def find(evidence: Evidence, setting: Setting) -> Finding:
    """Count, in each table, rows that another row with the same features contradicts, and what that costs at least.

    The least error is that of the best answer for each set of equal rows, found with the labels in hand: the share of
    rows outside the most frequent class of their set, or in regression the share of the variance within sets.
    """
    del setting  # figures of the rows themselves have no interval
    subject = evidence.subject
    tables = [
        t for t in (subject.test, subject.train) if t is not None and t.target is not None and t.features.shape[1]
    ]
    if not tables:
        raise CheckNotRunError("No table holds both features and true labels.")
    observations: list[Observation] = []
    told: list[str] = []
    for table in tables:
        rows, least = conflicts(table, subject)
        scope: Literal["train", "held_out"] = "train" if table.role == "train" else "held_out"
        observations += [
            Observation(
                id=f"robustness/{name}/{table.role}",
                label=label,
                measured=Exact(value=value, n=table.n),
                higher_is_better=False,
                scope=scope,
            )
            for name, label, value in (
                ("conflicting_labels", f"Rows of {table.role} with the features of one with another target", rows),
                ("irreducible_error", f"Least {_what(subject)} on {table.role} that these features allow", least),
            )
        ]
        told.append(
            f"{rows:,} of {table.n:,} {table.role} rows contradict another with the same features, so that no model "
            f"of these features has a {_what(subject)} under {least:.1%} there"
        )
    return Finding(summary=f"{'; '.join(told)}.", observations=tuple(observations))


def conflicts(table: Table, subject: Subject) -> tuple[int, float]:
    """Return the number of contradicted rows, and the least share of errors or of variance that is left."""
    assert table.target is not None
    sets = pd.factorize(row_codes([table], with_target=False)[0])[0].astype(np.int64)
    values = pd.factorize(table.target)[0].astype(np.int64)
    pairs = np.unique(np.stack([sets, values]), axis=1)
    many = np.bincount(pairs[0], minlength=int(sets.max()) + 1) > 1
    weight = weights_of(table)
    if not weight.sum() > 0:
        return int(many[sets].sum()), 0.0
    return int(many[sets].sum()), _least_error(sets, table.target, weight, bool(subject.classes))


def _least_error(sets: NDArray[np.int64], target: NDArray[np.generic], weight: Array, classes: bool) -> float:
    if classes:
        held = pd.Series(weight).groupby([sets, target]).sum().groupby(level=0).max().sum()
        return float(max(0.0, 1 - held / weight.sum()))
    values = target.astype(np.float64)
    centred = values - np.average(values, weights=weight)
    size = np.bincount(sets, weights=weight)
    means = np.bincount(sets, weights=weight * centred) / np.maximum(size, 1e-300)
    within, all_ = float(weight @ (centred - means[sets]) ** 2), float(weight @ centred**2)
    return within / all_ if all_ > 0 else 0.0


def _what(subject: Subject) -> str:
    return "share of wrong labels" if subject.classes else "unexplained share of the variance"


CHECK = Check(
    name="conflicting_labels",
    label="Equal rows with different targets",
    find=find,
    needs=("features", "target"),
    clustered=True,
    promises=(),
    description="Rows that agree in every feature and not in the target bound from below what any model gets wrong.",
)
