"""Finds columns that are the target under another name: each of their values goes with one target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.declarations.check import Check, CheckNotRunError, Finding, Setting
from audit.records.measured import Exact
from audit.records.observation import Observation
from audit.robustness.columns import kind_of, numbers
from audit.subject.evidence import Evidence

LEAST_ROWS = 10


@dataclass(frozen=True)
class _Copy:
    """A column that gives the target away."""

    name: str
    how: str
    chance: float
    """Probability that a column without any tie to the target looks like this."""


def find(evidence: Evidence, setting: Setting) -> Finding:
    """Look, in train or else test, for features whose values each stand for one class, or rise or fall with the target.

    A missing value counts as a value, so that a gap that stands for a class is found too. Classes: what matters is how
    likely rows with the same value agree by chance, the product over values of the sum over classes of (share of the
    class) to the power of (rows with the value). Numbers: a strictly monotone relation, ties included, by chance 2 /
    n!. A feature is named where that chance, times the number of features, is under 1 - level: so features without any
    tie to the target are named in at most that share of audits. Weights say nothing here.
    """
    subject = evidence.subject
    table = next(
        (t for t in (subject.train, subject.test) if t is not None and t.target is not None and t.features.shape[1]),
        None,
    )
    if table is None:
        raise CheckNotRunError("No table holds both features and true labels.")
    assert table.target is not None
    tried = [
        _of_classes(table.features.iloc[:, i], table.target)
        if subject.classes
        else _of_numbers(table.features.iloc[:, i], table.target.astype(np.float64))
        for i in range(table.features.shape[1])
    ]
    allowed = (1 - setting.level) / table.features.shape[1]
    copies = [c for c in tried if c is not None and c.chance < allowed]
    named = f": {', '.join(c.name for c in copies)}" if copies else ""
    return Finding(
        summary=f"{len(copies)} of {table.features.shape[1]} features of {table.role} give the target away{named}.",
        observations=(
            Observation(
                id="robustness/target_copies",
                label="Features whose every value goes with one target",
                measured=Exact(value=len(copies), n=table.n),
                higher_is_better=False,
                scope="train" if table.role == "train" else "held_out",
            ),
        ),
        table=(("Feature", "How", "Likely by chance"), *((c.name, c.how, f"{c.chance:.1e}") for c in copies))
        if copies
        else (),
    )


def _of_classes(column: pd.Series, target: NDArray[np.generic]) -> _Copy | None:
    codes = pd.factorize(column)[0].astype(np.int64) + 1
    classes = pd.factorize(target)[0].astype(np.int64)
    if classes.max() == 0 or (codes == codes[0]).all():
        return None
    value, last = np.unique(codes, return_index=True)[0], np.full(codes.max() + 1, -1)
    last[codes] = classes
    if (last[codes] != classes).any():
        return None
    size = np.bincount(codes)[value]
    share = np.bincount(classes) / len(classes)
    # In logarithms, from the largest class: a thousand rows underflow otherwise.
    log = np.log(share[share > 0])[:, None] * size[None, :]
    top = log.max(axis=0)
    chance = float(np.exp((top + np.log(np.exp(log - top).sum(axis=0))).sum()))
    return _Copy(str(column.name), "each value stands for one class", chance)


def _of_numbers(column: pd.Series, target: NDArray[np.float64]) -> _Copy | None:
    if kind_of(column) != "numeric":
        return None
    values = numbers(column)
    known = np.isfinite(values) & np.isfinite(target)
    x, y = values[known], target[known]
    distinct = len(np.unique(x))
    if distinct < LEAST_ROWS:
        return None
    order = np.lexsort((y, x))
    steps, rises = np.diff(x[order]), np.diff(y[order])
    if (rises[steps == 0] != 0).any():
        return None
    rises = rises[steps > 0]
    if not ((rises > 0).all() or (rises < 0).all()):
        return None
    way = "rises" if rises[0] > 0 else "falls"
    chance = float(2 / np.prod(np.arange(2.0, min(distinct, 100) + 1)))
    return _Copy(str(column.name), f"{way} with the target", chance)


CHECK = Check(
    name="target_copies",
    label="Features that are the target under another name",
    find=find,
    needs=("features", "target"),
    promises=("robustness/target_copies",),
    description="Such a column was made from the answer, or is known only with it.",
)
