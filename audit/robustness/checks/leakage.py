"""Tries each feature alone against the target: one that nearly decides it may hold the answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.catalogue import load
from audit.declarations.check import Check, Finding, Setting
from audit.declarations.metric import Metric, Sample
from audit.estimation.bins import binned, means_in_bins
from audit.estimation.cross_fitted import cross_fitted_area, folds_of_clusters
from audit.estimation.estimate import estimate
from audit.records.measured import Estimate, Measured, Undefined
from audit.records.observation import Observation, encoded
from audit.records.spec import IntervalSpec
from audit.robustness.columns import kind_of, numbers
from audit.subject.evidence import Evidence, Subject, Table

MOST_ROWS = 20_000
FOLDS = 5
BINS = 32


def find(evidence: Evidence, setting: Setting) -> Finding:
    """Predict the target from each feature alone, cross-validated, by the mean of the target in bins of the feature.

    Numbers are cut into 32 bins of as many rows; of anything else each value is a bin, drawn to the overall mean by
    one row. So a category of many values that encodes the target is found, and an id is not called a leak. A feature
    with a true area of 0.98 came out above 0.99 in none of 150 simulated tables of 400 rows.

    Measured on train where there is one: a leak is made where rows are put together, and train has more of them. The
    figure is the area under the ROC curve within folds (of each class against the rest in multiclass). In regression it
    is Spearman's rank correlation, of those means or of the numbers themselves, whichever is larger: a copy of the
    target with noise of a tenth of its standard deviation has 0.994, whatever the tails of the target, where R2 of a
    step function has less.
    """
    table, rows = _rows(evidence.subject, setting.seed)
    fold = _dealt(table, rows, evidence.subject, setting.seed)
    metric: Metric = load("metrics", "roc_auc" if evidence.subject.classes else "spearman_correlation")
    alone = {
        str(name): _alone(table, rows, position, fold, metric, evidence.subject, setting)
        for position, name in enumerate(table.features.columns)
    }
    ranked = sorted(alone, key=lambda name: (-_value(alone[name]), name))
    best = ranked[0]
    scope = "train" if table.role == "train" else "held_out"
    observations = (
        _observed(
            "robustness/single_feature_max", f"{metric.label} of the best single feature: {best}", alone[best], scope
        ),
        *(
            _observed(
                f"robustness/single_feature/{encoded(name)}", f"{metric.label} of {name} alone", alone[name], scope
            )
            for name in ranked
        ),
    )
    sampled = "" if len(rows) == table.n else f", on {len(rows)} rows drawn from {table.n}"
    told = alone[best]
    figure = f"{told.value:.3f}" if isinstance(told, Estimate) else "undefined"
    return Finding(
        summary=f"The best single feature is {best}: {metric.label} {figure} in {table.role}{sampled}.",
        observations=observations,
    )


def _rows(subject: Subject, seed: int) -> tuple[Table, NDArray[np.int64]]:
    table = next(
        t for t in (subject.train, subject.test) if t is not None and t.target is not None and t.features.shape[1]
    )
    rows = np.arange(table.n)
    if table.n > MOST_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(table.n, MOST_ROWS, replace=False))
    return table, rows


def _alone(
    table: Table,
    rows: NDArray[np.int64],
    position: int,
    fold: NDArray[np.int64],
    metric: Metric,
    subject: Subject,
    setting: Setting,
) -> Measured:
    assert table.target is not None
    if len(rows) < FOLDS:
        return Undefined(reason=f"{len(rows)} rows are too few to hold out: it takes {FOLDS}.")
    target = table.target[rows]
    weight = None if table.weight is None else table.weight[rows]
    cluster = None if table.cluster is None else table.cluster[rows]
    wanted = _wanted(target, subject)
    mass = np.ones(len(rows)) if weight is None else weight
    score = np.empty_like(wanted)
    column = table.features.iloc[rows, position]
    for held in range(FOLDS):
        out = fold == held
        score[out] = means_in_bins(*_bins(column, out), wanted[~out], mass[~out])
    if subject.classes:
        return cross_fitted_area(
            wanted > 0,
            score,
            fold,
            mass,
            sampling=table.weight_kind == "sampling",
            level=setting.level,
            cluster=cluster,
        )
    interval = IntervalSpec(level=setting.level, resamples=200)
    found = [
        estimate(
            metric,
            Sample(target=target, score=one, weight=weight, weight_kind=table.weight_kind, cluster=cluster),
            interval,
            setting.seed,
        )
        for one in (score[:, 0], *_both_ways(column))
    ]
    return max(found, key=_value)


def _both_ways(column: pd.Series) -> tuple[NDArray[np.float64], ...]:
    """Numbers as they are and turned round; nothing where one is missing or there are none."""
    if kind_of(column) != "numeric":
        return ()
    values = numbers(column)
    return (values, -values) if np.isfinite(values).all() else ()


def _dealt(table: Table, rows: NDArray[np.int64], subject: Subject, seed: int) -> NDArray[np.int64]:
    """(m,) fold of each row, every class dealt evenly; or every cluster to one fold."""
    if table.cluster is not None:
        return folds_of_clusters(table.cluster[rows], FOLDS, seed)
    shuffled = np.random.default_rng(seed).permutation(len(rows))
    if subject.classes:
        assert table.target is not None  # the check needs it
        shuffled = shuffled[np.argsort(table.target[rows][shuffled], kind="stable")]
    fold = np.empty(len(rows), dtype=np.int64)
    fold[shuffled] = np.arange(len(rows)) % FOLDS
    return fold


def _bins(column: pd.Series, out: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Bins of numbers; of anything else every value is one, for a rare value gives its rows away too."""
    if kind_of(column) != "category":
        return binned(column[~out], column[out], BINS)
    positions, distinct = pd.factorize(column)
    codes = np.where(positions < 0, len(distinct), positions).astype(np.int64)
    return codes[~out], codes[out], len(distinct) + 1


def _wanted(target: NDArray[np.float64] | NDArray[np.int64], subject: Subject) -> NDArray[np.float64]:
    """(n, 1) values or whether the class is the positive one; (n, K) one column a class in multiclass."""
    if not subject.classes:
        return target.astype(np.float64)[:, None]
    if subject.positive is not None:
        return np.asarray(target == subject.positive, dtype=np.float64)[:, None]
    return np.asarray(target[:, None] == np.arange(len(subject.classes)), dtype=np.float64)


def _value(measured: Measured) -> float:
    return -np.inf if isinstance(measured, Undefined) else float(measured.value)


def _observed(id: str, label: str, measured: Measured, scope: str) -> Observation:
    return Observation.model_validate({"id": id, "label": label, "measured": measured, "scope": scope})


CHECK = Check(
    name="leakage",
    label="Single features that give the target away",
    find=find,
    needs=("features", "target"),
    promises=("robustness/single_feature_max",),
    clustered=True,
    description="How well each feature alone predicts the target out of fold; near 1 it may be made from the answer.",
)
