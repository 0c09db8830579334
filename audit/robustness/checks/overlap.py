"""Finds rows of the test table that the model may have seen, and says how many such rows chance alone predicts."""

from __future__ import annotations

import numpy as np

from audit.declarations.check import Check, Finding, Setting
from audit.estimation.intervals import mover, wilson
from audit.records.measured import Estimate, Exact
from audit.records.observation import Observation
from audit.robustness.rows import repeats, row_codes
from audit.subject.evidence import Evidence


def find(evidence: Evidence, setting: Setting) -> Finding:
    """Count test rows that stand in the train table too.

    Where a table has few distinct rows many agree by coincidence. How many is told by train itself: the share of its
    rows that have an equal among its other rows. Only the share in excess of that points at rows held twice.
    """
    test, train = evidence.subject.test, evidence.subject.train
    assert test is not None and train is not None  # the check needs both
    with_target = test.target is not None and train.target is not None
    test_codes, train_codes = row_codes([test, train], with_target)
    seen = int(np.isin(test_codes, train_codes).sum())
    twice = int((repeats(train_codes) > 1).sum())
    alike = _alike(evidence) if with_target else seen
    share, expected = _share(seen, test.n, setting.level), _share(twice, train.n, setting.level)
    excess = _excess(seen, test.n, twice, train.n, setting.level)
    what = "features and target" if with_target else "features"
    observations = (
        _observed("train_test_overlap", f"Test rows equal to a train row in {what}", Exact(value=seen, n=test.n)),
        _observed("train_test_overlap_share", "Share of test rows equal to a train row", share),
        _observed("train_test_overlap_expected", "Share expected by coincidence", expected),
        _observed("train_test_overlap_excess", "Share of test rows in train beyond coincidence", excess),
        _observed(
            "train_test_overlap_features", "Test rows with the features of a train row", Exact(value=alike, n=test.n)
        ),
    )
    summary = (
        f"{seen} of {test.n} test rows ({seen / test.n:.1%}) equal a train row in {what}; "
        f"duplicates inside train predict {twice / train.n:.1%} by coincidence."
    )
    return Finding(summary=summary, observations=observations)


def _alike(evidence: Evidence) -> int:
    assert evidence.subject.test is not None and evidence.subject.train is not None
    test, train = row_codes([evidence.subject.test, evidence.subject.train], with_target=False)
    return int(np.isin(test, train).sum())


def _share(hits: int, n: int, level: float) -> Estimate:
    low, high = (float(end) for end in wilson(np.array(float(hits)), np.array(float(n)), level))
    return Estimate(value=hits / n, low=low, high=high, level=level, method="wilson", n=n)


def _excess(seen: int, n: int, twice: int, m: int, level: float) -> Estimate:
    hits, of = np.array([seen, twice], dtype=float), np.array([n, m], dtype=float)
    low, high = mover(hits / of, *wilson(hits, of, level), np.array([1.0, -1.0]))
    return Estimate(value=seen / n - twice / m, low=low, high=high, level=level, method="newcombe", n=n)


def _observed(name: str, label: str, measured: Exact | Estimate) -> Observation:
    return Observation(id=f"robustness/{name}", label=label, measured=measured, higher_is_better=False)


CHECK = Check(
    name="overlap",
    label="Rows in both train and test",
    find=find,
    needs=("train", "test", "features"),
    promises=(
        "robustness/train_test_overlap",
        "robustness/train_test_overlap_share",
        "robustness/train_test_overlap_excess",
    ),
    description=(
        "Rows of the test table that are equal to a train row; figures on such rows are in-sample. Rows that were "
        "copied before the table was split look like coincidence here: the check of repeated rows counts them."
    ),
)
