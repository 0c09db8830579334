"""Tells how well the other features, each of them alone, and the model's score give a sensitive column away.

What is fitted is a logistic regression over the bins of every feature, tried on rows that it was not fitted on. It adds
up what each feature says and sees no two of them together, so that features may give away more than it finds, not less.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from audit.errors import AuditError
from audit.estimation.bins import binned, means_in_bins
from audit.estimation.cross_fitted import cross_fitted_area, folds_of_clusters
from audit.estimation.drawn_rows import drawn_persons, drawn_rows
from audit.estimation.seeds import child_seed
from audit.fairness.counts import counts_rows
from audit.fairness.disaggregate import Rows
from audit.fairness.groups import Grouping
from audit.guard import attempt
from audit.records.measured import Measured, Undefined
from audit.records.observation import Observation, encoded
from audit.records.sections import ProxyFacts
from audit.records.spec import ProxySpec
from audit.subject.evidence import Evidence

FOLDS = 5
BINS = 16
"""Most bins of a feature, besides one for missing and one for rare values; on few rows, their cube root."""
FEWEST = 2 * FOLDS
"""Rows under which a group is not told from the others."""
_STRENGTH = 0.1
"""Inverse of the penalty on coefficients, for weights that average to one."""

Array = NDArray[np.float64]


def screen(
    evidence: Evidence, sensitive: tuple[str, ...], groupings: Iterable[Grouping], rows: Rows, asked: ProxySpec
) -> Iterator[tuple[ProxyFacts, tuple[Observation, ...]]]:
    """Yield what gives each sensitive column away, or why that cannot be told.

    Parameters
    ----------
    evidence : Evidence
        The headline rows: features and scores.
    sensitive : tuple of str
        All sensitive columns; those that are features are none of the predictors.
    groupings : iterable of Grouping
        The headline rows divided by one sensitive column each.
    rows : Rows
        The same rows and how they are measured.
    asked : ProxySpec
        Most rows to fit on.
    """
    for grouping in groupings:
        drawn = _drawn(evidence, grouping, sensitive, rows, asked)
        if isinstance(drawn, str):
            column = grouping.facts.columns[0]
            yield ProxyFacts(column=column, status="not_run", reason=drawn), _untold(column, drawn, rows)
        else:
            yield _screened(drawn)


Codes = tuple[NDArray[np.int64], int]
"""(m,) bin of each row, and the number of bins."""


@dataclass(frozen=True)
class _Drawn:
    """The rows on which one column is guessed."""

    column: str
    key: str
    weight: Array | None
    """(m,) weights."""
    group: NDArray[np.int64]
    """(m,) code of each row's group."""
    groups: tuple[str, ...]
    """Names of the groups told apart, in code order."""
    left_out: tuple[str, ...]
    """Names of known groups that are too small."""
    features: dict[str, Codes]
    """Each feature in bins."""
    score: tuple[Codes, ...]
    """The model's scores in bins, or its decisions where it gives none."""
    cluster: NDArray[np.int64] | None
    """(m,) cluster of each row; None where rows are independent."""
    fold: NDArray[np.int64]
    """(m,) fold of each row."""
    rows: Rows
    available: int


def _drawn(
    evidence: Evidence, grouping: Grouping, sensitive: tuple[str, ...], rows: Rows, asked: ProxySpec
) -> _Drawn | str:
    seed = child_seed(rows.seed, f"fairness/proxies/{grouping.facts.key}")
    positions, mass = _positions(grouping, rows, asked, seed)
    counts = np.bincount(grouping.codes[positions], minlength=len(grouping.groups))
    kept = np.flatnonzero(counts >= FEWEST)
    if len(kept) < 2:
        column = grouping.facts.columns[0]
        return f"Fewer than two groups of {column} are large enough to be told apart ({FEWEST} rows drawn or more)."
    inside = np.isin(grouping.codes[positions], kept)
    positions, mass = positions[inside], None if mass is None else mass[inside]
    group = np.searchsorted(kept, grouping.codes[positions]).astype(np.int64)
    taken = evidence.headline.table.features.iloc[positions]
    features = {str(name): _binned(taken[name]) for name in taken.columns if str(name) not in sensitive}
    score = _scores(evidence, positions)
    whole = evidence.headline.table.cluster
    cluster = None if whole is None else whole[positions]
    return _Drawn(
        column=grouping.facts.columns[0],
        key=grouping.facts.key,
        weight=mass,
        group=group,
        groups=tuple(grouping.groups[g].label for g in kept),
        left_out=tuple(g.label for i, g in enumerate(grouping.groups) if not g.unknown and i not in set(kept.tolist())),
        features=features,
        score=tuple(_binned(column) for column in score),
        cluster=cluster,
        fold=_dealt(group, cluster, [*(codes for codes, _ in features.values()), *(c.to_numpy() for c in score)], seed),
        rows=rows,
        available=int(sum(grouping.groups[g].n for g in grouping.judged)),
    )


def _positions(grouping: Grouping, rows: Rows, asked: ProxySpec, seed: int) -> tuple[NDArray[np.int64], Array | None]:
    """Places of the rows of judged groups that were drawn, one for each of equal rows, and sampling weights."""
    known = np.isin(grouping.codes, grouping.judged).astype(np.float64)
    weight = rows.sample.weight
    mass = known if weight is None else known * weight
    if not mass.any():
        return np.empty(0, dtype=np.int64), None
    if counts_rows(rows.sample):
        return drawn_persons(mass, asked.rows, seed), None
    return drawn_rows(len(mass), mass, False, asked.rows, seed)


def _scores(evidence: Evidence, positions: NDArray[np.int64]) -> list[pd.Series]:
    given = evidence.headline.predictions
    found = given.label if given.score is None else given.score
    if found is None:
        return []
    table = np.asarray(found[positions], dtype=np.float64).reshape(len(positions), -1)
    return [pd.Series(column) for column in table.T] if np.isfinite(table).all() else []


def _dealt(
    group: NDArray[np.int64], cluster: NDArray[np.int64] | None, content: list[NDArray[Any]], seed: int
) -> NDArray[np.int64]:
    """(m,) fold of each row, every group dealt evenly, whatever the order of the rows; or every cluster to one fold."""
    if cluster is not None:
        return folds_of_clusters(cluster, FOLDS, seed)
    order = np.lexsort([*content, group])
    shuffled = order[np.random.default_rng(seed).permutation(len(group))]
    shuffled = shuffled[np.argsort(group[shuffled], kind="stable")]
    fold = np.empty(len(group), dtype=np.int64)
    fold[shuffled] = np.arange(len(group)) % FOLDS
    return fold


def _screened(drawn: _Drawn) -> tuple[ProxyFacts, tuple[Observation, ...]]:
    column, key = drawn.column, drawn.key
    alone = {name: _area(drawn, _means(drawn, *codes)) for name, codes in drawn.features.items()}
    ranked = sorted(alone, key=lambda name: (-_value(alone[name]), name))
    facts = ProxyFacts(
        column=column,
        status="done",
        rows=len(drawn.group),
        rows_available=drawn.available,
        groups=drawn.groups,
        left_out=drawn.left_out,
        features=tuple(ranked),
    )
    together = _together(drawn, list(drawn.features.values()))
    return facts, (
        _observation(drawn, f"proxy_auc/{key}", _NAMES["proxy_auc"].format(column=column), together),
        _observation(
            drawn, f"score_proxy_auc/{key}", _NAMES["score_proxy_auc"].format(column=column), _of_score(drawn)
        ),
        *(
            _observation(drawn, f"proxy_auc/{key}/{encoded(name)}", f"ROC AUC of {column} from {name}", alone[name])
            for name in ranked
        ),
    )


def _binned(values: pd.Series) -> Codes:
    found, _, bins = binned(values, values, min(BINS, max(2, round(len(values) ** (1 / 3)))))
    return found, bins


def _of_score(drawn: _Drawn) -> Measured:
    """Return how well the score alone, or the decision where there is no score, tells the groups apart."""
    if not drawn.score:
        return Undefined(reason="There are neither finite scores nor decisions.")
    return _area(drawn, _means(drawn, *drawn.score[0])) if len(drawn.score) == 1 else _together(drawn, drawn.score)


def _means(drawn: _Drawn, codes: NDArray[np.int64], bins: int) -> Array:
    """(m, k) share of each group in the bin of a row, learned on the other folds."""
    wanted = np.asarray(drawn.group[:, None] == np.arange(len(drawn.groups)), dtype=np.float64)
    mass = np.ones(len(drawn.group)) if drawn.weight is None else drawn.weight
    found = np.empty_like(wanted)
    for held in range(FOLDS):
        out = drawn.fold == held
        found[out] = means_in_bins(codes[~out], codes[out], bins, wanted[~out], mass[~out])
    return found


def _together(drawn: _Drawn, codes: Sequence[Codes]) -> Measured:
    """Return how well all features together tell the groups apart."""
    told = [(found, bins) for found, bins in codes if found.min() < found.max()]
    if not codes:
        return Undefined(reason="There are no other features to predict it from (data.features names none).")
    if not told:
        return Undefined(reason="Every other feature is constant.")
    design = _indicators(told)
    score = np.empty((len(drawn.group), len(drawn.groups)))
    for held in range(FOLDS):
        out = drawn.fold == held
        fitted = attempt(_fitted, design[~out], drawn.group[~out], drawn.weight, ~out, design[out])
        if isinstance(fitted, AuditError):
            return Undefined(reason=f"The model that predicts it could not be fitted: {fitted}.")
        score[out] = fitted
    return _area(drawn, score)


def _indicators(codes: Sequence[Codes]) -> sparse.csr_array:
    """(m, columns) for each feature its bins in order as one number, and one column a bin, one where a row is in it.

    The number lets neighbouring bins say the same, which is much where rows are few.
    """
    offsets = np.cumsum([0, *(bins for _, bins in codes)])
    columns = np.stack([found + offset for (found, _), offset in zip(codes, offsets, strict=False)], axis=1)
    rows = np.repeat(np.arange(len(columns)), columns.shape[1])
    shape = (len(columns), int(offsets[-1]))
    inside = sparse.csr_array((np.ones(columns.size), (rows, columns.ravel())), shape=shape)
    order = np.stack([found for found, _ in codes], axis=1).astype(np.float64)
    order = (order - order.mean(axis=0)) / order.std(axis=0)
    return sparse.csr_array(sparse.hstack([inside, sparse.csr_array(order)]))


def _fitted(
    design: sparse.csr_array,
    group: NDArray[np.int64],
    weight: Array | None,
    inside: NDArray[np.bool_],
    asked: sparse.csr_array,
) -> Array:
    from sklearn.linear_model import LogisticRegression

    mass = None if weight is None else weight[inside] / weight[inside].mean()
    model = LogisticRegression(C=_STRENGTH, max_iter=1000, tol=1e-3).fit(design, group, sample_weight=mass)
    found: Array = model.predict_proba(asked)
    return found


def _area(drawn: _Drawn, score: Array) -> Measured:
    """Area under the ROC curve of (m, k) scores: of the second of two groups, the mean of each against the rest."""
    told = [1] if len(drawn.groups) == 2 else list(range(len(drawn.groups)))
    return cross_fitted_area(
        drawn.group[:, None] == np.array(told),
        score[:, told],
        drawn.fold,
        np.ones(len(drawn.group)) if drawn.weight is None else drawn.weight,
        sampling=not counts_rows(drawn.rows.sample),
        level=drawn.rows.interval.level,
        cluster=drawn.cluster,
    )


def _untold(column: str, reason: str, rows: Rows) -> tuple[Observation, ...]:
    return tuple(
        Observation(
            id=f"fairness/{name}/{encoded(column)}",
            label=label.format(column=column),
            measured=Undefined(reason=reason),
            scope=rows.scope,
        )
        for name, label in _NAMES.items()
    )


_NAMES = {
    "proxy_auc": "ROC AUC of {column} from the other features",
    "score_proxy_auc": "ROC AUC of {column} from the score",
}


def _value(measured: Measured) -> float:
    return -np.inf if isinstance(measured, Undefined) else float(measured.value)


def _observation(drawn: _Drawn, place: str, label: str, measured: Measured) -> Observation:
    return Observation(id=f"fairness/{place}", label=label, measured=measured, scope=drawn.rows.scope)
