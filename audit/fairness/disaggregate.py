"""Measures every metric in every group of one grouping, and the gaps between the groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, get_args

import numpy as np
from numpy.typing import NDArray

from audit.declarations.disparity import Disparity, Form
from audit.declarations.metric import Metric, Sample
from audit.estimation.clusters import ClusterCells, cells_by_cluster, covariance
from audit.estimation.estimate import estimate_by_group, form_of, replicates_by_group
from audit.estimation.forms import Tested
from audit.estimation.intervals import normal_quantile
from audit.estimation.seeds import child_seed
from audit.fairness.choice import interval_of
from audit.fairness.counts import Counts, Share, count_cells, counts_rows, read_share
from audit.fairness.gaps import (
    GAPS,
    Array,
    correlating,
    draw_estimates,
    draw_most,
    draw_shares,
    draw_slack,
    gap_interval,
)
from audit.fairness.groups import Grouping
from audit.records.measured import Estimate, Exact, Measured, Undefined
from audit.records.observation import Observation, Scope
from audit.records.sections import GroupFacts
from audit.records.spec import IntervalSpec

FORMS: tuple[Form, ...] = get_args(Form)


@dataclass(frozen=True)
class Rows:
    """The audited rows and how they are measured."""

    sample: Sample
    interval: IntervalSpec
    seed: int
    scope: Scope
    minimum: int
    """Rows under which a group is shown, not judged."""
    counted: dict[str, tuple[Sample, ClusterCells | None]] = field(default_factory=dict, compare=False, repr=False)
    """Key of a grouping to what was counted of its clusters, and the rows that it is of."""

    def cluster_cells(self, grouping: Grouping) -> ClusterCells | None:
        """Return the confusion cells by group and cluster, counted once for all metrics."""
        key = grouping.facts.key
        if key not in self.counted or self.counted[key][0] is not self.sample:
            self.counted[key] = self.sample, cells_by_cluster(self.sample, grouping.codes, len(grouping.groups))
        return self.counted[key][1]


@dataclass(frozen=True)
class Disaggregated:
    """One metric in every group of a grouping."""

    metric: Metric
    grouping: Grouping
    rows: Rows
    measured: tuple[Measured, ...]
    """(groups,) value of each group."""
    share: Share | None
    """Hits of trials, where the metric is a share of rows."""
    uncounted: ClassVar[str] = "Rows with sampling weights are not whole persons, as this test needs."
    """Why there are no whole numbers of rows, where there are none."""

    @property
    def independent(self) -> bool:
        """Whether each row is a whole person and tells of itself alone, as tests of counts need."""
        return self.share is not None and self.share.exact and self.rows.sample.cluster is None

    @property
    def untested(self) -> str:
        """Why counts cannot be tested, where they cannot."""
        if self.rows.sample.cluster is not None and self.share is not None and self.share.exact:
            return CLUSTERED_ROWS
        return self.uncounted

    @cached_property
    def values(self) -> NDArray[Any]:
        """(groups,) objects: exact where rows were counted; NaN where undefined."""
        if self.share is not None:
            return self.share.values()
        floats = [np.nan if isinstance(m, Undefined) else float(m.value) for m in self.measured]
        return np.array(floats, dtype=object)

    @cached_property
    def drawn(self) -> tuple[str, Array]:
        """Name of the method, and (resamples, groups) draws of the groups' values; NaN where undefined."""
        key = self.grouping.facts.key
        interval = interval_of(self.metric, self.rows.sample, self.rows.interval)
        if self.share is not None and self.independent:
            # Seeded by the counts, so that two names of one rate get one interval.
            seed = child_seed(self.rows.seed, f"fairness/{key}/{self.share.hits.tolist()}/{self.share.of.tolist()}")
            return "jeffreys_draws", draw_shares(self.share, interval.resamples, np.random.default_rng(seed))
        name = self.metric.name
        if self.rows.sample.cluster is not None and self.share is not None:
            name = f"clusters/{self.share.hits.tolist()}/{self.share.of.tolist()}"
        seed = child_seed(self.rows.seed, f"fairness/{key}/{name}")
        rng = np.random.default_rng(seed)
        estimates = [m for m in self.measured if isinstance(m, Estimate)]
        sample, groups = self.rows.sample, len(self.measured)
        if all(e.method not in ("bootstrap", "cluster_bootstrap") for e in estimates):
            # A closed interval says all that a draw needs, so that rows need not be drawn again.
            draws = np.full((interval.resamples, len(self.measured)), np.nan)
            inside = np.array([isinstance(m, Estimate) for m in self.measured], dtype=bool)
            root, method = None, "normal_draws"
            if sample.cluster is not None:
                # Groups that share clusters move together.
                cells = self.rows.cluster_cells(self.grouping)
                shared = covariance(form_of(self.metric, sample), sample, self.grouping.codes, groups, cells)
                root, method = correlating(shared[np.ix_(inside, inside)]), "linearised_draws_clustered"
            z = normal_quantile(interval.level)
            draws[:, inside] = draw_estimates(estimates, interval.resamples, rng, z, root)
            return method, np.clip(draws, *self.metric.bounds)
        method = "bootstrap" if sample.cluster is None else "cluster_bootstrap"
        return method, replicates_by_group(self.metric, sample, self.grouping.codes, groups, interval, seed)

    @property
    def compared(self) -> list[int]:
        """Positions of the judged groups that have a value."""
        return [int(g) for g in self.grouping.judged if not isinstance(self.measured[g], Undefined)]


CLUSTERED_ROWS = "Rows come in clusters and are not independent, as this test takes them to be."
"""Why a test of counts is not made of rows in clusters."""


@dataclass(frozen=True)
class Gap:
    """How far the groups are apart in one metric."""

    measured: Measured
    draws: Array
    """(resamples,) draws of the gap; empty where it is undefined."""
    slack: Array
    """(resamples,) draws of how far chance can move it; empty where it is undefined."""
    most: float = 1.0
    """The most that a ratio can truly be whose value is 0."""


def disaggregate(metric: Metric, grouping: Grouping, cells: Counts | None, rows: Rows) -> Disaggregated:
    """Measure one metric in every group."""
    seed = child_seed(rows.seed, f"fairness/{grouping.facts.key}")
    groups = len(grouping.groups)
    interval = interval_of(metric, rows.sample, rows.interval)
    clustered = rows.cluster_cells(grouping)
    measured = estimate_by_group(metric, rows.sample, grouping.codes, groups, interval, seed, clustered)
    share = None if cells is None else read_share(metric, rows.sample, cells)
    return Disaggregated(metric, grouping, rows, measured, share)


def observe_groups(result: Disaggregated) -> Iterator[Observation]:
    """Yield the value of each group."""
    metric = result.metric
    for group, measured in zip(result.grouping.groups, result.measured, strict=True):
        yield Observation(
            id=f"fairness/{metric.name}/{group.key}",
            label=f"{metric.label}: {group.label}",
            measured=measured,
            higher_is_better=metric.higher_is_better,
            scope=result.rows.scope,
        )


def observe_gaps(result: Disaggregated, gaps: dict[Form, Gap]) -> Iterator[Observation]:
    """Yield the difference and the ratio between the judged groups."""
    metric, key = result.metric, result.grouping.facts.key
    for form, gap in gaps.items():
        yield _gap_observation(
            f"fairness/{metric.name}/{key}/{form}", metric.label, result.grouping, form, gap.measured, result.rows
        )


def measure_gaps(result: Disaggregated) -> dict[Form, Gap]:
    """Return the gap of each form that suits the metric: a ratio only where no value can be negative."""
    if isinstance(form_of(result.metric, result.rows.sample), Tested):
        # How far p-values are apart says nothing of how far groups are.
        return {}
    least = result.metric.bounds[0]
    return {form: _gap(result, form) for form in FORMS if form == "difference" or (least is not None and least >= 0)}


def observe_disparity(
    disparity: Disparity, grouping: Grouping, gaps: dict[str, dict[Form, Gap]], rows: Rows
) -> Iterator[Observation]:
    """Yield a named disparity in each form from the gaps of its metrics."""
    yield from combine_gaps(disparity, grouping, [gaps[name] for name in disparity.metrics], rows)


def combine_gaps(
    disparity: Disparity, grouping: Grouping, gaps: Sequence[dict[Form, Gap]], rows: Rows
) -> Iterator[Observation]:
    """Yield a disparity in each of its forms from gaps, one for each part that it takes together."""
    for form in disparity.forms:
        parts = [part[form] for part in gaps if form in part]
        if len(parts) == len(gaps):
            measured = _combined(disparity, form, parts, rows)
            id = f"fairness/{disparity.name}/{grouping.facts.key}/{form}"
            yield _gap_observation(id, disparity.label, grouping, form, measured, rows)


def no_gap(result: Disaggregated, compared: Sequence[int], reference: int | None) -> str:
    """Return why there is no gap between the groups; "" where there is one."""
    judged = result.grouping.judged
    if len(judged) < 2:
        return f"Fewer than two known groups are large enough: it takes {result.rows.minimum} rows or more."
    if len(compared) < 2:
        return f"{result.metric.label} has a value in fewer than two of the judged groups."
    if reference is not None and reference not in compared:
        return f"The reference group {result.grouping.groups[reference].label} is too small or has no value."
    return ""


def estimated_gap(
    form: Form, point: float, draws: Array, slack: Array, method: str, n: int, rows: Rows, most: float
) -> Estimate:
    """Return a gap with its interval, from draws of it and of how far chance can move it."""
    low, high = gap_interval(form, point, draws, slack, rows.interval.level, most)
    return Estimate(value=point, low=low, high=high, level=rows.interval.level, method=method, n=n)


def observe_counts(grouping: Grouping, cells: Counts | None, rows: Rows) -> Iterator[Observation]:
    """Yield the rows of each group, its share of all, and in a binary audit its confusion matrix."""
    weighted = "" if counts_rows(rows.sample) else " (sum of weights)"
    for g, group in enumerate(grouping.groups):
        yield _exact("count", "Rows", group, group.n, group.n, rows)
        yield _exact("share", "Share of rows", group, group.share, group.n, rows)
        if cells is not None and rows.sample.target is not None:
            # How often the rarest label occurs bounds what any rate given the label can rest on.
            events = cells[g].sum(axis=-1).min().item()
            yield _exact("events", "Rows with the rarest true label" + weighted, group, events, group.n, rows)
        if cells is not None and rows.sample.positive is not None and rows.sample.target is not None:
            for name, (label, true, predicted) in _CELLS.items():
                value = cells[g, true, predicted].item()
                yield _exact(name, label + weighted, group, value, group.n, rows)


def group_cells(grouping: Grouping, sample: Sample) -> Counts | None:
    """Return the confusion matrix of each group; None where there are no classes to count."""
    if not sample.classes or (sample.target is None and sample.label is None):
        return None
    return count_cells(sample, grouping.codes, len(grouping.groups))


def listed(labels: Iterable[str]) -> str:
    """Join names into a phrase.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    names = list(labels)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


_CELLS = {
    "true_positives": ("True positives", 1, 1),
    "false_positives": ("False positives", 0, 1),
    "true_negatives": ("True negatives", 0, 0),
    "false_negatives": ("False negatives", 1, 0),
}


def _gap(result: Disaggregated, form: Form) -> Gap:
    compared, reference = result.compared, result.grouping.reference
    reason = no_gap(result, compared, reference)
    if reason:
        return _undefined(reason)
    beside = None if reference is None else compared.index(reference)
    point = float(GAPS[form](result.values[compared], beside))
    if np.isnan(point):
        return _undefined(f"{result.metric.label} is 0 in every compared group.")
    method, draws = result.drawn
    gaps, slack = GAPS[form](draws[:, compared], beside), draw_slack(form, draws[:, compared])
    n = sum(result.grouping.groups[g].n for g in compared)
    most = draw_most(draws[:, compared], beside, result.rows.interval.level) if form == "ratio" and not point else 1.0
    return Gap(estimated_gap(form, point, gaps, slack, method, n, result.rows, most), gaps, slack, most)


def _undefined(reason: str) -> Gap:
    return Gap(Undefined(reason=reason), np.empty(0), np.empty(0))


def _combined(disparity: Disparity, form: Form, parts: list[Gap], rows: Rows) -> Measured:
    measured = [gap.measured for gap in parts]
    for one in measured:
        if isinstance(one, Undefined):
            return one
    if len(parts) == 1:
        return measured[0]
    combine = disparity.difference if form == "difference" else disparity.ratio
    known = [m for m in measured if isinstance(m, Estimate)]
    point = float(combine(np.array([m.value for m in known])))
    draws = combine(np.stack([gap.draws for gap in parts], axis=-1))
    # No combination moves further than the part of it that chance moves most.
    slack = np.max([gap.slack for gap in parts], axis=0)
    method = known[0].method if len({m.method for m in known}) == 1 else "draws"
    # It is the least of the parts that is 0 where the combination is.
    most = min(gap.most for gap in parts)
    return estimated_gap(form, point, draws, slack, method, min(m.n for m in known), rows, most)


def _gap_observation(
    id: str, label: str, grouping: Grouping, form: Form, measured: Measured, rows: Rows
) -> Observation:
    return Observation(
        id=id,
        label=f"{label}: {form} between groups by {listed(grouping.facts.columns)}",
        measured=measured,
        higher_is_better=form == "ratio",
        scope=rows.scope,
    )


def _exact(name: str, label: str, group: GroupFacts, value: float, n: int, rows: Rows) -> Observation:
    return Observation(
        id=f"fairness/{name}/{group.key}",
        label=f"{label}: {group.label}",
        measured=Exact(value=value, n=n),
        scope=rows.scope,
    )
