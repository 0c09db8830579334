"""Lets a classifier try to tell rows of the test table from those that the model comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.ensemble import HistGradientBoostingClassifier

from audit.declarations.check import Check, CheckNotRunError, Finding, Setting
from audit.estimation.intervals import auc_influence, newcombe_auc, normal_quantile
from audit.records.measured import Estimate, Exact
from audit.records.observation import Observation, encoded
from audit.robustness.columns import kind_of, numbers
from audit.subject.evidence import Evidence, Table

Array = NDArray[np.float64]

MOST_ROWS = 4_000
"""Rows drawn from each table."""
_FEWEST = 30
_MOST_CATEGORIES = 30
_MOST_ASKED = 400_000
"""Rows predicted to tell which features the classifier uses."""
_FAR = 1e150


def find(evidence: Evidence, setting: Setting) -> Finding:
    """Fit a boosting of small trees on half of the rows of both tables, and measure it on the other half.

    Where both tables come from one distribution no classifier does better than an area of 0.5 under the ROC curve on
    rows that it has not seen; where it does, it has found a difference, be it one that no single feature shows. The
    interval is DeLong's, the p-value that of the Mann-Whitney test for an area above 0.5. How much the area falls when
    a feature is shuffled among the unseen rows tells where the difference lies. One split and no cross-fitting: areas
    of several folds depend on each other, and their mean would find differences too often where there are none.
    """
    baseline, test = evidence.subject.reference or evidence.subject.train, evidence.subject.test
    assert baseline is not None and test is not None  # the check needs both
    rng = np.random.default_rng(setting.seed)
    drawn = [_drawn(table, rng) for table in (baseline, test)]
    if min(map(len, drawn)) < _FEWEST:
        raise CheckNotRunError(f"Each table needs at least {_FEWEST} rows with a weight above zero.")
    two = _two(baseline, test, drawn, rng)
    told = _told(two, _scorer(two, setting.seed), setting.level)
    drops = _drops(two, told, setting.level, rng)
    found, n = told.p_value < 1 - setting.level, told.area.n
    telling = ", ".join(name for name, drop, beyond in drops[:3] if beyond)
    where = f"; what it uses most: {telling}" if found and telling else ""
    observations = (
        _observed("drift_auc", "ROC AUC of a classifier that tells both tables apart", told.area, False),
        _observed(
            "drift_auc_p_value",
            "p-value of that area being above 0.5 by chance, not adjusted",
            Exact(value=told.p_value, n=n),
            None,
        ),
        *(
            _observed(f"drift_auc_drop/{encoded(name)}", f"Fall of that area when {name} is shuffled", drop, False)
            for name, drop, _ in drops
        ),
    )
    return Finding(
        summary=(
            f"A classifier tells test rows from {baseline.role} rows with a ROC AUC of {told.area.value:.3f} "
            f"({'more than' if found else 'within what'} chance gives, p = {told.p_value:.2g}){where}; "
            f"on {len(drawn[1]):,} and {len(drawn[0]):,} rows, half of them to fit it."
        ),
        observations=observations,
    )


# --- both tables as one ---------------------------------------------------------------------------


@dataclass(frozen=True)
class _Two:
    """Rows of both tables as numbers."""

    rows: Array
    """(n, d) numbers and codes of categories, NaN where missing."""
    names: tuple[str, ...]
    categorical: NDArray[np.bool_]
    """(d,) whether a column holds codes."""
    is_test: NDArray[np.bool_]
    weight: Array | None
    sampling: bool
    unseen: NDArray[np.bool_]
    """Rows that the classifier is measured on."""


def _drawn(table: Table, rng: np.random.Generator) -> NDArray[np.int64]:
    held = np.arange(table.n) if table.weight is None else np.flatnonzero(table.weight > 0)
    if len(held) > MOST_ROWS:
        held = np.sort(rng.choice(held, MOST_ROWS, replace=False))
    return held.astype(np.int64)


def _two(baseline: Table, test: Table, drawn: list[NDArray[np.int64]], rng: np.random.Generator) -> _Two:
    pairs = [(table, rows) for table, rows in zip((baseline, test), drawn, strict=True)]
    frames = [table.features.iloc[rows] for table, rows in pairs]
    columns = [_joined(*(frame.iloc[:, i] for frame in frames)) for i in range(frames[0].shape[1])]
    varying = [i for i, (values, _) in enumerate(columns) if _varies(values)]
    weights = [np.ones(len(rows)) if table.weight is None else table.weight[rows] for table, rows in pairs]
    weighted = any(table.weight is not None for table, _ in pairs)
    # Each table is parted on its own, so that both halves hold the same share of both.
    unseen = np.concatenate([rng.permutation(len(rows)) % 2 == 0 for _, rows in pairs])
    n = len(unseen)
    return _Two(
        rows=np.column_stack([columns[i][0] for i in varying]) if varying else np.empty((n, 0)),
        names=tuple(str(frames[0].columns[i]) for i in varying),
        categorical=np.array([columns[i][1] for i in varying], dtype=bool),
        is_test=np.arange(n) >= len(drawn[0]),
        weight=np.concatenate(weights) if weighted else None,
        sampling=any(table.weight is not None and table.weight_kind == "sampling" for table, _ in pairs),
        unseen=unseen,
    )


def _joined(one: pd.Series, other: pd.Series) -> tuple[Array, bool]:
    """Values of both as numbers, or as codes of their most frequent texts."""
    kinds = {kind_of(one), kind_of(other)}
    if kinds <= {"numeric", "boolean"}:
        return np.clip(np.concatenate([numbers(one), numbers(other)]), -_FAR, _FAR), False
    if all(pd.api.types.is_datetime64_any_dtype(column) for column in (one, other)):
        instants = [pd.to_datetime(column, utc=True).dt.tz_localize(None).dt.as_unit("us") for column in (one, other)]
        joined = pd.concat(instants).to_numpy("datetime64[us]")
        return np.where(np.isnat(joined), np.nan, joined.astype(np.int64).astype(np.float64)), False
    text = pd.concat([column.astype(object).map(str, na_action="ignore") for column in (one, other)])
    codes, values = pd.factorize(text.to_numpy(dtype=object), sort=False)
    counts = np.bincount(codes[codes >= 0], minlength=len(values))
    # The order of rows decides nothing: by frequency, then by text.
    ranked = sorted(range(len(values)), key=lambda i: (-counts[i], values[i]))
    rank = np.full(len(values) + 1, np.nan)
    rank[ranked] = np.minimum(np.arange(len(values)), _MOST_CATEGORIES)
    return rank[codes], True


def _varies(values: Array) -> bool:
    held = values[~np.isnan(values)]
    return len(held) > 0 and (len(held) < len(values) or bool(held.min() < held.max()))


# --- the classifier ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Told:
    """What a classifier does on rows that it was not fitted on."""

    area: Estimate
    p_value: float
    score: Callable[[Array], Array]


def _scorer(two: _Two, seed: int) -> Callable[[Array], Array]:
    fitted = ~two.unseen
    if not two.rows.shape[1]:
        return lambda rows: np.zeros(len(rows))
    classifier = HistGradientBoostingClassifier(
        max_iter=40,
        max_leaf_nodes=15,
        min_samples_leaf=max(1, min(20, int(fitted.sum()) // 10)),
        early_stopping=False,
        categorical_features=two.categorical if two.categorical.any() else None,
        random_state=seed,
    )
    weight = None if two.weight is None else two.weight[fitted]
    classifier.fit(two.rows[fitted], two.is_test[fitted], sample_weight=weight)
    return lambda rows: np.asarray(classifier.decision_function(rows), dtype=np.float64)


def _told(two: _Two, score: Callable[[Array], Array], level: float) -> _Told:
    is_test, weight = two.is_test[two.unseen], _weight(two)[two.unseen]
    area, influence = auc_influence(is_test, score(two.rows[two.unseen]), weight, two.sampling)
    sides = [_effective(weight[side], two.sampling) for side in (is_test, ~is_test)]
    chance = float(np.sqrt((sum(sides) + 1) / (12 * sides[0] * sides[1])))
    if area in (0.0, 1.0):
        method, (low, high) = "newcombe", newcombe_auc(area, sides[0], sides[1], level)
    else:
        half = normal_quantile(level) * float(np.sqrt(influence @ influence))
        method, low, high = "delong", max(area - half, 0.0), min(area + half, 1.0)
    found = Estimate(value=area, low=low, high=high, level=level, method=method, n=len(is_test))
    return _Told(found, float(norm.sf((area - 0.5) / chance)), score)


def _weight(two: _Two) -> Array:
    return np.ones(len(two.is_test)) if two.weight is None else two.weight


def _effective(weight: Array, sampling: bool) -> float:
    total = float(weight.sum())
    return total**2 / float(weight @ weight) if sampling else total


def _drops(two: _Two, told: _Told, level: float, rng: np.random.Generator) -> list[tuple[str, Estimate, bool]]:
    """Fall of the area with each feature, largest first, and whether it is beyond chance over all features."""
    width = len(two.names)
    if not width:
        return []
    unseen = np.flatnonzero(two.unseen)
    some = rng.permutation(unseen)[: max(_FEWEST, _MOST_ASKED // width)]
    rows, is_test, weight = two.rows[some], two.is_test[some], _weight(two)[some]
    start, pull = auc_influence(is_test, told.score(rows), weight, two.sampling)
    order, z = rng.permutation(len(rows)), normal_quantile(level)
    found = []
    for j, name in enumerate(two.names):
        changed = rows.copy()
        changed[:, j] = rows[order, j]
        area, influence = auc_influence(is_test, told.score(changed), weight, two.sampling)
        error = float(np.sqrt((pull - influence) @ (pull - influence)))
        if not np.isfinite([start, area, error]).all():
            continue
        drop = start - area
        ends = {"low": drop - z * error, "high": drop + z * error}
        estimate = Estimate(value=drop, **ends, level=level, method="delong_paired", n=len(rows))
        found.append((name, estimate, drop > normal_quantile(1 - (1 - level) / width) * error))
    return sorted(found, key=lambda entry: (-entry[1].value, entry[0]))


def _observed(name: str, label: str, measured: Estimate | Exact, better: bool | None) -> Observation:
    return Observation(id=f"robustness/{name}", label=label, measured=measured, higher_is_better=better)


CHECK = Check(
    name="drift_classifier",
    label="Shift that a classifier finds",
    find=find,
    needs=("test", "baseline", "features"),
    promises=("robustness/drift_auc", "robustness/drift_auc_p_value"),
    description=(
        "How well rows of the test table can be told from those of the baseline, on rows that the classifier has not "
        "seen: 0.5 says not at all, 1 always. It finds shifts that no single feature shows."
    ),
    source="Lopez-Paz and Oquab (2017), Revisiting classifier two-sample tests, arXiv:1610.06545",
)
