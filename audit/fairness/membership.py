"""Measures metrics in groups that rows belong to by probability: every row counts in every group, weighted.

A rate of group g is sum(w p_g hit) / sum(w p_g trial), a ratio of two weighted sums. Its interval is that of a ratio
under inclusion weights (Taylor linearisation, or Wilson on Kish's effective number). The groups share their rows, so
their values are not independent: gaps are drawn with the correlation that the linearised values have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.declarations.metric import Metric, Sample
from audit.estimation.clusters import by_cluster
from audit.estimation.estimate import estimate, form_of, replicates_by_group
from audit.estimation.forms import (
    Auc,
    Closed,
    Deviation,
    Form,
    Mean,
    MeanRate,
    Ranked,
    Rate,
    Tested,
    Wald,
    cell_of,
    one_against_rest,
    size_of,
    weights_of,
)
from audit.estimation.intervals import auc_influence, normal_quantile
from audit.estimation.seeds import child_seed
from audit.fairness.choice import interval_of
from audit.fairness.counts import Counts, counts_rows, read_share
from audit.fairness.disaggregate import Disaggregated, Rows, listed
from audit.fairness.gaps import correlating, draw_estimates
from audit.fairness.groups import UNKNOWN, Grouping, natural, role_of
from audit.records.measured import Estimate, Measured, Undefined
from audit.records.observation import group_key, grouping_key
from audit.records.sections import GroupFacts, GroupingFacts
from audit.records.spec import SensitiveSpec

MOST_REDRAWN = 100_000
"""Rows times groups up to which rows are redrawn for an interval; beyond, metrics that need it are left out."""
_MOST_PERSONS = 5_000_000

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Membership(Grouping):
    """Groups that rows belong to by probability."""

    mass: Array
    """(n, groups) weight of each row in each group: its own weight times the probability."""

    columns_by_probability: int = 1
    """Features of an intersection that are known by probability."""


def make_membership(
    columns: tuple[str, ...],
    sensitive: pd.DataFrame,
    known: Mapping[str, pd.DataFrame],
    rows: Rows,
    spec: SensitiveSpec,
) -> tuple[Membership, Rows]:
    """Return the groups of one feature or of an intersection, and the rows as they are weighted in them.

    Parameters
    ----------
    columns : tuple of str
        What the spec calls the features, one of them at least known by probability.
    sensitive : DataFrame (n, s)
        Features known for certain, as text.
    known : mapping
        Feature to (n, groups) probabilities, whose rows sum to 1. Features of an intersection are independent given
        these, as far as that can be known: the probability of both is the product.
    rows : Rows
        The audited rows.
    spec : SensitiveSpec
        Roles, the named reference and the smallest group.

    Returns
    -------
    membership : Membership
    rows : Rows
        One for each person where weights count them; their weights are taken as inverse inclusion probabilities.
    """
    values, probabilities = _joint(columns, sensitive, known)
    shares, sample = _persons(probabilities, rows.sample)
    weight = weights_of(sample)
    mass = shares * weight[:, None]
    held = shares[weight > 0].sum(axis=0)
    whole = mass.sum()
    groups = tuple(
        GroupFacts(
            key=group_key(columns, group),
            label=", ".join(group),
            n=round(float(n)),
            share=min(float(m / whole), 1.0) if whole else 0.0,
            small=bool(n < spec.minimum_group),
            unknown=UNKNOWN in group,
        )
        for group, n, m in zip(values, held, mass.sum(axis=0), strict=True)
    )
    named = all(name in spec.reference for name in columns)
    facts = GroupingFacts(
        key=grouping_key(columns),
        columns=columns,
        role=role_of(columns, spec),
        groups=groups,
        reference=group_key(columns, tuple(str(spec.reference[name]) for name in columns)) if named else None,
        probabilistic=True,
    )
    nowhere = np.full(len(weight), -1, dtype=np.int64)
    guessed = sum(name in known for name in columns)
    return Membership(facts, nowhere, mass, guessed), replace(rows, sample=sample)


def metrics_by_membership(
    metrics: Iterable[Metric], membership: Membership, sample: Sample
) -> tuple[tuple[Metric, ...], tuple[str, ...]]:
    """Return the metrics that can be weighted, and a sentence on those that are left out."""
    few = membership.mass.size <= MOST_REDRAWN
    every = tuple(metrics)
    kept = tuple(m for m in every if _is_weighted(form_of(m, sample), few))
    left = [m.label for m in every if m not in kept]
    if not left:
        return kept, ()
    why = "they take whole rows, or rows would have to be redrawn for every group"
    return kept, (f"Not measured by {listed(membership.facts.columns)}, known by probability: {listed(left)}; {why}.",)


def member_cells(membership: Membership, sample: Sample) -> Counts | None:
    """Return (groups, K, K) weighted confusion matrices; None where there are no classes to count."""
    if not sample.classes or (sample.target is None and sample.label is None):
        return None
    size, cell = sample.classes, cell_of(sample)
    sums = [np.bincount(cell, weights=column, minlength=size * size) for column in membership.mass.T]
    return np.stack(sums).reshape(-1, size, size)


def disaggregate_members(metric: Metric, membership: Membership, cells: Counts | None, rows: Rows) -> Disaggregated:
    """Measure one metric in every group, each row weighted by its probability."""
    seed = child_seed(rows.seed, f"fairness/{membership.facts.key}")
    interval = interval_of(metric, rows.sample, rows.interval)
    measured = tuple(
        _with_n(estimate(metric, weighted, interval, seed), group.n)
        for group, weighted in zip(membership.groups, _samples(membership, rows.sample), strict=True)
    )
    share = None if cells is None else read_share(metric, rows.sample, cells)
    return _Weighted(metric, membership, rows, measured, share)


def said_of(membership: Membership) -> str:
    """Say how rates by these groups are to be read."""
    name = listed(membership.facts.columns)
    joint = " The features are taken as independent given their probabilities." if _is_product(membership) else ""
    return (
        f"Membership by {name} is a probability: every row counts in every group by it, n is a sum of probabilities, "
        "and rates are weighted. Where decisions go with the group beyond what the probabilities tell, such rates are "
        "biased by what remains between the two, and gaps come out too narrow or too wide (Chen et al. 2019, "
        "doi:10.1145/3287560.3287594)."
        f"{joint} {UNCOUNTED}"
    )


UNCOUNTED = (
    "Tests, comparisons within strata, inequality and power count whole persons, and are not measured of groups that "
    "are known by probability."
)


def _is_product(membership: Membership) -> bool:
    return membership.columns_by_probability > 1


class _Weighted(Disaggregated):
    """One metric in every group of a membership."""

    uncounted = "Who belongs to a group by probability is not a whole person, as this test needs."

    @cached_property
    def drawn(self) -> tuple[str, Array]:
        """Name of the method, and (resamples, groups) draws of the groups' values, as correlated as these are."""
        assert isinstance(self.grouping, Membership)
        interval = interval_of(self.metric, self.rows.sample, self.rows.interval)
        seed = child_seed(self.rows.seed, f"fairness/{self.grouping.facts.key}/{self.metric.name}")
        known = [g for g, m in enumerate(self.measured) if isinstance(m, Estimate)]
        estimates = [m for m in self.measured if isinstance(m, Estimate)]
        samples = _samples(self.grouping, self.rows.sample)
        cluster = self.rows.sample.cluster
        if any(e.method.startswith(("bootstrap", "cluster_bootstrap")) for e in estimates):
            # Equal seeds draw equal rows, so that the groups move together.
            one = np.zeros(size_of(self.rows.sample), dtype=np.int64)
            drawn = [replicates_by_group(self.metric, sample, one, 1, interval, seed) for sample in samples]
            return "bootstrap" if cluster is None else "cluster_bootstrap", np.concatenate(drawn, axis=1)
        draws = np.full((interval.resamples, len(self.measured)), np.nan)
        if known:
            pulls = [_influence(form_of(self.metric, s), s) for g, s in enumerate(samples) if g in known]
            if cluster is not None:
                pulls = [None if pull is None else by_cluster(pull, cluster) for pull in pulls]
            root = _root(pulls)
            rng, z = np.random.default_rng(seed), normal_quantile(interval.level)
            draws[:, known] = draw_estimates(estimates, interval.resamples, rng, z, root)
        method = "linearised_draws" if cluster is None else "linearised_draws_clustered"
        return method, np.clip(draws, *self.metric.bounds)


def _joint(
    columns: tuple[str, ...], sensitive: pd.DataFrame, known: Mapping[str, pd.DataFrame]
) -> tuple[tuple[tuple[str, ...], ...], Array]:
    """Groups that anybody can be in, and (n, groups) probabilities of them."""
    values: list[tuple[str, ...]] = [()]
    shares = np.ones((len(sensitive), 1))
    for column in columns:
        if column in known:
            names, part = [str(name) for name in known[column].columns], known[column].to_numpy(np.float64)
        else:
            names = sorted(map(str, sensitive[column].unique()), key=lambda v: (v == UNKNOWN, natural(v), v))
            part = np.column_stack([(sensitive[column] == name).to_numpy(np.float64) for name in names])
        values = [(*value, name) for value in values for name in names]
        shares = (shares[:, :, None] * part[:, None, :]).reshape(len(shares), -1)
    anybody = np.asarray(shares.sum(axis=0) > 0) | (len(columns) == 1)
    return tuple(value for value, some in zip(values, anybody, strict=True) if some), shares[:, anybody]


def _persons(shares: Array, sample: Sample) -> tuple[Array, Sample]:
    """Return one row a person where weights count persons, and weights that are those of rows drawn."""
    weight = sample.weight
    whole = weight is not None and counts_rows(sample) and bool((weight == np.rint(weight)).all())
    if weight is None or not whole or weight.sum() > _MOST_PERSONS:
        return shares, replace(sample, weight=weights_of(sample), weight_kind="sampling")
    rows = np.repeat(np.arange(len(weight)), weight.astype(np.int64))
    repeated = replace(
        sample,
        target=None if sample.target is None else sample.target[rows],
        label=None if sample.label is None else sample.label[rows],
        score=None if sample.score is None else sample.score[rows],
        weight=np.ones(len(rows)),
        weight_kind="sampling",
        cluster=None if sample.cluster is None else sample.cluster[rows],
    )
    return shares[rows], repeated


def _samples(membership: Membership, sample: Sample) -> list[Sample]:
    return [replace(sample, weight=np.ascontiguousarray(column)) for column in membership.mass.T]


def _with_n(measured: Measured, n: int) -> Measured:
    return measured if isinstance(measured, Undefined) else measured.model_copy(update={"n": n})


def _is_weighted(form: Form, few: bool) -> bool:
    if isinstance(form, Tested):
        return False
    closed = isinstance(form, Rate | MeanRate | Mean | Auc | Deviation | Wald | Closed)
    return few or closed or (isinstance(form, Ranked) and form.ends is not None)


def _influence(form: Form, sample: Sample) -> Array | None:
    """(n,) what each row adds to the value, up to a factor; None where that is not known."""
    weight = weights_of(sample)
    match form:
        case Rate():
            return _of_rates(*_parts(form, sample), weight)
        case MeanRate():
            hits, trials = _parts(form, sample)
            each = [_of_rates(h, t, weight) for h, t in zip(hits.T, trials.T, strict=True)]
            return np.asarray(np.sum([part for part in each if part is not None], axis=0), dtype=np.float64)
        case Mean():
            losses = form.losses(sample)
            return _of_rates(losses, np.ones_like(losses), weight)
        case Auc():
            sides = one_against_rest(sample)
            return np.asarray(np.mean([auc_influence(p, s, weight, True)[1] for p, s in sides], axis=0))
        case _:
            return None


def _parts(form: Rate | MeanRate, sample: Sample) -> tuple[Array, Array]:
    """Hits and trials of each row: (n,) each, or (n, K) one column a class."""
    size = sample.classes
    hits, trials = form.parts(np.eye(size * size).reshape(-1, size, size), sample)
    cell = cell_of(sample)
    return hits[cell], trials[cell]


def _of_rates(hits: Array, trials: Array, weight: Array) -> Array | None:
    whole = float(weight @ trials)
    return weight * (hits - float(weight @ hits) / whole * trials) / whole if whole > 0 else None


def _root(pulls: list[Array | None]) -> Array:
    """(k, k) matrix that turns independent draws into ones as correlated as the groups' values."""
    k = len(pulls)
    known = [p for p in pulls if p is not None and np.isfinite(p).all()]
    if len(known) < k:
        return np.eye(k)
    stacked = np.stack(known)
    return correlating(stacked @ stacked.T)
