"""Finds test rows that are a train row but for a little noise, and says how many such rows chance alone predicts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from audit.declarations.check import Check, CheckNotRunError, Finding, Setting
from audit.records.observation import Observation
from audit.robustness.columns import kind_of, numbers
from audit.robustness.shares import Marked, difference, marked, share
from audit.subject.evidence import Evidence, Table
from audit.subject.labels import canonical_texts

NEAR = 0.01
"""Standard deviations of train within which every number of two near rows lies."""
MOST_ASKED = 5_000
"""Rows of each table whose neighbour is looked for."""
MOST_TRAIN = 50_000
Array = NDArray[np.float64]


def find(evidence: Evidence, setting: Setting) -> Finding:
    """Look for a train row whose every number is within a hundredth of a standard deviation, and all else equal.

    Equal rows are another check's: they do not count. How many are near by coincidence is told by train itself, by the
    rows that have such a neighbour among its others. The excess over that has Newcombe's interval; it is surely above
    0 in at most about one audit in forty where test and train are drawn alike (level 0.95). At most 5,000 rows of each
    table are asked about, and at most 50,000 train rows are their neighbours, drawn by the seed.
    """
    test, train = evidence.subject.test, evidence.subject.train
    assert test is not None and train is not None  # the check needs both
    numeric = [i for i in range(train.features.shape[1]) if kind_of(train.features.iloc[:, i]) == "numeric"]
    if not numeric:
        raise CheckNotRunError("No feature holds numbers: a row is equal to another or it is not.")
    rng = np.random.default_rng(setting.seed)
    asked, pool = _drawn(test.n, MOST_ASKED, rng), _drawn(train.n, MOST_TRAIN, rng)
    places = _places(test.features.iloc[asked], train.features.iloc[pool], numeric)
    # Medians would split many equal values over and over.
    tree = cKDTree(places[1], balanced_tree=False, compact_nodes=False)
    own = _drawn(len(pool), MOST_ASKED, rng)
    here = _near(tree, places[0], 0)
    there = _near(tree, places[1][own], 1)
    seen, alike = _part(here, test, asked), _part(there, train, pool[own])
    observations = tuple(
        Observation(id=f"robustness/{name}", label=label, measured=measured, higher_is_better=False)
        for name, label, measured in (
            ("near_overlap_share", "Share of test rows that are nearly a train row", share(seen, setting.level)),
            ("near_overlap_expected", "Share expected by coincidence", share(alike, setting.level)),
            ("near_overlap_excess", "Share of test rows nearly in train beyond coincidence",
             difference(seen, alike, setting.level)),
        )
    )  # fmt: skip
    return Finding(
        summary=(
            f"{seen.share:.1%} of {seen.n:,} test rows are a train row but for a hundredth of a standard deviation; "
            f"{alike.share:.1%} are expected by coincidence."
        ),
        observations=observations,
    )


def _drawn(n: int, most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return np.arange(n) if n <= most else np.sort(rng.choice(n, most, replace=False))


def _part(flags: NDArray[np.bool_], table: Table, rows: NDArray[np.int64]) -> Marked:
    whole, looked = np.zeros(table.n, dtype=bool), np.zeros(table.n, dtype=bool)
    whole[rows], looked[rows] = flags, True
    return marked(whole, table, looked)


def _places(test: pd.DataFrame, train: pd.DataFrame, numeric: list[int]) -> tuple[Array, Array]:
    """(n, d) and (m, d) coordinates in which near rows are at most 1 apart; other columns are 1,000 apart or equal."""
    columns: list[tuple[Array, Array]] = []
    for i in range(train.shape[1]):
        one, other = test.iloc[:, i], train.iloc[:, i]
        columns.append(
            _scaled(numbers(one), numbers(other)) if i in numeric and kind_of(one) == "numeric" else _coded(one, other)
        )
    return np.stack([mine for mine, _ in columns], axis=1), np.stack([theirs for _, theirs in columns], axis=1)


def _scaled(one: Array, other: Array) -> tuple[Array, Array]:
    held = other[np.isfinite(other)]
    # About the middle, so that large values do not lose the digits that tell rows apart.
    middle = float(np.median(held)) if len(held) else 0.0
    spread = float((held - middle).std()) if len(held) else 0.0
    unit = NEAR * spread if 0 < spread < np.inf else 1.0

    def placed(values: Array) -> Array:
        shifted = np.clip((values - middle) / unit, -_FAR, _FAR)
        return np.where(np.isnan(values), 2 * _FAR, shifted)

    return placed(one), placed(other)


_FAR = 1e9


def _coded(one: pd.Series, other: pd.Series) -> tuple[Array, Array]:
    both = pd.concat([canonical_texts(one), canonical_texts(other)], ignore_index=True)
    codes: Array = np.asarray(pd.factorize(both)[0], dtype=np.float64) * 1000.0
    return codes[: len(one)], codes[len(one) :]


def _near(tree: cKDTree, places: Array, own: int) -> NDArray[np.bool_]:
    """(n,) whether the nearest other row lies within 1 of each, and is not equal to it."""
    distances = np.asarray(tree.query(places, k=own + 1, p=np.inf, distance_upper_bound=1.0)[0])
    nearest = distances.reshape(len(places), -1)[:, own]
    return np.asarray(np.isfinite(nearest) & (nearest > 0), dtype=bool)


CHECK = Check(
    name="near_overlap",
    label="Rows nearly in both train and test",
    find=find,
    needs=("train", "test", "features"),
    clustered=True,
    promises=("robustness/near_overlap_share", "robustness/near_overlap_excess"),
    description="Rows that were copied with a little noise, or measured twice, flatter held-out figures as copies do.",
)
