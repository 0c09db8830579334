"""Deals the rows of a table to the folds of a cross-validation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold, TimeSeriesSplit

from audit.records.spec import CrossValidationSpec, Task
from audit.subject.evidence import Table

Fold = tuple[NDArray[np.int64], NDArray[np.int64]]

MANY_CLUSTERS = 5000
"""Clusters from which they are dealt at random: chance then balances the classes, and balancing them costs seconds."""


def folds_of(table: Table, how: CrossValidationSpec, task: Task, seed: int) -> tuple[Fold, ...] | str:
    """Return (train rows, test rows) of each fold as positions, or the reason why there are none."""
    codes = table.target if task != "regression" else None
    reason = _too_small(table, how, codes)
    if reason:
        return reason
    if how.by == "time":
        return _by_time(table, how.folds)
    rows = np.zeros(table.n)
    if how.by == "group":
        many = table.cluster is not None and table.cv_group is table.cluster and table.cluster.max() >= MANY_CLUSTERS
        if codes is None or many:
            return _positions(GroupKFold(how.folds, shuffle=True, random_state=seed).split(rows, groups=table.cv_group))
        splitter = StratifiedGroupKFold(how.folds, shuffle=True, random_state=seed)
        return _positions(splitter.split(rows, codes, table.cv_group))
    if how.by == "stratified" and codes is not None:
        return _positions(StratifiedKFold(how.folds, shuffle=True, random_state=seed).split(rows, codes))
    return _positions(KFold(how.folds, shuffle=True, random_state=seed).split(rows))


def together(table: Table, how: CrossValidationSpec) -> tuple[Table, CrossValidationSpec]:
    """Return a table and how to deal it such that no fold parts a cluster of rows; by time, and by a column of groups
    that the spec names, folds are as asked for."""
    if table.cluster is None or how.by not in ("stratified", "plain"):
        return table, how
    return replace(table, cv_group=table.cluster), how.model_copy(update={"by": "group"})


def dated(table: Table) -> NDArray[np.int64]:
    """Return the positions of the rows whose time is known: only they can be dealt to folds by time."""
    return np.flatnonzero(~pd.isna(table.time)).astype(np.int64)


def _too_small(table: Table, how: CrossValidationSpec, codes: NDArray[np.generic] | None) -> str:
    if table.n < 2 * how.folds:
        return f"{table.n} rows are too few for {how.folds} folds."
    if how.by == "stratified" and codes is not None:
        counts = [(int(count), str(name)) for name, count in table.facts.target_counts.items()]
        count, name = min(counts)
        return f"class {name} has {count} rows, fewer than {how.folds} folds." if count < how.folds else ""
    if how.by == "group":
        if table.cv_group is None:
            return "cross_validation.by is group, but no column of groups is named."
        groups, what = len(np.unique(table.cv_group)), "clusters" if table.cv_group is table.cluster else "groups"
        return f"{groups} {what} are too few for {how.folds} folds." if groups < how.folds else ""
    if how.by == "time" and table.time is None:
        return "cross_validation.by is time, but no column that orders the rows is named."
    if how.by == "time" and len(dated(table)) < 2 * how.folds:
        return f"{len(dated(table))} rows with a known time are too few for {how.folds} folds."
    return ""


def _by_time(table: Table, folds: int) -> tuple[Fold, ...]:
    assert table.time is not None
    known = dated(table)
    order = known[np.argsort(table.time[known], kind="stable")]
    blocks = TimeSeriesSplit(folds).split(order)
    # Rows of one moment must not stand on both sides of a cut.
    found = []
    for train, test in blocks:
        start = table.time[order[test[0]]]
        earlier = train[table.time[order[train]] < start]
        found.append((np.sort(order[earlier]), np.sort(order[test])))
    return tuple((a.astype(np.int64), b.astype(np.int64)) for a, b in found)


def _positions(splits: Iterable[tuple[NDArray[np.integer], NDArray[np.integer]]]) -> tuple[Fold, ...]:
    return tuple((train.astype(np.int64), test.astype(np.int64)) for train, test in splits)
