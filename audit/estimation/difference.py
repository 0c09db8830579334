"""Turns two samples, or two estimates, into the difference of one metric with its interval."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from audit.declarations.metric import Metric, Sample
from audit.estimation import intervals
from audit.estimation.clusters import clusters_in, independent_pairs, resampled_clusters, without_each
from audit.estimation.estimate import CLUSTERED, estimate, form_of, subset
from audit.estimation.forms import (
    Array,
    Auc,
    CellForm,
    Form,
    Mean,
    cell_of,
    identity,
    is_inclusion_weighted,
    one_against_rest,
    rows_of,
    size_of,
    weights_of,
)
from audit.estimation.paired import newcombe_paired, paired_counts
from audit.estimation.resampling import resampled, resampled_cells
from audit.records.measured import Estimate, Exact, Measured, Undefined
from audit.records.spec import IntervalSpec


def paired_difference(metric: Metric, ours: Sample, theirs: Sample, interval: IntervalSpec, seed: int) -> Measured:
    """Return ours minus theirs, two sets of predictions of the same rows.

    The interval is DeLong's for areas under the ROC curve, Newcombe's for shares of the same rows, Student's t over
    rows for means of losses, and otherwise the percentiles of a bootstrap that draws the same rows for both, or, of
    very many rows, Student's t over the difference in thirty parts of them. Where the difference does not vary at all
    over the rows, as it cannot where one side is perfect, the intervals of both sides are combined instead.

    Of clustered rows it is that of as many independent ones as tell as much of the difference, and where rows would
    have to be drawn, the percentiles of a bootstrap of clusters, or, of very many rows, the jackknife over clusters.
    """
    # Only their values are needed, unless the difference does not vary.
    quick = interval.model_copy(update={"resamples": 2})
    one, other = (estimate(metric, sample, quick, seed) for sample in (ours, theirs))
    if not (isinstance(one, Estimate) and isinstance(other, Estimate)):
        return next(m for m in (one, other) if isinstance(m, Undefined))
    form, value = form_of(metric, ours), one.value - other.value
    ends = _ends if ours.cluster is None else _clustered_ends
    method, (low, high) = ends(form, ours, theirs, value, interval, seed)
    if not np.isfinite([low, high]).all() or low == high:
        return independent_difference(*(estimate(metric, sample, interval, seed) for sample in (ours, theirs)))
    return Estimate(
        value=value, low=min(low, value), high=max(high, value), level=interval.level, method=method, n=rows_of(ours)
    )


def independent_difference(one: Measured, other: Measured) -> Measured:
    """Return the difference of two estimates from different rows, by the method of variance estimates recovery."""
    match one, other:
        case (Undefined() as lacking, _) | (_, Undefined() as lacking):
            return lacking
        case (Estimate() as a, Estimate() as b):
            return _recovered(a, b)
        case (Exact() | Estimate() as a, Exact() | Estimate() as b):
            raise TypeError(f"{a.kind} and {b.kind} have no common interval")


def gap_to_unseen(seen: Measured, unseen: Measured) -> Measured:
    """Return how much more a model's figure is on the rows that it was fitted on than on rows that it has not seen.

    What is estimated is the mean of that gap over all training tables of this size, each with a model of its own, so
    that a table that happened to be easy is no gap. Both figures vary from table to table, the one on training rows by
    more than those rows show: a model that remembers them leaves little spread among them. So it is taken to vary at
    least as much as the figure of as many unseen rows would, and the intervals are combined as if of different rows.
    In simulation the 95 % interval holds the mean gap in 93.5 % or more (`tests/simulations/overfit.py`: accuracy, area
    under the ROC curve, Brier score, absolute error and R2 of linear models of 2 to 30 columns and of nearest
    neighbours, 60 to 1,000 rows); without that rule it was 88 to 92 % for 30 columns on 60 rows.
    """
    if not (isinstance(seen, Estimate) and isinstance(unseen, Estimate)):
        return independent_difference(seen, unseen)
    scale = float(np.sqrt(unseen.n / seen.n))
    low = _farther(seen.value, seen.low, unseen.value, unseen.low, scale)
    high = _farther(seen.value, seen.high, unseen.value, unseen.high, scale)
    wider = seen.model_copy(
        update={
            "low": None if low is None else seen.value - low,
            "high": None if high is None else seen.value + high,
        }
    )
    found = _recovered(wider, unseen)
    return found.model_copy(update={"method": "mover_unseen"})


def oriented(measured: Measured, higher_is_better: bool | None) -> Measured:
    """Return a difference such that above zero is better."""
    if higher_is_better is not False or not isinstance(measured, Estimate):
        return measured
    low, high = (None if end is None else -end for end in (measured.high, measured.low))
    return measured.model_copy(update={"value": -measured.value, "low": low, "high": high})


def _recovered(one: Estimate, other: Estimate) -> Estimate:
    value, sign = np.array([one.value, other.value]), np.array([1.0, -1.0])
    low = np.array([-np.inf if e.low is None else e.low for e in (one, other)])
    high = np.array([np.inf if e.high is None else e.high for e in (one, other)])
    ends = intervals.mover(value, low, high, sign)
    least, most = (end if np.isfinite(end) else None for end in ends)
    n = min(one.n, other.n)
    return Estimate(value=one.value - other.value, low=least, high=most, level=one.level, method="mover", n=n)


def _farther(value: float, end: float | None, other: float, others: float | None, scale: float) -> float | None:
    """Return how far an end lies from its figure, or the other's from its, scaled; None where nothing bounds it."""
    known = [abs(value - end)] if end is not None else []
    if others is not None:
        known.append(abs(other - others) * scale)
    return max(known, default=None)


def _ends(
    form: Form, ours: Sample, theirs: Sample, value: float, interval: IntervalSpec, seed: int
) -> tuple[str, tuple[float, float]]:
    weight, sampling = weights_of(ours), is_inclusion_weighted(ours)
    if isinstance(form, Auc):
        slope = float(form.curve(np.array(1.0)) - form.curve(np.array(0.0)))
        pull = slope * (_influence(ours, weight, sampling) - _influence(theirs, weight, sampling))
        half = intervals.normal_quantile(interval.level) * float(np.sqrt(pull @ pull))
        return "delong_paired", (value - half, value + half)
    if isinstance(form, Mean) and form.curve is identity:
        mean, error, freedom = intervals.mean_and_error(form.losses(ours) - form.losses(theirs), weight, sampling)
        if freedom < 1:
            return "student_t_paired", (np.nan, np.nan)
        return "student_t_paired", intervals.student(mean, error, freedom, interval.level)
    counts = paired_counts(form, ours, theirs)
    if counts is not None:
        return "newcombe_paired", newcombe_paired(*counts, interval.level)
    rng = np.random.default_rng(seed)
    if isinstance(form, CellForm) and not sampling and ours.classes**3 <= _MOST_CELLS:
        draws = _cell_draws(form, ours, theirs, interval.resamples, rng)
    elif size_of(ours) * interval.resamples > _MOST_DRAWS and (ours.weight is None or sampling):
        return "blocks_t_paired", _over_blocks(form, ours, theirs, value, interval.level, rng)
    else:
        first, second = form.statistic(ours), form.statistic(theirs)
        weights = resampled(ours.weight, size_of(ours), sampling, interval.resamples, rng)
        draws = np.concatenate([first(w) - second(w) for w in weights])
    if np.isfinite(draws).mean() < 0.5:
        return "bootstrap_paired", (np.nan, np.nan)
    return "bootstrap_paired", intervals.percentile(draws, interval.level)


def _clustered_ends(
    form: Form, ours: Sample, theirs: Sample, value: float, interval: IntervalSpec, seed: int
) -> tuple[str, tuple[float, float]]:
    clusters = clusters_in(ours)
    fewer = independent_pairs(form, ours, theirs, interval.level) if clusters > 1 else None
    if fewer is None:
        return "cluster_bootstrap_paired", (np.nan, np.nan)
    cells = isinstance(form, CellForm) and ours.classes**3 <= _MOST_CELLS
    if cells or isinstance(form, Auc) or (isinstance(form, Mean) and form.curve is identity):
        method, ends = _ends(form, *fewer, value, interval, seed)
        return f"{method}{CLUSTERED}", ends
    rng = np.random.default_rng(seed)
    if size_of(ours) * interval.resamples > _MOST_DRAWS:
        return "cluster_jackknife_paired", _without_clusters(form, ours, theirs, value, interval.level, rng)
    first, second = form.statistic(replace(ours, cluster=None)), form.statistic(replace(theirs, cluster=None))
    draws = np.concatenate([first(w) - second(w) for w in resampled_clusters(ours, interval.resamples, rng)])
    if np.isfinite(draws).mean() < 0.5:
        return "cluster_bootstrap_paired", (np.nan, np.nan)
    return "cluster_bootstrap_paired", intervals.percentile(draws, intervals.expanded(interval.level, clusters))


def _without_clusters(
    form: Form, ours: Sample, theirs: Sample, value: float, level: float, rng: np.random.Generator
) -> tuple[float, float]:
    """Student's t interval from the difference without each part of the clusters, in thirty parts dealt at random."""
    kept = without_each(ours, _BLOCKS, rng)
    found = np.array([_of_part(form, subset(ours, rows)) - _of_part(form, subset(theirs, rows)) for rows in kept])
    if not np.isfinite(found).all():
        return np.nan, np.nan
    error = float(np.sqrt((len(found) - 1) * found.var()))
    return intervals.student(value, error, len(found) - 1, level)


_MOST_DRAWS = 20_000_000
"""Rows drawn for a bootstrap above which the spread of the difference over parts of the rows takes its place."""
_BLOCKS = 30
_MOST_CELLS = 1000
"""Joint cells of truth and two predictions up to which drawing cells is faster than drawing rows."""


def _over_blocks(
    form: Form, ours: Sample, theirs: Sample, value: float, level: float, rng: np.random.Generator
) -> tuple[float, float]:
    """Student's t interval from the difference in parts of equal size, dealt at random: batch means.

    With so many rows a part is large enough to vary as the whole does, but for the square root of their number.
    """
    parts = np.array_split(rng.permutation(size_of(ours)), _BLOCKS)
    found = [_of_part(form, subset(ours, rows)) - _of_part(form, subset(theirs, rows)) for rows in parts]
    known = np.array([difference for difference in found if np.isfinite(difference)])
    if len(known) < _BLOCKS / 2:
        return np.nan, np.nan
    return intervals.student(value, float(known.std(ddof=1) / np.sqrt(_BLOCKS)), len(known) - 1, level)


def _of_part(form: Form, part: Sample) -> float:
    return float(form.statistic(part)(weights_of(part)[None, :])[0])


def _influence(sample: Sample, weight: Array, sampling: bool) -> Array:
    sides = one_against_rest(sample)
    pulls: Any = [intervals.auc_influence(positive, score, weight, sampling)[1] for positive, score in sides]
    mean: Array = np.mean(pulls, axis=0)
    return mean


def _cell_draws(form: CellForm, ours: Sample, theirs: Sample, resamples: int, rng: np.random.Generator) -> Array:
    size = ours.classes
    joint = cell_of(ours) * size + cell_of(theirs) % size
    cells = np.bincount(joint, weights=ours.weight, minlength=size**3).astype(np.float64)
    draws = resampled_cells(cells, resamples, rng).reshape(-1, size, size, size)
    return form.of_cells(draws.sum(axis=3), ours) - form.of_cells(draws.sum(axis=2), theirs)
