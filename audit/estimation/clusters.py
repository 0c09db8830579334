"""Turns rows that come in clusters into the number of independent rows that tell as much, and redraws whole clusters.

Rows of one patient, applicant or branch are alike, so that n rows tell less than n independent ones. How much less is
the design effect of a measure: the variance of what whole clusters add to it, over the variance that as many
independent rows would give it. Every interval for independent rows is then made for n over the design effect of them,
which keeps what makes it hold near 0 and 1 and with few events, where drawing clusters anew would not.

- The variance between clusters is the linearised one (Taylor series, the first step of the cluster-robust variance:
  Cameron, Gelbach and Miller 2008, doi:10.1162/rest.90.3.414), of what `Form.moves` says that rows add.
- It is known from G clusters only: the number of rows is shrunk once more, by the squared ratio of Student's quantiles
  of G - 1 and of the rows (Korn and Graubard 1998, Survey Methodology 24: 193-201). Clusters of unequal weight count as
  fewer.
- Clusters never narrow an interval: a design effect under 1 is taken for 1.
- Where nothing varies (a share of 0 or 1) or it is not known what rows add, rows of one cluster are taken for one and
  the same, so that clusters count as rows: too wide an interval, and never too narrow a one.

In simulation (`tests/simulations/cluster_coverage.py`: 30 to 200 clusters of 5 or of 1 to 40 rows, base rates of 0.05
to 0.5, intraclass correlations of 0.05 and 0.3) no cell lies under 93.5 in 100 by more than chance leaves open.

A measure that is a plain function is redrawn instead: whole clusters with replacement (Davison and Hinkley 1997,
Bootstrap Methods and their Application, section 3.8).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, stats

from audit.declarations.metric import Sample
from audit.estimation.forms import (
    MOST_CLASSES,
    Array,
    CellForm,
    Form,
    Rate,
    cell_of,
    is_inclusion_weighted,
    ratio,
    weights_of,
)

FEW_CLUSTERS = 20
"""Clusters under which the variance between them is hardly known, and under which the report says so."""


def clusters_in(sample: Sample) -> int:
    """Return the number of clusters that have weight; 0 where rows are independent."""
    if sample.cluster is None:
        return 0
    return int(np.count_nonzero(by_cluster(weights_of(sample), sample.cluster)))


def told_of_clusters(sample: Sample, column: str, level: float) -> tuple[str, ...]:
    """Return what a reader has to know of the clusters of these rows; nothing where rows are independent.

    Parameters
    ----------
    column : name of the column of clusters
    level : of intervals, in (0, 1)
    """
    if sample.cluster is None:
        return ()
    sizes = np.bincount(sample.cluster[weights_of(sample) > 0])
    sizes = sizes[sizes > 0]
    if not len(sizes):
        return ()
    span = f"{sizes.min():,}" if sizes.min() == sizes.max() else f"{sizes.min():,} to {sizes.max():,}"
    said = (
        f"Rows come in {len(sizes):,} clusters by {column}, of {span} rows (median {np.median(sizes):,.0f}). Intervals "
        f"are those of as many independent rows as tell as much, or of clusters drawn anew.{_alike(sample, level)}"
    )
    if len(sizes) >= FEW_CLUSTERS:
        return (said,)
    return (
        said,
        f"There are fewer than {FEW_CLUSTERS} clusters: how alike their rows are is hardly known from so few, so that "
        "intervals can hold the truth less often than they say.",
    )


def independent_rows(form: Form, sample: Sample, level: float) -> Sample | None:
    """Return the same rows without clusters, weighted to the number of independent ones that tell as much of a measure.

    Parameters
    ----------
    form : what is measured
    sample : (n,) rows with clusters
    level : of the interval, in (0, 1)

    Returns
    -------
    Rows with frequency weights, so that every interval for counted rows suits them; None with a single cluster, which
    says nothing of how clusters vary.
    """
    return shrunk(sample, effect_of(form.moves(sample), sample, level))


def independent_pairs(form: Form, ours: Sample, theirs: Sample, level: float) -> tuple[Sample, Sample] | None:
    """Return two sets of predictions of the same rows, weighted by what rows add to the difference of a measure."""
    moves = (one - other for one, other in zip(form.moves(ours), form.moves(theirs), strict=False))
    effect = effect_of(moves, ours, level)
    one, other = shrunk(ours, effect), shrunk(theirs, effect)
    return None if one is None or other is None else (one, other)


def shrunk(sample: Sample, effect: float) -> Sample | None:
    """Return rows without clusters as so many fewer of them; None where the design effect is not known."""
    if not np.isfinite(effect):
        return None
    return replace(sample, cluster=None, weight=weights_of(sample) / effect, weight_kind="frequency")


def effect_of(moves: Iterable[Array], sample: Sample, level: float) -> float:
    """Return the design effect of clusters, and of sampling weights where there are any; infinite of one cluster.

    Parameters
    ----------
    moves : (n,) arrays, what a unit of weight of each row adds to what is measured; the largest effect of them counts

    Examples
    --------
    >>> twice = Sample(target=np.tile([0, 1, 1, 0], 2), cluster=np.tile(np.arange(4), 2))
    >>> effect_of([twice.target * 1.0], twice, 0.95)
    2.0
    """
    assert sample.cluster is not None
    return design_effect(moves, sample.cluster, weights_of(sample), level, sampling=is_inclusion_weighted(sample))


def design_effect(
    moves: Iterable[Array], cluster: NDArray[np.int64], weight: Array, level: float, *, sampling: bool = False
) -> float:
    """Return the same of (n,) clusters and (n,) weights, which are counts or inverse inclusion probabilities."""
    found = [_effect(move, weight, cluster, sampling) for move in moves]
    masses = by_cluster(weight, cluster)
    total, clusters = weight.sum(), np.array([np.count_nonzero(masses)])
    telling = np.atleast_1d(ratio(total**2, masses @ masses))
    return float(_allowed(np.array([found or [np.nan]]), np.array([total]), telling, clusters, level)[0])


@dataclass(frozen=True)
class ClusterCells:
    """The confusion matrix of each cluster within each group, counted once for all measures of them."""

    sample: Sample
    groups: int
    owner: NDArray[np.int64]
    """(p,) group of each pair of a group and a cluster that has rows."""
    cluster: NDArray[np.int64]
    """(p,) cluster of each."""
    sums: Array
    """(p, K * K) sums of weights."""
    squares: Array
    """(groups, K * K) sums of squared weights."""

    @cached_property
    def of_groups(self) -> Array:
        """(groups, K * K) sums of weights."""
        return np.stack([_by(self.owner, column, self.groups) for column in self.sums.T], axis=1)

    def slopes(self, form: CellForm) -> Array:
        """(groups, K * K) how far a measure moves with each cell."""
        side = self.sample.classes
        found = form.slopes(self.of_groups.reshape(self.groups, side, side), self.sample)
        return found.reshape(self.groups, side**2)


def cells_by_cluster(sample: Sample, group: NDArray[np.int64], groups: int) -> ClusterCells | None:
    """Count confusion matrices by group and cluster; None without clusters or classes, or where they are too many.

    Parameters
    ----------
    group : (n,) group of each row, -1 for none
    """
    size = sample.classes**2
    unlabelled = sample.target is None and sample.label is None
    if sample.cluster is None or not size or sample.classes > MOST_CLASSES or unlabelled:
        return None
    inside = _inside(group)
    home, weight, width = group[inside], weights_of(sample)[inside], int(sample.cluster.max(initial=0)) + 1
    place, owner = _places(sample.cluster[inside], home, groups)
    if len(owner) * size > _MOST_CELLS:
        return None
    cell = cell_of(sample)[inside]
    sums = np.bincount(place * size + cell, weights=weight, minlength=len(owner) * size).reshape(-1, size)
    held = np.flatnonzero(sums.any(axis=1))
    squares = np.bincount(home * size + cell, weights=weight**2, minlength=groups * size).reshape(groups, size)
    dense = len(owner) == groups * width
    cluster = held % width if dense else _first_of(place, sample.cluster[inside], len(owner))[held]
    return ClusterCells(sample, groups, owner[held], cluster, sums[held].astype(np.float64), squares.astype(np.float64))


def effects_on_cells(form: CellForm, cells: ClusterCells, level: float) -> Array:
    """(groups,) design effects of a function of the confusion cells by group; infinite where there is one cluster."""
    groups, owner, of_groups = cells.groups, cells.owner, cells.of_groups
    slopes = cells.slopes(form)
    total = of_groups.sum(axis=1)
    away = slopes - ratio(np.vecdot(of_groups, slopes), total)[:, None]
    plain, size = np.vecdot(of_groups, away**2), np.vecdot(of_groups, np.abs(slopes))
    plain = np.where(plain * total > _LEAST * size**2, plain, 0.0)
    between = _by(owner, np.vecdot(cells.sums, away[owner]) ** 2, groups)
    least = np.ones(groups)
    if is_inclusion_weighted(cells.sample):
        least = np.fmax(ratio(cells.squares.sum(axis=1), total), ratio(np.vecdot(cells.squares, away**2), plain))
    counted = _counted(form, cells.sample)
    masses, counts = cells.sums @ counted, of_groups @ counted
    rows = ratio(counts**2, of_groups @ counted**2)
    telling = ratio(counts**2, _by(owner, masses**2, groups))
    return _allowed(
        np.maximum(ratio(between, plain), least)[:, None], rows, telling, _by(owner, masses > 0, groups), level
    )


def effects_by_group(
    moves: Iterable[Array],
    sample: Sample,
    group: NDArray[np.int64],
    groups: int,
    level: float,
) -> Array:
    """(groups,) design effects of what rows add to a figure of each group; infinite where a group has one cluster.

    Parameters
    ----------
    moves : (n,) arrays, what a unit of weight of each row adds; the largest effect counts
    group : (n,) group of each row, -1 for none
    """
    assert sample.cluster is not None
    inside = _inside(group)
    home, weight = group[inside], weights_of(sample)[inside]
    place, owner = _places(sample.cluster[inside], home, groups)
    masses = np.bincount(place, weights=weight, minlength=len(owner))
    total = _by(owner, masses, groups)
    found = [_by_group(move[inside], weight, home, place, owner, groups, sample) for move in moves]
    telling = ratio(total**2, _by(owner, masses**2, groups))
    effects = np.stack(found, axis=1) if found else np.full((groups, 1), np.nan)
    return _allowed(effects, total, telling, _by(owner, masses > 0, groups), level)


def covariance(form: Form, sample: Sample, group: NDArray[np.int64], groups: int, cells: ClusterCells | None) -> Array:
    """(groups, groups) how groups vary together over clusters, each up to a factor; NaN where that is not known.

    Parameters
    ----------
    cells : of the same rows and groups, where there are any
    """
    assert sample.cluster is not None
    width = int(sample.cluster.max(initial=0)) + 1
    if isinstance(form, CellForm) and cells is not None:
        values = np.vecdot(cells.sums, cells.slopes(form)[cells.owner])
        home, cluster = cells.owner, cells.cluster
    else:
        inside = np.flatnonzero(group >= 0)
        home, cluster, weight = group[inside], sample.cluster[inside], weights_of(sample)[inside]
        values = np.full(len(home), np.nan)
        for code in range(groups):
            rows = np.flatnonzero(home == code)
            move = next(iter(form.moves(_some(sample, inside[rows]))), None) if len(rows) else None
            if move is not None:
                values[rows] = weight[rows] * (move - weight[rows] @ move / weight[rows].sum())
    sums: Any
    if width * groups <= _DENSE:
        sums = np.bincount(home * width + cluster, weights=values, minlength=width * groups).reshape(groups, width)
        return np.asarray(sums @ sums.T)
    sums = sparse.csr_array((values, (home, cluster)), shape=(groups, width))
    return np.asarray((sums @ sums.T).todense())


def as_independent(
    values: Array, cluster: NDArray[np.int64], weight: Array, level: float, *, sampling: bool = False
) -> Array:
    """(n,) frequency weights of as many independent rows as tell as much of the mean of (n,) values.

    Those of a single cluster are as one.

    Examples
    --------
    >>> values, twice = np.array([1.0, 0.0, 1.0, 0.0]), np.array([0, 1, 2, 3])
    >>> float(as_independent(np.tile(values, 2), np.tile(twice, 2), np.ones(8), 0.95).sum())
    4.0
    """
    effect = design_effect([values], cluster, weight, level, sampling=sampling)
    return weight / (effect if np.isfinite(effect) else max(float(weight.sum()), 1.0))


def few_clusters(cluster: NDArray[np.int64], weight: Array, level: float) -> float:
    """Return by how much a normal interval from sums over clusters is to be widened; infinite of a single cluster.

    >>> round(few_clusters(np.arange(10), np.ones(10), 0.95), 3)
    1.217
    """
    clusters = int(np.count_nonzero(by_cluster(weight, cluster)))
    if clusters < 2:
        return np.inf
    quantiles = stats.t.ppf(0.5 + level / 2, clusters - 1) / stats.norm.ppf(0.5 + level / 2)
    return float(quantiles * np.sqrt(clusters / (clusters - 1)))


def by_cluster(values: Array, cluster: NDArray[np.int64]) -> Array:
    """(n,) numbers of rows -> (G,) their sums over clusters."""
    return np.bincount(cluster, weights=values).astype(np.float64)


def resampled_clusters(sample: Sample, resamples: int, rng: np.random.Generator) -> Iterator[Array]:
    """Yield (b, n) row weights until there are `resamples`: as many clusters as there are, drawn with replacement."""
    assert sample.cluster is not None
    held = np.flatnonzero(by_cluster(weights_of(sample), sample.cluster))
    width = int(sample.cluster.max(initial=0)) + 1
    size = max(1, _CHUNK // max(len(sample.cluster), 1))
    for start in range(0, resamples, size):
        counts = np.zeros((min(size, resamples - start), width))
        counts[:, held] = rng.multinomial(len(held), np.full(len(held), 1 / len(held)), size=len(counts))
        drawn = counts[:, sample.cluster]
        yield drawn if sample.weight is None else drawn * sample.weight


def without_each(sample: Sample, most: int, rng: np.random.Generator) -> Iterator[NDArray[np.bool_]]:
    """Yield (n,) the rows that are left without each of at most so many parts, into which clusters are dealt."""
    assert sample.cluster is not None
    width = int(sample.cluster.max(initial=0)) + 1
    part = rng.permutation(width) % min(most, width)
    for number in range(min(most, width)):
        yield part[sample.cluster] != number


_CHUNK = 2**20
"""Row weights made at a time."""
_LEAST = 1e-20
"""Variance of what rows add, over the square of their mean size, under which it is rounding."""


def _alike(sample: Sample, level: float) -> str:
    """Say what the clusters cost of the mean of the truth, or of what is predicted where that is not known."""
    held = sample.target if sample.target is not None else sample.label if sample.label is not None else sample.score
    what = "what is true" if sample.target is not None else "what is predicted"
    if held is None or held.ndim > 1 or not np.isfinite(held).all():
        return ""
    moves = [(held == code) * 1.0 for code in range(min(sample.classes, MOST_CLASSES))] or [held.astype(np.float64)]
    effect, rows = effect_of(moves, sample, level), float(weights_of(sample).sum())
    if not np.isfinite(effect):
        return " A single cluster says nothing of how clusters differ, so that nothing bounds what rests on it."
    if is_inclusion_weighted(sample):
        return f" Of {what} they tell as much as {rows / effect:,.0f} independent rows."
    return f" Of {what} they tell as much as {rows / effect:,.0f} independent rows (design effect {effect:.2f})."


def _some(sample: Sample, rows: NDArray[np.int64]) -> Sample:
    arrays = {name: getattr(sample, name) for name in ("target", "label", "score", "weight", "low", "high", "cluster")}
    return replace(sample, **{name: array[rows] for name, array in arrays.items() if array is not None})


def _counted(form: CellForm, sample: Sample) -> Array:
    """(K * K,) how much a row of each cell counts: a share rests on some of the rows, and on the clusters with them."""
    size = sample.classes**2
    if not isinstance(form, Rate):
        return np.ones(size)
    return np.abs(form.parts(np.eye(size).reshape(size, sample.classes, sample.classes), sample)[1])


def _inside(group: NDArray[np.int64]) -> Any:
    """Rows that are in a group; all of them as a slice, which copies nothing."""
    return slice(None) if len(group) == 0 or group.min() >= 0 else group >= 0


def _first_of(place: NDArray[np.int64], cluster: NDArray[np.int64], places: int) -> NDArray[np.int64]:
    found = np.zeros(places, dtype=np.int64)
    found[place] = cluster
    return found


def _places(
    cluster: NDArray[np.int64], group: NDArray[np.int64], groups: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(n,) place of each row's group and cluster, and (places,) the group of each; many are numbered without gaps."""
    width = int(cluster.max(initial=0)) + 1
    key = group * width + cluster
    if width * groups <= _DENSE:
        return key, np.repeat(np.arange(groups), width)
    held, place = np.unique(key, return_inverse=True)
    return place, held // width


_DENSE = 5_000_000
"""Groups times clusters up to which all of them are laid out, whether they have rows or not."""
_MOST_CELLS = 50_000_000
"""Groups times clusters times cells up to which they are counted."""


def _by(home: NDArray[np.int64], values: NDArray[Any], groups: int) -> Array:
    return np.bincount(home, weights=values, minlength=groups).astype(np.float64)


def _effect(move: Array, weight: Array, cluster: NDArray[np.int64], sampling: bool) -> float:
    total = float(weight.sum())
    if not total > 0 or not np.isfinite(move).all():
        return np.nan
    away = move - weight @ move / total
    plain = float(weight @ away**2)
    if plain * total <= _LEAST * float(weight @ np.abs(move)) ** 2:
        return np.nan
    sums = np.bincount(cluster, weights=weight * away)
    least = max(float(weight @ weight) / total, float(weight**2 @ away**2) / plain) if sampling else 1.0
    return max(float(sums @ sums) / plain, least)


def _by_group(
    move: Array,
    weight: Array,
    home: NDArray[np.int64],
    place: NDArray[np.int64],
    owner: NDArray[np.int64],
    groups: int,
    sample: Sample,
) -> Array:
    """(groups,) variance between clusters of each group over that of independent rows, NaN where nothing varies."""
    total = _by(home, weight, groups)
    away = move - ratio(_by(home, weight * move, groups), total)[home]
    pull = weight * away
    plain, size = _by(home, pull * away, groups), _by(home, weight * np.abs(move), groups)
    plain = np.where(plain * total > _LEAST * size**2, plain, 0.0)
    between = _by(owner, np.bincount(place, weights=pull, minlength=len(owner)) ** 2, groups)
    least = np.ones(groups)
    if is_inclusion_weighted(sample):
        least = np.fmax(ratio(_by(home, weight**2, groups), total), ratio(_by(home, pull**2, groups), plain))
    return np.maximum(ratio(between, plain), least)


def _allowed(found: Array, rows: Array, telling: Array, clusters: NDArray[Any], level: float) -> Array:
    """(groups, moves) raw effects -> (groups,) the largest, allowing for how few clusters tell it.

    Both variances are taken without bias. With clusters of one row nothing is left of either correction.

    Parameters
    ----------
    rows : (groups,) rows, were they independent
    telling : (groups,) clusters; of unequal weight as many equal ones as tell as much (Kish)
    clusters : (groups,) clusters as they are
    """
    known = np.isfinite(found)
    raw = np.where(known.any(axis=1), np.where(known, found, -np.inf).max(axis=1), ratio(rows, telling))
    left = np.maximum(ratio(rows, raw), 1 + 1e-9)
    unbiased = ratio(clusters * (left - 1), np.maximum(clusters - 1, 1) * left)
    quantiles = [stats.t.ppf(0.5 + level / 2, np.maximum(n - 1, 1e-3)) for n in (telling, left)]
    more = np.maximum(unbiased, 1.0) * np.maximum(quantiles[0] / quantiles[1], 1.0) ** 2
    return np.where(clusters > 1, raw * np.where(left > telling * (1 + 1e-9), more, 1.0), np.inf)
