"""Turns a metric and rows into a number with its interval, or into the reason why there is none.

Intervals, by the form of the metric; each module says more, and `tests/simulations` how often each holds the truth.

========================  =============================================================  ==========================
form                      interval                                                       method
========================  =============================================================  ==========================
share of rows             Wilson's, Student's quantile under 100 trials, exact under 4   wilson, wilson_t,
                                                                                         clopper_pearson
mean of shares            recovered variances of those                                   mover_wilson
function of the cells     percentiles of a Dirichlet posterior of the confusion matrix   dirichlet_draws,
                                                                                         dirichlet_mover
ratio of two shares       Katz's; the wider of it and of recovered ends with few rows    katz_mover
mean of ranks by class    the mean of both ends over classes                             that of the classes
mean over rows            Student's t and Hall's for skew; gamma with under 5 events     hall_t, event_gamma
area under the ROC curve  DeLong's; Newcombe's near 0 and 1 or with under 20 of a class  delong, newcombe
average over positives    linearised, Student's t on the logit; Wilson's if wider        linearised_logit_t
function of sums          jackknife, Student's t on the scale without bounds             jackknife_t
median                    Woodruff's, between two rows                                   woodruff
fitted coefficient        the model's or the robust error, the larger; Student's t       robust_t
sum of deviations         conservative, as noise can only raise the figure               bias_bounded, smirnov
anything else             expanded percentiles of a bootstrap over rows                  bootstrap
========================  =============================================================  ==========================

Under sampling weights a share has the effective number of rows (`_effective_n`) of Kish or of Korn and Graubard,
whichever is less. Rows that come in clusters have the interval of as many independent ones as tell as much
(`_clustered`; see `clusters`), and whole clusters are drawn where rows would be (`cluster_bootstrap`). Where the spec
asks for `proportion: clopper_pearson`, every share of rows has the exact interval.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from audit import guard
from audit.declarations.metric import Metric, Sample, UndefinedMeasureError
from audit.estimation import intervals
from audit.estimation.areas import area_ends
from audit.estimation.clusters import (
    ClusterCells,
    cells_by_cluster,
    clusters_in,
    effects_by_group,
    effects_on_cells,
    independent_rows,
    resampled_clusters,
)
from audit.estimation.forms import (
    Array,
    AtPositives,
    Auc,
    CellForm,
    Closed,
    Count,
    Deviation,
    Form,
    Mean,
    MeanRate,
    Median,
    Ranked,
    Rate,
    Share,
    Statistic,
    Sums,
    Tested,
    Wald,
    Weights,
    cell_of,
    effective_sides,
    is_inclusion_weighted,
    ratio,
    rows_of,
    size_of,
    supplied_interval,
    weights_of,
)
from audit.estimation.linearised import average_ends, jackknife_ends
from audit.estimation.means import mean_ends
from audit.estimation.proportions import effective, mean_share_ends, share_ends
from audit.estimation.quantiles import median_ends
from audit.estimation.resampling import resampled, resampled_cells
from audit.records.measured import Estimate, Exact, Measured, Undefined
from audit.records.spec import IntervalSpec, Task

Ends = tuple[float | None, float | None]
"""Both ends of an interval; None where nothing bounds it."""
_OPEN: Ends = (None, None)


def applies(metric: Metric, sample: Sample, task: Task) -> str:
    """Return why a metric cannot be measured on these predictions, as a sentence; "" where it can."""
    if task not in metric.tasks:
        return f"{metric.label} is not defined for the task {task}."
    return unmeasurable(metric, sample)


def unmeasurable(metric: Metric, sample: Sample) -> str:
    """Return what a sample lacks for a metric, as a sentence; "" where nothing is missing."""
    if metric.needs_target and sample.target is None:
        return f"{metric.label} needs true labels; the table has none."
    match metric.response:
        case "label" if sample.label is None:
            return f"{metric.label} needs predicted labels; the model gives scores only."
        case "score" | "probability" if sample.score is None:
            wanted = "probabilities" if metric.response == "probability" else "scores"
            return f"{metric.label} needs {wanted}; the model gives labels only."
        case "probability" if not sample.probability:
            return f"{metric.label} needs probabilities; the model gives scores on another scale."
        case "value" if sample.score is None:
            return f"{metric.label} needs predicted values; there are none."
        case "interval" if sample.low is None:
            return f"{metric.label} needs prediction intervals: name their columns in model.predictions.interval."
        case "interval":
            return _unfit_ends(metric, sample)
        case "score" | "probability" | "value":
            return _unfit_scores(metric, sample)
        case _:
            return ""


def estimate(metric: Metric, sample: Sample, interval: IntervalSpec, seed: int) -> Measured:
    """Measure one metric on all rows.

    Parameters
    ----------
    metric : what to measure
    sample : (n,) rows
    interval : level in (0.5, 1), and the number of bootstrap replicates where one is needed
    seed : of the bootstrap; equal seeds give equal intervals

    Returns
    -------
    An Estimate, or Undefined with the reason.
    """
    group = np.zeros(size_of(sample), dtype=np.int64)
    return estimate_by_group(metric, sample, group, 1, interval, seed)[0]


def estimate_by_group(
    metric: Metric,
    sample: Sample,
    group: NDArray[np.int64],
    groups: int,
    interval: IntervalSpec,
    seed: int,
    clustered: ClusterCells | None = None,
) -> tuple[Measured, ...]:
    """Measure one metric on the rows of each group on their own.

    Parameters
    ----------
    group : (n,) code 0..groups-1 of each row; -1 for a row in no group
    clustered : of the same rows and groups, where they were counted before
    """
    lacking = unmeasurable(metric, sample)
    if lacking:
        return (Undefined(reason=lacking),) * groups
    form = form_of(metric, sample)
    if isinstance(form, CellForm):
        if sample.cluster is None:
            return _of_cells(form, metric, sample, group, groups, interval, seed)
        clustered = clustered or cells_by_cluster(sample, group, groups)
        return _of_clustered_cells(form, metric, sample, group, groups, interval, seed, clustered)
    by_rows = _of_rows if sample.cluster is None else _of_clustered_rows
    return tuple(
        by_rows(form, metric, part, interval, np.random.default_rng((seed, code)))
        for code, part in _parts(sample, group, groups)
    )


def replicates_by_group(
    metric: Metric, sample: Sample, group: NDArray[np.int64], groups: int, interval: IntervalSpec, seed: int
) -> NDArray[np.float64]:
    """(resamples, groups) bootstrap replicates, rows drawn inside each group; NaN where undefined.

    Of clustered rows whole clusters are drawn, the same ones for all groups.

    Two calls with the same sample, grouping and seed draw the same rows, whatever the metric, as long as both metrics
    are functions of the confusion cells, or neither is.
    """
    out = np.full((interval.resamples, groups), np.nan)
    if unmeasurable(metric, sample):
        return out
    form = form_of(metric, sample)
    if sample.cluster is not None:
        return _cluster_replicates(form, sample, group, groups, interval.resamples, np.random.default_rng(seed))
    if isinstance(form, CellForm) and not is_inclusion_weighted(sample):
        cells = _grouped_cells(sample, group, groups, sample.weight)
        for code in range(groups):
            if cells[code].sum() > 0:
                rng = np.random.default_rng((seed, code))
                out[:, code] = _cell_replicates(form, cells[code], sample, interval.resamples, rng)
        return out
    for code, part in _parts(sample, group, groups):
        if weights_of(part).sum() > 0:
            out[:, code] = _row_replicates([form], part, interval.resamples, np.random.default_rng((seed, code)))[0]
    return out


def replicates_together(
    metrics: Sequence[Metric], sample: Sample, interval: IntervalSpec, seed: int
) -> NDArray[np.float64]:
    """(resamples, m) bootstrap replicates of several metrics, each row on one draw of rows; NaN if undefined.

    Every metric must be measurable on the sample (`unmeasurable`).
    """
    forms = [form_of(metric, sample) for metric in metrics]
    return _row_replicates(forms, sample, interval.resamples, np.random.default_rng(seed)).T


def form_of(metric: Metric, sample: Sample) -> Form:
    """Return the form that measures this sample: in multiclass the leading average, else the metric's own."""
    averaged = sample.positive is None and metric.averages
    compute = next(iter(metric.averages.values())) if averaged else metric.compute
    return compute if isinstance(compute, Form) else _Loop(metric)


def subset(sample: Sample, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Sample:
    """Return some rows of a sample."""
    return replace(
        sample,
        target=None if sample.target is None else sample.target[rows],
        label=None if sample.label is None else sample.label[rows],
        score=None if sample.score is None else sample.score[rows],
        weight=None if sample.weight is None else sample.weight[rows],
        low=None if sample.low is None else sample.low[rows],
        high=None if sample.high is None else sample.high[rows],
        cluster=None if sample.cluster is None else sample.cluster[rows],
    )


class _Loop(Form):
    """A metric that is a plain function, perhaps not ours: called once a replicate, with the counts as weights."""

    undefined = "it has no value on these rows"

    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def __call__(self, sample: Sample) -> float:
        found = guard.defined("the metric failed", _value_or_reason, self._metric, sample)
        match found:
            case Undefined(reason=reason):
                raise UndefinedMeasureError(reason.rstrip("."))
            case UndefinedMeasureError():
                raise found
            case _:
                return found

    def statistic(self, sample: Sample) -> Statistic:
        def one(weight: Array) -> float:
            try:
                return self(replace(sample, weight=weight))
            except UndefinedMeasureError:
                return np.nan

        return lambda weights: np.array([one(weight.astype(np.float64)) for weight in weights])


def _value_or_reason(metric: Metric, sample: Sample) -> float | UndefinedMeasureError:
    try:
        return float(metric.compute(sample))
    except UndefinedMeasureError as reason:
        return reason


def _unfit_scores(metric: Metric, sample: Sample) -> str:
    assert sample.score is not None
    bad = int(np.count_nonzero(~np.isfinite(sample.score)))
    if bad:
        return f"{metric.label} cannot be computed: {bad} of the predicted numbers are not finite."
    if metric.response == "probability" and sample.score.size and (sample.score.min() < 0 or sample.score.max() > 1):
        return f"{metric.label} needs probabilities; some scores lie outside 0 to 1."
    if metric.response == "value" and _largest(sample) > _MOST_TO_SQUARE:
        return f"{metric.label} cannot be computed: values beyond {_MOST_TO_SQUARE:.0e} have no square."
    return ""


def _unfit_ends(metric: Metric, sample: Sample) -> str:
    low, high, _ = supplied_interval(sample)
    bad = int(np.count_nonzero(~np.isfinite(low) | ~np.isfinite(high)))
    return f"{metric.label} cannot be computed: {bad} of the prediction intervals are not finite." if bad else ""


_MOST_TO_SQUARE = 1e150


def _largest(sample: Sample) -> float:
    held = (array for array in (sample.score, sample.target) if array is not None)
    return max((float(np.abs(array).max(initial=0.0)) for array in held), default=0.0)


def _parts(sample: Sample, group: NDArray[np.int64], groups: int) -> Iterator[tuple[int, Sample]]:
    if groups == 1 and not group.any():
        yield 0, sample
        return
    order = np.argsort(group, kind="stable")
    edges = np.searchsorted(group[order], np.arange(groups + 1))
    for code in range(groups):
        yield code, subset(sample, order[edges[code] : edges[code + 1]])


def _grouped_cells(sample: Sample, group: NDArray[np.int64], groups: int, weight: Array | None) -> Array:
    size = sample.classes
    inside = group >= 0
    index = (group * size * size + cell_of(sample))[inside]
    sums = np.bincount(index, weights=None if weight is None else weight[inside], minlength=groups * size * size)
    return sums.reshape(groups, size, size).astype(np.float64)


def _rows_in(sample: Sample, group: NDArray[np.int64], groups: int) -> NDArray[np.int64]:
    """(groups,) n of each group: rows under sampling weights, the sum of weights otherwise."""
    weight = (weights_of(sample) > 0).astype(float) if is_inclusion_weighted(sample) else sample.weight
    total: NDArray[np.int64] = np.rint(_grouped_cells(sample, group, groups, weight).sum(axis=(1, 2))).astype(np.int64)
    return total


def _of_cells(
    form: CellForm,
    metric: Metric,
    sample: Sample,
    group: NDArray[np.int64],
    groups: int,
    interval: IntervalSpec,
    seed: int,
) -> tuple[Measured, ...]:
    cells = _grouped_cells(sample, group, groups, sample.weight)
    values = form.of_cells(cells, sample)
    n = _rows_in(sample, group, groups)
    found = _cell_ends(form, cells, values, sample, group, groups, n, interval, seed)
    return tuple(
        _measured(form, float(values[code]), found[code][1], metric, interval.level, found[code][0], int(n[code]))
        for code in range(groups)
    )


def _of_clustered_cells(
    form: CellForm,
    metric: Metric,
    sample: Sample,
    group: NDArray[np.int64],
    groups: int,
    interval: IntervalSpec,
    seed: int,
    clustered: ClusterCells | None,
) -> tuple[Measured, ...]:
    """As `_of_cells`, with the interval of as many independent rows as tell as much as each group's clusters."""
    cells = _grouped_cells(sample, group, groups, sample.weight)
    values = form.of_cells(cells, sample)
    n = _rows_in(sample, group, groups)
    if clustered is None:
        effect = effects_by_group((), sample, group, groups, interval.level)
    else:
        effect = effects_on_cells(form, clustered, interval.level)
    alone = ~np.isfinite(effect)
    fewer = cells / np.where(alone, 1.0, effect)[:, None, None]
    rows = np.rint(fewer.sum(axis=(1, 2))).astype(np.int64)
    bare = replace(sample, weight=None, cluster=None)
    found = _cell_ends(form, fewer, values, bare, group, groups, rows, interval, seed)
    return tuple(
        _measured(
            form,
            float(values[code]),
            _OPEN if alone[code] else found[code][1],
            metric,
            interval.level,
            f"{found[code][0]}{CLUSTERED}",
            int(n[code]),
        )
        for code in range(groups)
    )


CLUSTERED = "_clustered"
"""What the name of a method ends in whose rows are as many independent ones as tell as much as the clusters."""


def _cell_ends(
    form: CellForm,
    cells: Array,
    values: Array,
    sample: Sample,
    group: NDArray[np.int64],
    groups: int,
    n: NDArray[np.int64],
    interval: IntervalSpec,
    seed: int,
) -> list[tuple[str, Ends]]:
    if isinstance(form, Count) and form.ends is not None:
        return _count_ends(form, form.ends, cells, values, sample, group, groups, interval.level)
    if isinstance(form, Rate | MeanRate):
        return _wilson(form, cells, sample, group, groups, interval)
    return _posterior(form, cells, sample, group, groups, n, interval, seed)


def _count_ends(
    form: Count,
    ends: Callable[[Array, float], tuple[float, float | None]],
    cells: Array,
    values: Array,
    sample: Sample,
    group: NDArray[np.int64],
    groups: int,
    level: float,
) -> list[tuple[str, Ends]]:
    method = form.method
    if is_inclusion_weighted(sample):
        squares = _grouped_cells(sample, group, groups, weights_of(sample) ** 2)
        # Kish: as many equally weighted rows as have the same variance.
        scale = ratio(cells.sum(axis=(1, 2)), squares.sum(axis=(1, 2)))
        cells, method = cells * np.nan_to_num(scale)[:, None, None], f"{method}_effective_n"
    return [(method, ends(own, level) if np.isfinite(v) else _OPEN) for own, v in zip(cells, values, strict=True)]


def _wilson(
    form: Rate | MeanRate, cells: Array, sample: Sample, group: NDArray[np.int64], groups: int, interval: IntervalSpec
) -> list[tuple[str, Ends]]:
    level = interval.level
    hits, trials = form.parts(cells, sample)
    suffix = ""
    if is_inclusion_weighted(sample):
        squares = _grouped_cells(sample, group, groups, weights_of(sample) ** 2)
        hits, trials = effective(hits, trials, *form.parts(squares, sample))
        suffix = "_effective_n"
    present = trials > 0
    safe = np.where(present, trials, 1.0)
    names, low, high = share_ends(hits, safe, level, exact=interval.proportion == "clopper_pearson")
    if isinstance(form, Rate):
        each = zip(names.tolist(), form.curve(low).tolist(), form.curve(high).tolist(), strict=True)
        return [(f"{name}{suffix}", (least, most)) for name, least, most in each]
    values = np.where(present, hits / safe, np.nan)
    both = form.curve(np.array(mean_share_ends(values, safe, level)))
    return [(f"mover_wilson{suffix}", (low, high)) for low, high in both.tolist()]


def _posterior(
    form: CellForm,
    cells: Array,
    sample: Sample,
    group: NDArray[np.int64],
    groups: int,
    n: NDArray[np.int64],
    interval: IntervalSpec,
    seed: int,
) -> list[tuple[str, Ends]]:
    """Draw each group's confusion matrix anew from what its counts leave open.

    The posterior under a Dirichlet law worth two rows, spread evenly over the cells (Jeffreys' where there are two
    classes): unlike a bootstrap it does not take a cell without rows for impossible, and so needs no error to be seen.
    A plain mean over classes is no more certain than its classes, each with the interval of a share.
    """
    suffix = ""
    if is_inclusion_weighted(sample):
        squares = _grouped_cells(sample, group, groups, weights_of(sample) ** 2)
        cells, suffix = _effective_cells(form, cells, squares, sample), "_effective_n"
    found: list[tuple[str, Ends]] = []
    for code in range(groups):
        ends: Ends = (None, None)
        if n[code]:
            rng = np.random.default_rng((seed, code))
            law = cells[code] + 2 / cells[code].size
            drawn = rng.standard_gamma(law, size=(interval.resamples, *law.shape))
            values = form.of_cells(drawn * (cells[code].sum() / drawn.sum(axis=(1, 2)))[:, None, None], sample)
            ends = _percentile(values, interval.level, _freedom(form, cells[code], int(n[code])))
        found.append((f"dirichlet_draws{suffix}", ends))
    if isinstance(form, Count) and form.each is not None:
        values, rows = form.each(cells, sample)
        classes = mean_share_ends(values, rows, interval.level)
        found = [(f"dirichlet_mover{suffix}", _wider(e, c)) for (_, e), c in zip(found, classes, strict=True)]
    return found


def _freedom(form: CellForm, cells: Array, n: int) -> int:
    """Rows that widen percentiles: those of the rarest true class behind a mean over classes, but ten at the least."""
    rows = cells.sum(axis=1)
    rarest = int(rows[rows > 0].min(initial=n))
    return min(n, max(rarest, _LEAST_OF_A_CLASS)) if isinstance(form, Count) and form.by_class else n


_LEAST_OF_A_CLASS = 10


def _wider(one: Ends, other: Ends) -> Ends:
    lows, highs = ([end for end in pair if end is not None] for pair in zip(one, other, strict=True))
    return min(lows, default=None), max(highs, default=None)


def _effective_cells(form: CellForm, cells: Array, squares: Array, sample: Sample) -> Array:
    """Cells of as many equally weighted rows as give the same variance: Kish's, or the linearised number if less."""
    total = cells.sum(axis=(1, 2))
    kish = ratio(total**2, squares.sum(axis=(1, 2)))
    pulls = form.slopes(cells, sample)
    mean = ratio((cells * pulls).sum(axis=(1, 2)), total)[:, None, None]
    plain, drawn = ((part * (pulls - mean) ** 2).sum(axis=(1, 2)) for part in (cells, squares))
    return cells * ratio(np.fmin(kish, ratio(plain * total, drawn)), total)[:, None, None]


def _of_clustered_rows(
    form: Form, metric: Metric, sample: Sample, interval: IntervalSpec, rng: np.random.Generator
) -> Measured:
    """As `_of_rows`, with the interval of as many independent rows as tell as much as the clusters."""
    if isinstance(form, Tested):
        return Undefined(reason=_sentence(metric, "the test takes rows as independent, and they come in clusters"))
    if _is_redrawn(form):
        return _of_drawn_clusters(form, metric, sample, interval, rng)
    try:
        value = form(sample)
    except UndefinedMeasureError as reason:
        return Undefined(reason=_sentence(metric, str(reason)))
    fewer = independent_rows(form, sample, interval.level)
    if fewer is not None and form.corrected:
        value = form(fewer)
    method, ends = _row_ends(form, metric, fewer or replace(sample, cluster=None), value, interval, rng)
    ends = _OPEN if fewer is None else ends
    return _measured(form, value, ends, metric, interval.level, f"{method}{CLUSTERED}", rows_of(sample))


def _is_redrawn(form: Form) -> bool:
    """Whether a form has no interval but that of a bootstrap."""
    closed = Closed | Mean | Auc | AtPositives | Median | Sums | Deviation | Wald
    return not isinstance(form, closed) and not (isinstance(form, Ranked) and form.ends is not None)


def _of_drawn_clusters(
    form: Form, metric: Metric, sample: Sample, interval: IntervalSpec, rng: np.random.Generator
) -> Measured:
    try:
        value = form(sample)
    except UndefinedMeasureError as reason:
        return Undefined(reason=_sentence(metric, str(reason)))
    clusters, ends = clusters_in(sample), _OPEN
    if clusters > 1:
        statistic = form.statistic(sample)
        draws = np.concatenate([statistic(w) for w in resampled_clusters(sample, interval.resamples, rng)])
        ends = _percentile(draws, interval.level, clusters)
    return _measured(form, value, ends, metric, interval.level, "cluster_bootstrap", rows_of(sample))


def _cluster_replicates(
    form: Form, sample: Sample, group: NDArray[np.int64], groups: int, resamples: int, rng: np.random.Generator
) -> Array:
    out = np.full((resamples, groups), np.nan)
    parts = [(code, np.flatnonzero(group == code)) for code in range(groups)]
    statistics = [(code, rows, form.statistic(subset(sample, rows))) for code, rows in parts if len(rows)]
    start = 0
    for weights in resampled_clusters(sample, resamples, rng):
        for code, rows, statistic in statistics:
            out[start : start + len(weights), code] = statistic(weights[:, rows])
        start += len(weights)
    return out


def _of_rows(form: Form, metric: Metric, sample: Sample, interval: IntervalSpec, rng: np.random.Generator) -> Measured:
    try:
        value = form(sample)
    except UndefinedMeasureError as reason:
        return Undefined(reason=_sentence(metric, str(reason)))
    if isinstance(form, Tested):
        return Exact(value=value, n=rows_of(sample))
    method, ends = _row_ends(form, metric, sample, value, interval, rng)
    return _measured(form, value, ends, metric, interval.level, method, rows_of(sample))


def _row_ends(
    form: Form, metric: Metric, sample: Sample, value: float, interval: IntervalSpec, rng: np.random.Generator
) -> tuple[str, Ends]:
    match form:
        case Closed():
            return form.ends_of(sample, interval.level)
        case Share():
            return _share_ends(value, sample, interval)
        case Mean():
            return mean_ends(form, sample, interval.level)
        case Auc():
            return area_ends(form, sample, interval.level)
        case AtPositives():
            return average_ends(form, sample, interval.level)
        case Median():
            return "woodruff", median_ends(form, sample, interval.level)
        case Sums():
            return "jackknife_t", jackknife_ends(form, sample, metric.bounds, interval.level)
        case Deviation():
            return "bias_bounded", _deviation_ends(form, sample, value, interval.level)
        case Ranked(ends=closed) if closed is not None:
            return form.method, closed(value, *effective_sides(sample), interval.level)
        case Wald():
            ends = intervals.student(*form.fit(sample), max(rows_of(sample) - 2, 1), interval.level)
            return "robust_t", ends
        case _:
            draws = _row_replicates([form], sample, interval.resamples, rng)[0]
            return "bootstrap", _percentile(draws, interval.level, rows_of(sample))


def _share_ends(share: float, sample: Sample, interval: IntervalSpec) -> tuple[str, Ends]:
    weight, sampling = weights_of(sample), is_inclusion_weighted(sample)
    n = weight.sum() ** 2 / (weight @ weight) if sampling else weight.sum()
    exact = interval.proportion == "clopper_pearson"
    method, low, high = share_ends(np.array(share * n), np.array(n), interval.level, exact=exact)
    return f"{method}_effective_n" if sampling else str(method), (float(low), float(high))


def _deviation_ends(form: Deviation, sample: Sample, value: float, level: float) -> Ends:
    weight = weights_of(sample)
    home, values = form.bins(sample)
    scale = weight**2 if is_inclusion_weighted(sample) else weight
    error = np.sqrt(np.bincount(home, weights=scale * values**2)) / weight.sum()
    return intervals.bias_bounded(value, error, level)


def _percentile(replicates: Array, level: float, n: int) -> Ends:
    # Where most replicates have no value the rest says little about the spread.
    if np.isfinite(replicates).mean() < 0.5:
        return None, None
    return intervals.percentile(replicates, intervals.expanded(level, n))


def _measured(form: Form, value: float, ends: Ends, metric: Metric, level: float, method: str, n: int) -> Measured:
    if n == 0:
        return Undefined(reason=_sentence(metric, "there are no rows"))
    if not np.isfinite(value):
        return Undefined(reason=_sentence(metric, form.undefined))
    low, high = _within(ends, value, metric.bounds)
    return Estimate(value=value, low=low, high=high, level=level, method=method, n=n)


def _within(ends: Ends, value: float, bounds: Ends) -> Ends:
    """Cut an interval at the metric's bounds and let it hold its own point, which percentiles need not."""
    low = bounds[0] if ends[0] is None or not np.isfinite(ends[0]) else min(ends[0], value)
    high = bounds[1] if ends[1] is None or not np.isfinite(ends[1]) else max(ends[1], value)
    if low is not None and bounds[0] is not None:
        low = max(low, bounds[0])
    if high is not None and bounds[1] is not None:
        high = min(high, bounds[1])
    return low, high


def _sentence(metric: Metric, reason: str) -> str:
    return f"{metric.label} is undefined: {reason}."


def _cell_replicates(form: CellForm, cells: Array, sample: Sample, resamples: int, rng: np.random.Generator) -> Array:
    draws = resampled_cells(cells.ravel(), resamples, rng)
    return form.of_cells(draws.reshape(-1, *cells.shape), sample)


def _row_replicates(
    forms: Sequence[Form], sample: Sample, resamples: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """(m, resamples) values of each form, all on the same draws of rows."""
    # Rows already in the order of their scores need no sorting in each replicate.
    if sample.score is not None and sample.score.ndim == 1:
        sample = subset(sample, np.argsort(-sample.score, kind="stable"))
    statistics = [form.statistic(sample) for form in forms]
    if sample.cluster is not None:
        draws: Iterator[Weights] = resampled_clusters(sample, resamples, rng)
    else:
        draws = resampled(sample.weight, size_of(sample), is_inclusion_weighted(sample), resamples, rng)
    values = [[statistic(weights) for statistic in statistics] for weights in draws]
    return np.concatenate(values, axis=1)
