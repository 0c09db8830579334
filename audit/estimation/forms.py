"""The shapes a measure can have, so that any number of weightings of the same rows is measured at once.

A form is a function of a sample. Beyond that it offers `statistic`: the same measure as a function of row weights,
which is what a bootstrap needs, prepared once (sorted, encoded) for all replicates.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from audit.declarations.metric import Sample, UndefinedMeasureError
from audit.estimation.intervals import auc_influence

Array = NDArray[np.float64]
Weights = NDArray[np.float64] | NDArray[np.int64]
Statistic = Callable[[Weights], Array]
"""(b, n) weights, which may be whole numbers -> (b,) values, NaN where undefined."""


class Form(ABC):
    """What every form offers: it is a metric's `compute`, and it can weigh the same rows anew."""

    undefined: str
    """Why there is no value when the rows allow none."""
    corrected: bool = False
    """Whether the value takes away what chance adds to it, which depends on how many independent rows there are."""

    def __call__(self, sample: Sample) -> float:
        """Return the value; raise UndefinedMeasureError where there is none."""
        weight = weights_of(sample)
        if not weight.sum() > 0:
            raise UndefinedMeasureError("there are no rows")
        value = float(self.statistic(sample)(weight[None, :])[0])
        if not np.isfinite(value):
            raise UndefinedMeasureError(self.undefined)
        return value

    @abstractmethod
    def statistic(self, sample: Sample) -> Statistic:
        """Return the measure of these rows as a function of their weights."""

    def moves(self, sample: Sample) -> Iterator[Array]:  # noqa: ARG002
        """Yield (n,) how far the value, or a part of it, moves for each unit of weight a row gains, up to a factor.

        By these it is told how far rows of one cluster are alike in what matters to the measure (`clusters`). Nothing
        is yielded where that is not known: rows of one cluster are then taken for one and the same.
        """
        yield from ()


class CellForm(Form):
    """A function of the confusion cells alone."""

    def statistic(self, sample: Sample) -> Statistic:
        """Return the measure of these rows as a function of their weights."""
        cell, size = cell_of(sample), sample.classes
        if size <= _FEW_CLASSES:
            spread = np.eye(size * size)[cell]
            return lambda weights: self.of_cells((weights @ spread).reshape(-1, size, size), sample)

        def values(weights: Weights) -> Array:
            index = cell + (np.arange(len(weights)) * size * size)[:, None]
            sums = np.bincount(index.ravel(), weights=weights.ravel(), minlength=len(weights) * size * size)
            return self.of_cells(sums.reshape(-1, size, size).astype(np.float64), sample)

        return values

    def moves(self, sample: Sample) -> Iterator[Array]:
        """Yield how far the value moves with the cell of each row."""
        size, cell = sample.classes, cell_of(sample)
        if size <= MOST_CLASSES:
            cells = np.bincount(cell, weights=sample.weight, minlength=size * size).reshape(1, size, size)
            yield self.slopes(cells.astype(np.float64), sample).ravel()[cell]

    def slopes(self, cells: Array, sample: Sample) -> Array:
        """(groups, K, K) how far the value moves with each cell; NaN where it is undefined."""
        groups, size = len(cells), cells.shape[-1]
        step = 1e-5 * cells.sum(axis=(1, 2))[:, None, None, None]
        moved = step * np.eye(size * size).reshape(1, size * size, size, size)
        more = self.of_cells((cells[:, None] + moved).reshape(-1, size, size), sample)
        change = more.reshape(groups, -1) - self.of_cells(cells, sample)[:, None]
        found: Array = ratio(change, step[:, :, 0, 0]).reshape(groups, size, size)
        return found

    @abstractmethod
    def of_cells(self, cells: Array, sample: Sample) -> Array:
        """Return the value of each of (..., K, K) confusion matrices, NaN where undefined."""


_FEW_CLASSES = 3
"""Classes up to which a product with a table of rows by cells is faster than counting, and small."""
MOST_CLASSES = 50
"""Classes up to which every cell is moved on its own to see what rows of one cluster have in common."""


def identity(values: Array) -> Array:
    """Return the values themselves."""
    return values


@dataclass(frozen=True)
class Rate(CellForm):
    """A share of rows: hits out of trials, both sums of confusion cells; `curve` is an increasing map of the share."""

    parts: Callable[[Array, Sample], tuple[Array, Array]]
    """(..., K, K) cells, true by predicted -> (...,) hits and (...,) trials; linear in the cells."""
    undefined: str
    curve: Callable[[Array], Array] = identity

    def of_cells(self, cells: Array, sample: Sample) -> Array:
        """Return the value of each of (..., K, K) confusion matrices."""
        hits, trials = self.parts(cells, sample)
        return self.curve(ratio(hits, trials))


@dataclass(frozen=True)
class MeanRate(CellForm):
    """The plain mean of one rate per class, over the classes that have trials; at least two must."""

    parts: Callable[[Array, Sample], tuple[Array, Array]]
    """(..., K, K) cells -> (..., K) hits and (..., K) trials."""
    undefined: str
    curve: Callable[[Array], Array] = identity
    """An increasing map of the mean."""

    def of_cells(self, cells: Array, sample: Sample) -> Array:
        """Return the value of each of (..., K, K) confusion matrices."""
        hits, trials = self.parts(cells, sample)
        present = trials > 0
        total = np.where(present, ratio(hits, trials), 0.0).sum(axis=-1)
        count = present.sum(axis=-1)
        return self.curve(ratio(total, np.where(count >= 2, count, 0).astype(np.float64)))


@dataclass(frozen=True)
class Count(CellForm):
    """Any function of the confusion cells."""

    value: Callable[[Array, Sample], Array]
    """(..., K, K) cells, true by predicted -> (...,) values, NaN where undefined."""
    undefined: str
    ends: Callable[[Array, float], tuple[float, float | None]] | None = None
    """(K, K) counts of rows, level -> interval; None where the cells have to be drawn."""
    method: str = ""
    """Name of that interval."""
    each: Callable[[Array, Sample], tuple[Array, Array]] | None = None
    """Where the value is a plain mean over classes: (..., K, K) cells -> (..., K) value in [0, 1] of each class, NaN
    for one that is left out, and how many rows it rests on. A class of few rows then widens the interval."""
    by_class: bool = False
    """Whether the value is a mean over classes, which is as uncertain as its rarest class."""

    def of_cells(self, cells: Array, sample: Sample) -> Array:
        """Return the value of each of (..., K, K) confusion matrices."""
        return self.value(cells, sample)


class Closed(Form):
    """A measure that brings an interval of its own."""

    @abstractmethod
    def ends_of(self, sample: Sample, level: float) -> tuple[str, tuple[float | None, float | None]]:
        """Return the name of the method and both ends, None where nothing bounds one."""


@dataclass(frozen=True)
class Tested(Form):
    """A test's statistic or p-value: what these rows give, so that it has no interval of its own."""

    test: Callable[[Sample], float]
    """The number; raises UndefinedMeasureError where there is none."""
    undefined: str = "there are no rows"

    def statistic(self, sample: Sample) -> Statistic:
        """Return the measure of these rows as a function of their weights."""
        return lambda weights: np.array([self.test(replace(sample, weight=w.astype(np.float64))) for w in weights])


@dataclass(frozen=True)
class Mean(Form):
    """The weighted mean of one number per row; `curve` is an increasing map of the mean."""

    losses: Callable[[Sample], Array]
    """(n,) numbers."""
    undefined: str = "there are no rows"
    curve: Callable[[Array], Array] = identity

    def statistic(self, sample: Sample) -> Statistic:
        """Return the measure of these rows as a function of their weights."""
        losses = self.losses(sample)
        return lambda weights: self.curve(ratio(weights @ losses, weights.sum(axis=1)))

    def moves(self, sample: Sample) -> Iterator[Array]:
        """Yield how far each row lies from the mean."""
        yield self.losses(sample)


@dataclass(frozen=True)
class Share(Mean):
    """The share of rows of which something holds; a row counts by a fraction where a tie leaves it open."""


@dataclass(frozen=True)
class Sums(Form):
    """A smooth function of weighted sums over rows."""

    features: Callable[[Sample], Array]
    """(n, q) numbers to sum."""
    value: Callable[[Array], Array]
    """(..., q) weighted sums -> (...,) values, NaN where undefined."""
    undefined: str

    def statistic(self, sample: Sample) -> Statistic:
        """Return the measure of these rows as a function of their weights."""
        features = self.features(sample)
        return lambda weights: self.value(weights @ features)

    def moves(self, sample: Sample) -> Iterator[Array]:
        """Yield how far the value moves with what each row adds to the sums."""
        features, weight = self.features(sample), weights_of(sample)
        total, size = weight @ features, weight @ np.abs(features)
        step = 1e-6 * np.where(size > 0, size, 1.0)
        change = self.value(total + np.diag(step)) - self.value(total - np.diag(step))
        yield features @ (change / (2 * step))


@dataclass(frozen=True)
class Median(Form):
    """The weighted median of one number per row; two middles are averaged."""

    values: Callable[[Sample], Array]
    """(n,) numbers."""
    undefined: str = "there are no rows"

    def statistic(self, sample: Sample) -> Statistic:
        """Return the measure of these rows as a function of their weights."""
        values = self.values(sample)
        order = np.argsort(values, kind="stable")
        values = values[order]

        def medians(weights: Weights) -> Array:
            below = np.cumsum(weights[:, order], axis=1)
            half = below[:, -1] / 2
            low = np.array([np.searchsorted(b, h, side="left") for b, h in zip(below, half, strict=True)])
            high = np.array([np.searchsorted(b, h, side="right") for b, h in zip(below, half, strict=True)])
            last = len(values) - 1
            return np.where(half > 0, (values[np.minimum(low, last)] + values[np.minimum(high, last)]) / 2, np.nan)

        return medians

    def moves(self, sample: Sample) -> Iterator[Array]:
        """Yield on which side of the median each row lies."""
        yield np.sign(self.values(sample) - self(sample))


@dataclass(frozen=True)
class Ranked(Form):
    """A function of how many positives, and how many rows, lie at or above each distinct score."""

    value: Callable[[Array, Array], Array]
    """(..., m) cumulated positives and rows, highest score first -> (...,) values, NaN where undefined."""
    undefined: str = "only one class is present"
    ends: Callable[[float, float, float, float], tuple[float, float]] | None = None
    """Value, number of positives, number of negatives, level -> interval; None where rows have to be resampled."""
    method: str = "bootstrap"
    """Name of that interval."""

    def statistic(self, sample: Sample) -> Statistic:
        """Return the measure of these rows as a function of their weights."""
        return _of_ranks(self.value, is_positive(sample), scores(sample))

    def moves(self, sample: Sample) -> Iterator[Array]:
        """Yield, for places among the scores, which rows of either class lie above; of what share that is, less it."""
        positive, score, weight = is_positive(sample), scores(sample), weights_of(sample)
        for side in (positive, ~positive):
            total = weight[side].sum()
            for place in np.unique(np.quantile(score, _PLACES, method="inverted_cdf")) if total > 0 else ():
                above = (score >= place) & side
                yield np.where(side, above - weight[above].sum() / total, 0.0)


_PLACES = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Shares of the rows below the places at which a ranking is looked at."""


@dataclass(frozen=True)
class AtPositives(Form):
    """The mean over positive rows of a function of how many positives, and rows, lie at or above each one's score."""

    value: Callable[[Weights, Array], Array]
    """(..., p) positives and rows at or above, for each positive row -> (..., p) numbers to average."""
    undefined: str = "no row is truly positive"

    def statistic(self, sample: Sample) -> Statistic:
        """Return the measure of these rows as a function of their weights."""
        ranking = _Ranking(is_positive(sample), scores(sample))

        def values(weights: Weights) -> Array:
            own, positives, counted = ranking.at_positives(weights)
            # Nothing counts at a row before the first one that was drawn; the tiny number only keeps 0 / 0 quiet.
            each = self.value(positives, counted + np.finfo(np.float64).tiny)
            return ratio(np.vecdot(own, each), own.sum(axis=1))

        return values

    def moves(self, sample: Sample) -> Iterator[Array]:
        """Yield the influence of each row."""
        yield self.pulls(sample)[1]

    def pulls(self, sample: Sample) -> tuple[float, Array]:
        """Return the value, and (n,) how much it moves for each unit of weight that a row gains (its influence)."""
        weight, positive, score = weights_of(sample), is_positive(sample), scores(sample)
        own, positives, counted = (
            part[0].astype(np.float64) for part in _Ranking(positive, score).at_positives(weight[None, :])
        )
        counted = counted + np.finfo(np.float64).tiny
        each = self.value(positives, counted)
        total = own.sum()
        value = float(own @ each / total)
        # A row that scores higher counts among the positives, or the rows, at or above each positive row below it.
        step = 1e-6
        up, down = self.value(positives * (1 + step), counted), self.value(positives * (1 - step), counted)
        per_positive = own * ratio(up - down, 2 * step * positives)
        up, down = self.value(positives, counted * (1 + step)), self.value(positives, counted * (1 - step))
        per_row = own * (up - down) / (2 * step * counted)
        descending = np.sort(score[positive])[::-1]
        begins = np.searchsorted(-descending, -score, side="left")
        below_row = np.append(np.cumsum(per_row[::-1])[::-1], 0.0)[begins]
        below_positive = np.append(np.cumsum(np.nan_to_num(per_positive)[::-1])[::-1], 0.0)[begins]
        moved = below_row + np.where(positive, below_positive - value, 0.0)
        in_order = np.argsort(-score, kind="stable")
        moved[in_order[positive[in_order]]] += each
        return value, moved / total


@dataclass(frozen=True)
class Auc(Form):
    """Area under the ROC curve, binary or the plain mean of every class against the rest; `curve` is increasing."""

    curve: Callable[[Array], Array] = identity
    undefined: str = "only one class is present"

    def statistic(self, sample: Sample) -> Statistic:
        """Return the measure of these rows as a function of their weights."""
        rankings = [_Ranking(positive, score) for positive, score in one_against_rest(sample)]
        return lambda weights: self.curve(np.mean([ranking.areas(weights) for ranking in rankings], axis=0))

    def moves(self, sample: Sample) -> Iterator[Array]:
        """Yield DeLong's placement of each row, over the rows of its class."""
        yield np.mean([area_moves(p, s, weights_of(sample)) for p, s in one_against_rest(sample)], axis=0)


@dataclass(frozen=True)
class Deviation(Form):
    """Sum over bins of the absolute mean of a number that should average to zero, each bin weighted by its share."""

    bins: Callable[[Sample], tuple[NDArray[np.int64], Array]]
    """(n,) bin of each row, and (n,) numbers."""
    undefined: str = "there are no rows"

    def statistic(self, sample: Sample) -> Statistic:
        """Return the measure of these rows as a function of their weights."""
        home, values = self.bins(sample)
        rows = np.arange(len(values))
        spread = sparse.csr_array((values, (rows, home)), shape=(len(values), int(home.max(initial=0)) + 1))
        return lambda weights: ratio(np.abs(np.asarray(weights @ spread)).sum(axis=1), weights.sum(axis=1))

    def moves(self, sample: Sample) -> Iterator[Array]:
        """Yield the numbers of rows as they add to the deviations, and as they add up over all bins."""
        home, values = self.bins(sample)
        sums = np.bincount(home, weights=weights_of(sample) * values)
        yield np.where(sums < 0, -1.0, 1.0)[home] * values
        yield values


@dataclass(frozen=True)
class Wald(Form):
    """A fitted coefficient that comes with its own standard error."""

    fit: Callable[[Sample], tuple[float, float]]
    """Value and standard error; NaN where undefined."""
    undefined: str

    def statistic(self, sample: Sample) -> Statistic:
        """Return the measure of these rows as a function of their weights."""
        return lambda weights: np.array([self.fit(replace(sample, weight=weight))[0] for weight in weights])

    def moves(self, sample: Sample) -> Iterator[Array]:
        """Yield what each row adds to the two equations of a logistic regression on its own log-odds."""
        cut = np.clip(scores(sample), 1e-6, 1 - 1e-6)
        odds, away = np.log(cut) - np.log1p(-cut), is_positive(sample) - cut
        yield away
        yield away * (odds - np.average(odds, weights=sample.weight))


def cell_of(sample: Sample) -> NDArray[np.int64]:
    """(n,) position of each row in the flattened confusion matrix of true class (row) by predicted class.

    The positive class of a binary sample stands last. Where target or label is not known it counts as the first class.
    """
    true = _arranged(sample.target, sample)
    return true * sample.classes + _arranged(sample.label, sample)


def is_positive(sample: Sample) -> NDArray[np.bool_]:
    """(n,) whether the true class is the positive one."""
    assert sample.target is not None
    positive: NDArray[np.bool_] = sample.target == sample.positive
    return positive


def truth(sample: Sample) -> Array:
    """(n,) true values of a regression, which the caller knows to be there."""
    assert sample.target is not None
    return sample.target.astype(np.float64)


def scores(sample: Sample) -> Array:
    """(n,) or (n, K) scores, which the caller knows to be there."""
    assert sample.score is not None
    return sample.score


def supplied_interval(sample: Sample) -> tuple[Array, Array, float]:
    """(n,) lower and upper ends of prediction intervals and their level, which the caller knows to be there."""
    assert sample.low is not None and sample.high is not None and sample.interval_level is not None
    return sample.low, sample.high, sample.interval_level


def one_against_rest(sample: Sample) -> list[tuple[NDArray[np.bool_], Array]]:
    """Truth and score of each class against the rest; of the positive class alone in a binary sample."""
    score = scores(sample)
    if score.ndim == 1:
        return [(is_positive(sample), score)]
    return [(np.asarray(sample.target == k), score[:, k]) for k in range(sample.classes)]


def area_moves(positive: NDArray[np.bool_], score: Array, weight: Array) -> Array:
    """(n,) how far an area under the ROC curve moves for each unit of weight that a row gains (DeLong's placements)."""
    _, influence = auc_influence(positive, score, weight, True)
    moves = np.divide(influence, weight, out=np.zeros_like(influence), where=weight > 0)
    # Where every row is placed alike the rest is rounding.
    return np.where(np.abs(moves) * weight.sum() < 1e-12, 0.0, moves)


def size_of(sample: Sample) -> int:
    """Return the number of rows in the arrays of a sample."""
    held = next(a for a in (sample.target, sample.label, sample.score, sample.low) if a is not None)
    return len(held)


def weights_of(sample: Sample) -> Array:
    """(n,) weights, one where none were given."""
    return np.ones(size_of(sample)) if sample.weight is None else sample.weight


def is_inclusion_weighted(sample: Sample) -> bool:
    """Whether weights are inverse inclusion probabilities, which say nothing about the number of rows."""
    return sample.weight is not None and sample.weight_kind == "sampling"


def effective_sides(sample: Sample) -> tuple[float, float]:
    """Number of positives and of negatives; under sampling weights Kish's effective numbers."""
    positive = is_positive(sample)
    one, other = weights_of(sample)[positive], weights_of(sample)[~positive]
    if not is_inclusion_weighted(sample):
        return float(one.sum()), float(other.sum())
    return float(one.sum() ** 2 / (one @ one)), float(other.sum() ** 2 / (other @ other))


def rows_of(sample: Sample) -> int:
    """Return the n behind a figure: rows that count under sampling weights, the sum of weights otherwise."""
    weight = weights_of(sample)
    return int(np.count_nonzero(weight)) if is_inclusion_weighted(sample) else round(float(weight.sum()))


def diagonal(cells: Array) -> Array:
    """(..., K, K) cells -> (..., K) rows of each class that are predicted correctly."""
    return np.diagonal(cells, axis1=-2, axis2=-1)


def ratio(part: ArrayLike, whole: ArrayLike) -> Array:
    """Divide; NaN where the whole is zero."""
    part, whole = np.asarray(part, dtype=np.float64), np.asarray(whole)
    out = np.full(np.broadcast(part, whole).shape, np.nan)
    np.divide(part, whole, out=out, where=whole != 0)
    return out


def _of_ranks(value: Callable[[Array, Array], Array], positive: NDArray[np.bool_], score: Array) -> Statistic:
    order = np.argsort(-score, kind="stable")
    in_order = bool((order == np.arange(len(order))).all())
    last = np.flatnonzero(np.diff(score[order], append=np.nan) != 0)
    distinct = len(last) == len(score)
    hit = positive[order].astype(np.int64)

    def values(weights: Weights) -> Array:
        ranked = weights if in_order else weights[:, order]
        # Whole numbers add up several times faster, and everything after that is faster on floats.
        positives = np.cumsum(ranked * hit, axis=1).astype(np.float64)
        counted = np.cumsum(ranked, axis=1).astype(np.float64)
        return value(positives, counted) if distinct else value(positives[:, last], counted[:, last])

    return values


class _Ranking:
    """Rows in the order of their scores, highest first, prepared once for any number of weightings.

    Only the positive rows are looked at one by one: what lies above each of them says all.
    """

    def __init__(self, positive: NDArray[np.bool_], score: Array) -> None:
        order = np.argsort(-score, kind="stable")
        ranked = score[order]
        self._order = None if bool((order == np.arange(len(order))).all()) else order
        self._at = np.flatnonzero(positive[order])
        starts = np.flatnonzero(np.diff(ranked, prepend=np.nan) != 0)
        tie = np.searchsorted(starts, self._at, side="right")
        self._distinct = len(starts) == len(ranked)
        # Places in running sums that begin with zero: in front of each positive row's tie, and behind it.
        self._front, self._behind = starts[tie - 1], np.append(starts[1:], len(order))[tie - 1]
        self._hits_behind = np.searchsorted(self._at, self._behind)
        self._miss = 1 - positive[order].astype(np.int64)

    def at_positives(self, weights: Weights) -> tuple[Array, Weights, Weights]:
        """(b, n) weights -> (b, p) weight of each positive row, and positives and rows at or above its score."""
        ranked, own = self._ranked(weights)
        positives = _running(own).take(self._hits_behind, axis=1)
        return own.astype(np.float64), positives, _running(ranked).take(self._behind, axis=1)

    def areas(self, weights: Weights) -> Array:
        """(b, n) weights -> (b,) areas under the ROC curve; a negative tied with a positive counts as half above it."""
        ranked, own = self._ranked(weights)
        negatives = _running(ranked * self._miss)
        above = negatives.take(self._behind, axis=1).astype(np.float64)
        if not self._distinct:
            above = (above + negatives.take(self._front, axis=1)) / 2
        wrong = np.vecdot(own.astype(np.float64), above)
        return 1 - ratio(wrong, own.sum(axis=1).astype(np.float64) * negatives[:, -1])

    def _ranked(self, weights: Weights) -> tuple[Weights, Weights]:
        """(b, n) weights in order, and (b, p) those of positive rows."""
        ranked = weights if self._order is None else weights.take(self._order, axis=1)
        return ranked, ranked.take(self._at, axis=1)


def _running(terms: Weights) -> Weights:
    sums = np.zeros((terms.shape[0], terms.shape[1] + 1), dtype=terms.dtype)
    np.cumsum(terms, axis=1, out=sums[:, 1:])
    return sums


def _arranged(codes: NDArray[np.int64] | NDArray[np.float64] | None, sample: Sample) -> NDArray[np.int64]:
    if codes is None:
        return np.zeros(size_of(sample), dtype=np.int64)
    if sample.positive is None:
        return codes.astype(np.int64)
    return np.where(codes == sample.positive, 1, 0)
