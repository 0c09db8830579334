"""Says on which growing parts of a fold's training rows the model is fitted again, or why on none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audit.records.spec import AuditSpec, CrossValidationSpec, LearningCurveSpec
from audit.subject.columns import cross_validation_of
from audit.subject.evidence import Capability, Subject, Table
from audit.subject.folds import Fold

LEAST = 20
"""Rows under which no part of a fold is fitted on."""
BUDGET = 4_000_000
"""Fitted rows times columns, times trees where the model is made of them, that a curve may cost unless it is asked
for. It never costs more rows than the cross-validation itself, which has to be paid in any case."""


def halvings(subject: Subject, spec: AuditSpec, folds: tuple[Fold, ...]) -> int | str:
    """Return how often the training rows of each fold are halved, or why they are not."""
    asked = spec.performance.learning_curve if spec.performance else False
    if asked is False:
        return "the spec switches it off." if spec.performance else "performance is switched off."
    if cross_validation_of(spec) is None:
        return "the spec switches cross-validation off, inside whose folds it is fitted."
    smallest = min(len(fitted) for fitted, _ in folds)
    possible = int(np.log2(max(1.0, smallest / LEAST)))
    wanted = min((asked or LearningCurveSpec()).sizes - 1, possible)
    if wanted < 1:
        return f"the smallest fold is fitted on {smallest} rows, and half of them is less than {LEAST}."
    cost = _cost(subject, folds, wanted)
    if asked is None and cost > BUDGET:
        return (
            f"it would cost {cost:,} fitted rows times columns and trees, more than the {BUDGET:,} that are spent "
            "unasked. Set performance.learning_curve: {sizes: 5} to have it."
        )
    return wanted


def nested(table: Table, fitted_on: NDArray[np.int64], how: CrossValidationSpec, seed: int) -> NDArray[np.int64]:
    """Return the training rows of a fold in such an order that every beginning of it is a smaller fold of its kind.

    By time the latest rows come first, so that a part is what a shorter memory would hold; by group whole groups
    follow each other, of which the last one may be cut; stratified, every beginning has the classes of the whole, to
    within a row each; else the order is random.
    """
    rng = np.random.default_rng(seed)
    if how.by == "time" and table.time is not None:
        return fitted_on[np.argsort(table.time[fitted_on], kind="stable")[::-1]]
    mixed = rng.permutation(fitted_on)
    if how.by == "group" and table.cv_group is not None:
        place = rng.permutation(int(table.cv_group.max()) + 1)[table.cv_group[mixed]]
        return mixed[np.argsort(place, kind="stable")]
    if how.by == "stratified" and table.target is not None and table.facts.target_counts:
        return mixed[np.argsort(_spread(table.target[mixed]), kind="stable")]
    return mixed


def _spread(codes: NDArray[np.generic]) -> NDArray[np.float64]:
    """(n,) places in (0, 1) that spread the rows of each class evenly."""
    place = np.empty(len(codes))
    for code in np.unique(codes):
        rows = np.flatnonzero(codes == code)
        place[rows] = (np.arange(len(rows)) + 0.5) / len(rows)
    return place


def _cost(subject: Subject, folds: tuple[Fold, ...], halved: int) -> int:
    rows = sum(len(fitted) for fitted, _ in folds) * (1 - 0.5**halved)
    columns = 0 if subject.train is None else subject.train.features.shape[1]
    return int(rows) * max(1, columns) * _trees(subject)


def _trees(subject: Subject) -> int:
    facts = subject.facts
    if Capability.TREE not in facts.capabilities:
        return 1
    told = (facts.parameters.get(name, "") for name in ("n_estimators", "max_iter"))
    return max([int(text) for text in told if text.isdecimal()], default=1)
