"""Turns scores and what decisions cost into expected costs, net benefits and what each threshold would do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from audit.declarations.metric import Metric, Sample
from audit.estimation.difference import independent_difference, paired_difference
from audit.estimation.forms import Array, Mean, cell_of, is_positive, rows_of, scores, weights_of
from audit.estimation.shares import weighted_shares
from audit.performance.cells import all_alike, cells_of, decided_at, effective_rows, method_of, some_rows, worth_of
from audit.performance.decision_curves import decision_curves
from audit.performance.gauge import Gauge
from audit.performance.peers import Peer
from audit.records.measured import Estimate, Exact, Measured, Undefined
from audit.records.observation import Observation, Scope
from audit.records.sections import Curve, MeasureFacts
from audit.records.spec import CostsSpec
from audit.subject.evidence import Evaluation, Evidence

EXPECTED_COST = MeasureFacts(
    name="expected_cost",
    label="Expected cost",
    higher_is_better=False,
    description="Mean cost of a decision, in the unit of the costs that the spec names; below zero it is a benefit.",
    formula="(c_TP TP + c_FP FP + c_FN FN + c_TN TN) / n",
    source="Elkan (2001), The foundations of cost-sensitive learning, IJCAI 17",
)
NET_BENEFIT = MeasureFacts(
    name="net_benefit",
    label="Net benefit",
    higher_is_better=True,
    bounds=(None, 1.0),
    description=(
        "True positives per row, less false positives weighed by the odds of the threshold: what deciding by the score "
        "is worth to those who hold that threshold for right. Predicting nobody positive is worth 0."
    ),
    formula="TP / n - FP / n x t / (1 - t)",
    source="Vickers and Elkin (2006), doi:10.1177/0272989X06295361",
)


@dataclass(frozen=True)
class Decisions:
    """What is told of decisions."""

    observations: tuple[Observation, ...] = ()
    measures: tuple[MeasureFacts, ...] = ()
    curves: dict[str, dict[str, Curve]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def decisions(evidence: Evidence, peers: Iterable[Peer], costs: CostsSpec | None, gauge: Gauge) -> Decisions:
    """Measure what deciding by the score costs and is worth, at the audit's threshold and at others.

    Parameters
    ----------
    evidence : predictions of every table; only a binary audit with labels has decisions to weigh
    peers : the dummy, the baseline and the challenger
    costs : what the spec says of costs
    gauge : level, replicates and seed

    Returns
    -------
    Observations, measures, curves, and notes on what was not measured and why.
    """
    rows = evidence.headline
    sample = rows.sample
    if sample.positive is None or not sample.classes or sample.target is None or not weights_of(sample).sum() > 0:
        lacking = "Costs were not measured: they need two classes and true labels."
        return Decisions(notes=(lacking,) if costs else ())
    sides = is_positive(sample)[weights_of(sample) > 0]
    peers = tuple(peers)
    observations: list[Observation] = []
    measures: list[MeasureFacts] = []
    if costs is not None:
        observations += _costs(evidence, peers, costs, gauge)
        measures.append(EXPECTED_COST)
    if sample.score is None or not np.isfinite(sample.score).all() or sides.all() or not sides.any():
        return Decisions(tuple(observations), tuple(measures))
    if sample.probability:
        observations += _net_benefits(rows, peers, gauge)
        measures.append(NET_BENEFIT)
    unfit = "Net benefit was not measured: the scores are no probabilities, so a threshold has no odds."
    curves = decision_curves(sample, peers, costs, gauge.interval.level)
    return Decisions(tuple(observations), tuple(measures), curves, () if sample.probability else (unfit,))


# --- costs --------------------------------------------------------------------------------------


def _costs(evidence: Evidence, peers: tuple[Peer, ...], costs: CostsSpec, gauge: Gauge) -> Iterator[Observation]:
    rows = evidence.headline
    sample, level, metric = rows.sample, gauge.interval.level, _cost_metric(costs)
    name = evidence.subject.classes[sample.positive or 0]
    yield _told("expected_cost", "Expected cost of a decision", _cost(sample, costs, level), rows.scope)
    for everybody, what in ((True, "all_positive"), (False, "all_negative")):
        label = f"Expected cost if {'every row' if everybody else 'no row'} were predicted {name}"
        found = _cost(all_alike(sample, everybody), costs, level)
        yield _told(f"expected_cost/{what}", label, found, rows.scope)
    for peer in peers:
        who = peer.facts.name
        theirs = _cost(peer.sample, costs, level)
        yield _told(f"expected_cost/{who}", f"Expected cost of the {who}", theirs, rows.scope)
        label = f"Expected cost, model less {who}"
        yield _told(f"expected_cost/{who}/difference", label, _less(metric, sample, peer.sample, gauge), rows.scope)
    yield from _cheapest(evidence, costs, gauge)


def _cheapest(evidence: Evidence, costs: CostsSpec, gauge: Gauge) -> Iterator[Observation]:
    """Yield the threshold that costs least, in theory and as found on other rows, and what it costs on these."""
    rows, level = evidence.headline, gauge.interval.level
    sample, best = rows.sample, _in_theory(costs)
    lacking = ""
    if sample.score is None:
        lacking = "The model gives labels only, so that there is no threshold to choose."
    elif not np.isfinite(sample.score).all():
        lacking = "Some scores are not finite."
    unfit = lacking or ("" if sample.probability else "The scores are no probabilities, for which the theory holds.")
    yield _told(
        "cost_threshold/theory",
        "Threshold that costs least if the probabilities are right",
        Undefined(reason=unfit) if unfit else Exact(value=best, n=rows_of(sample)),
        rows.scope,
    )
    found = Undefined(reason=unfit) if unfit else _cost(decided_at(sample, best), costs, level)
    yield _told("expected_cost/theory_threshold", "Expected cost at that threshold", found, rows.scope)
    chosen = Undefined(reason=lacking) if lacking else _chosen(evidence, costs, gauge)
    label = "Threshold that cost least on rows beside those measured here"
    if isinstance(chosen, Undefined):
        for name, text in _EMPIRICAL:
            yield _told(name, text or label, chosen, rows.scope)
        return
    yield _told("cost_threshold/empirical", label, Exact(value=chosen.threshold, n=chosen.n), chosen.scope)
    for (name, text), measured in zip(_EMPIRICAL[1:], (chosen.cost, chosen.optimism), strict=True):
        yield _told(name, text, measured, rows.scope)


_EMPIRICAL = (
    ("cost_threshold/empirical", ""),
    ("expected_cost/empirical_threshold", "Expected cost at the threshold found on other rows"),
    ("expected_cost/empirical_threshold/optimism", "How much more it costs here than on the rows it was found on"),
)


@dataclass(frozen=True)
class _Chosen:
    """A threshold found on some rows, and what it costs on others."""

    threshold: float
    n: int
    scope: Scope
    cost: Measured
    optimism: Measured


def _chosen(evidence: Evidence, costs: CostsSpec, gauge: Gauge) -> _Chosen | Undefined:
    """Find the cheapest threshold on rows that the headline does not rest on."""
    headline, level = evidence.headline, gauge.interval.level
    if headline.scope == "out_of_fold":
        return _cross_fitted(headline, costs, gauge)
    source = evidence.out_of_fold or evidence.train
    if source is None or source.sample.score is None or not np.isfinite(source.sample.score).all():
        return Undefined(reason="There are no other rows with predictions to find a threshold on.")
    if source.sample.probability != headline.sample.probability:
        return Undefined(reason="The scores of the other rows are on another scale.")
    best = _cheapest_on(source.sample, costs)
    here, there = (_cost(decided_at(rows.sample, best), costs, level) for rows in (headline, source))
    return _Chosen(best, rows_of(source.sample), source.scope, here, independent_difference(here, there))


def _cross_fitted(rows: Evaluation, costs: CostsSpec, gauge: Gauge) -> _Chosen | Undefined:
    """Decide each fold at the threshold that is cheapest on the other folds, so that no row chose its own."""
    sample, fold = rows.sample, rows.fold
    if fold is None or len(np.unique(fold)) < 2:
        return Undefined(reason="There is a single fold, and no other rows to find a threshold on.")
    label = np.zeros(len(scores(sample)), dtype=np.int64)
    for number in np.unique(fold):
        inside = fold == number
        best = _cheapest_on(some_rows(sample, ~inside), costs)
        part = decided_at(some_rows(sample, inside), best).label
        assert part is not None
        label[inside] = part
    best = _cheapest_on(sample, costs)
    honest = replace(sample, label=label)
    more = _less(_cost_metric(costs), honest, decided_at(sample, best), gauge)
    return _Chosen(best, rows_of(sample), rows.scope, _cost(honest, costs, gauge.interval.level), more)


def _in_theory(costs: CostsSpec) -> float:
    """Probability from which the positive label costs no more than the other: Elkan (2001), theorem 1."""
    wrong, missed = costs.false_positive - costs.true_negative, costs.false_negative - costs.true_positive
    return wrong / (wrong + missed)


def _cheapest_on(sample: Sample, costs: CostsSpec) -> float:
    """Threshold, halfway between two scores that occur, at which these rows cost least; of equals the middle one."""
    score, weight = scores(sample), weights_of(sample)
    level, place = np.unique(score, return_inverse=True)
    gain = np.where(
        is_positive(sample), costs.true_positive - costs.false_negative, costs.false_positive - costs.true_negative
    )
    # Cost of predicting positive from each score on, less that of predicting nobody so; the last is nobody.
    each = np.bincount(place, weights=weight * gain, minlength=len(level))
    total = np.append(np.cumsum(each[::-1])[::-1], 0.0)
    edges = np.concatenate([level[:1], (level[:-1] + level[1:]) / 2, [np.nextafter(level[-1], np.inf)]])
    least = np.flatnonzero(np.isclose(total, total.min(), rtol=1e-12, atol=1e-12 * float(weight.sum())))
    return float(edges[least[len(least) // 2]])


def _cost(sample: Sample, costs: CostsSpec, level: float) -> Measured:
    if sample.label is None:
        return Undefined(reason="There are no predicted labels, whose costs could be told.")
    counts = np.bincount(cell_of(sample), weights=sample.weight, minlength=4).astype(np.float64)
    return _summed(counts, worth_of(costs), sample, level)


def _summed(counts: Array, worth: list[float], sample: Sample, level: float) -> Estimate:
    value, low, high = weighted_shares(counts, worth, effective_rows(sample, level, worth), level)
    return Estimate(
        value=float(value), low=float(low), high=float(high), level=level, method=method_of(sample), n=rows_of(sample)
    )


def _cost_metric(costs: CostsSpec) -> Metric:
    worth = np.array(worth_of(costs))
    return Metric(
        name="expected_cost",
        label="Expected cost",
        compute=Mean(lambda sample: worth[cell_of(sample)]),
        response="label",
        higher_is_better=False,
        tasks=("binary",),
    )


def _less(metric: Metric, ours: Sample, theirs: Sample, gauge: Gauge) -> Measured:
    return paired_difference(metric, ours, theirs, gauge.interval, gauge.seed)


# --- net benefit --------------------------------------------------------------------------------


def _net_benefits(rows: Evaluation, peers: tuple[Peer, ...], gauge: Gauge) -> Iterator[Observation]:
    sample, level = rows.sample, gauge.interval.level
    label = "Net benefit at the threshold"
    if sample.threshold is None or not 0 < sample.threshold < 1:
        reason = (
            "The labels were supplied, so that there is no threshold whose odds would count."
            if sample.threshold is None
            else f"A threshold of {sample.threshold:g} has no odds."
        )
        yield _told("net_benefit", label, Undefined(reason=reason), rows.scope, True)
        return
    odds = sample.threshold / (1 - sample.threshold)
    ours = cells_of(sample)
    yield _told("net_benefit", label, _summed(ours, [0, -odds, 0, 1], sample, level), rows.scope, True)
    everybody = cells_of(all_alike(sample, True))
    found = _summed(everybody, [0, -odds, 0, 1], sample, level)
    yield _told("net_benefit/all_positive", "Net benefit if every row were predicted positive", found, rows.scope, True)
    more = _summed(ours, [odds, 0, -1, 0], sample, level)
    text = "Net benefit, model less predicting every row positive"
    yield _told("net_benefit/all_positive/difference", text, more, rows.scope, True)
    metric = _benefit_metric(odds)
    for peer in peers:
        who, theirs = peer.facts.name, peer.sample
        if theirs.probability and theirs.threshold != sample.threshold and theirs.score is not None:
            theirs = decided_at(theirs, sample.threshold)
        measured: Measured
        less: Measured
        if not theirs.probability or theirs.label is None:
            measured = less = Undefined(reason=f"The {who} gives no probabilities, so a threshold has no odds.")
        else:
            measured = _summed(cells_of(theirs), [0, -odds, 0, 1], theirs, level)
            less = _less(metric, sample, theirs, gauge)
        yield _told(f"net_benefit/{who}", f"Net benefit of the {who}", measured, rows.scope, True)
        yield _told(f"net_benefit/{who}/difference", f"Net benefit, model less {who}", less, rows.scope, True)


def _benefit_metric(odds: float) -> Metric:
    worth = np.array([0.0, -odds, 0.0, 1.0])
    compute = Mean(lambda sample: worth[cell_of(sample)])
    return replace(_cost_metric(_ONE_EACH), name="net_benefit", compute=compute, higher_is_better=True)


_ONE_EACH = CostsSpec(false_positive=1, false_negative=1)


def _told(name: str, label: str, measured: Measured, scope: Scope, better: bool | None = None) -> Observation:
    if better is None and name.startswith("expected_cost"):
        better = False
    return Observation(id=f"performance/{name}", label=label, measured=measured, higher_is_better=better, scope=scope)
