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

Array = NDArray[np.float64]

LEAST_ROWS = 10
FIRST = 5_000
"""Rows that are looked at before all are."""


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
        _tried(table.features.iloc[:, i], table.target, bool(subject.classes)) for i in range(table.features.shape[1])
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


def _tried(column: pd.Series, target: NDArray[np.generic], classes: bool) -> _Copy | None:
    """Look at some rows first: one contradiction there is enough."""
    if not classes and kind_of(column) != "numeric":
        return None
    agrees = _agree if classes else _go_along
    if not agrees(column.iloc[:FIRST], target[:FIRST]) or not agrees(column, target):
        return None
    return _of_classes(column, target) if classes else _of_numbers(column, target)


def _agree(column: pd.Series, target: NDArray[np.generic]) -> bool:
    """Whether each value stands for one class."""
    codes, classes = (pd.factorize(values)[0].astype(np.int64) + 1 for values in (column, target))
    last = np.zeros(codes.max() + 1, dtype=np.int64)
    last[codes] = classes
    return bool((last[codes] == classes).all())


def _of_classes(column: pd.Series, target: NDArray[np.generic]) -> _Copy | None:
    codes = pd.factorize(column)[0].astype(np.int64) + 1
    classes = pd.factorize(target)[0].astype(np.int64)
    if classes.max() == 0 or (codes == codes[0]).all():
        return None
    size = np.unique(codes, return_counts=True)[1]
    share = np.bincount(classes) / len(classes)
    # In logarithms, from the largest class: a thousand rows underflow otherwise.
    log = np.log(share)[:, None] * size[None, :]
    top = log.max(axis=0)
    chance = float(np.exp((top + np.log(np.exp(log - top).sum(axis=0))).sum()))
    return _Copy(str(column.name), "each value stands for one class", chance)


def _steps(column: pd.Series, target: NDArray[np.generic]) -> tuple[Array, Array]:
    """Steps of a feature in its order, and those of the target along it."""
    values, wanted = numbers(column), target.astype(np.float64)
    known = np.isfinite(values) & np.isfinite(wanted)
    order = np.lexsort((wanted[known], values[known]))
    return np.diff(values[known][order]), np.diff(wanted[known][order])


def _go_along(column: pd.Series, target: NDArray[np.generic]) -> bool:
    """Whether the target rises, or falls, with each step of the feature, and never without one."""
    steps, rises = _steps(column, target)
    up = rises[steps > 0]
    return not (rises[steps == 0] != 0).any() and bool((up > 0).all() or (up < 0).all())


def _of_numbers(column: pd.Series, target: NDArray[np.generic]) -> _Copy | None:
    steps, rises = _steps(column, target)
    distinct = int((steps > 0).sum()) + 1
    if distinct < LEAST_ROWS:
        return None
    way = "rises" if rises[steps > 0][0] > 0 else "falls"
    chance = float(2 / np.prod(np.arange(2.0, min(distinct, 100) + 1)))
    return _Copy(str(column.name), f"{way} with the target", chance)


CHECK = Check(
    name="target_copies",
    label="Features that are the target under another name",
    find=find,
    needs=("features", "target"),
    clustered=True,
    promises=("robustness/target_copies",),
    description="Such a column was made from the answer, or is known only with it.",
)
