"""Parts of a fold are nested and keep what the fold's own kind keeps."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from audit.records.sections import TableFacts
from audit.records.spec import CrossValidationSpec
from audit.subject.evidence import Table
from audit.subject.lessons import nested

N = 200
TARGET = (np.arange(N) % 10 == 0).astype(np.int64)
FITTED = np.setdiff1d(np.arange(N), np.arange(0, N, 7))


def table(**more):
    facts = TableFacts(role="train", name="t", rows=N, rows_used=N, target_counts={"no": 180, "yes": 20})
    empty = pd.DataFrame(index=range(N))
    made = Table(
        role="train", features=empty, target=TARGET, target_raw=None, weight=None, sensitive=empty, time=None,
        cv_group=None, facts=facts,
    )  # fmt: skip
    return replace(made, **more)


@pytest.mark.parametrize("by", ["stratified", "plain", "group", "time"])
def test_every_row_of_the_fold_stands_there_once(by):
    when, group = np.random.default_rng(0).permutation(N), np.arange(N) // 5
    how = CrossValidationSpec(by=by, column="c")
    order = nested(table(time=when, cv_group=group), FITTED, how, 3)
    assert sorted(order) == list(FITTED)
    np.testing.assert_array_equal(order, nested(table(time=when, cv_group=group), FITTED, how, 3))


def test_every_beginning_has_the_classes_of_the_whole():
    order = nested(table(), FITTED, CrossValidationSpec(by="stratified"), 3)
    share = TARGET[FITTED].mean()
    for m in range(1, len(order) + 1):
        assert abs(TARGET[order[:m]].sum() - m * share) <= 1


def test_an_order_at_random_would_not_keep_the_classes():
    """The double: the same bound, held against plain folds."""
    order = nested(table(), FITTED, CrossValidationSpec(by="plain"), 3)
    share = TARGET[FITTED].mean()
    assert any(abs(TARGET[order[:m]].sum() - m * share) > 1 for m in range(1, len(order) + 1))


def test_by_time_the_latest_rows_come_first():
    when = np.random.default_rng(0).permutation(N)
    order = nested(table(time=when), FITTED, CrossValidationSpec(by="time", column="c"), 3)
    assert (np.diff(when[order]) < 0).all()


def test_groups_follow_each_other():
    group = np.arange(N) // 5
    order = nested(table(cv_group=group), FITTED, CrossValidationSpec(by="group", column="c"), 3)
    changes = np.count_nonzero(np.diff(group[order]))
    assert changes == len(np.unique(group[FITTED])) - 1
