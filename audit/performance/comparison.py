"""Turns a second set of predictions of the same rows into differences with intervals, and into paired tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from audit.declarations.metric import Metric, Sample
from audit.estimation.difference import paired_difference
from audit.estimation.estimate import applies
from audit.estimation.forms import Array, is_inclusion_weighted, is_positive, rows_of, scores, weights_of
from audit.estimation.significance import delong_test, mcnemar
from audit.performance.choice import Choice, leading
from audit.performance.gauge import Gauge, directed, observed
from audit.performance.peers import Peer
from audit.records.measured import Exact, Measured, Undefined
from audit.records.observation import Observation
from audit.records.sections import PeerFacts
from audit.records.spec import Task
from audit.subject.evidence import Evaluation, Evidence


def challenging(evidence: Evidence) -> Peer | None:
    """Return the challenger as a peer; None where there is none, or none of its predictions of the headline rows."""
    rival = evidence.subject.challenger
    if rival is None or evidence.challenger is None:
        return None
    kind = f"{rival.facts.name}: {rival.facts.type}"
    return Peer(PeerFacts(name="challenger", type=kind, threshold=rival.threshold), evidence.challenger.sample)


def challenged(choice: Choice, evidence: Evidence, rival: Peer | None, gauge: Gauge) -> Iterator[Observation]:
    """Yield each figure of the challenger, and the model's less it, on the same rows."""
    rows = evidence.headline
    if evidence.subject.challenger is None:
        return
    for metric in directed(choice, rows.sample, gauge):
        figure = leading(metric, gauge.task)
        theirs: Measured
        difference: Measured
        if rival is None:
            theirs = difference = Undefined(reason=f"There is no such figure: {evidence.no_challenger}")
        else:
            theirs = gauge.measured(figure, rival.sample, beside=True)
            difference = _less(figure.metric, rows.sample, rival.sample, theirs, choice, gauge)
        yield observed(figure, f"{figure.name}/challenger", f"{figure.label} of the challenger", theirs, rows)
        label = f"{figure.label}, model less challenger"
        yield observed(figure, f"{figure.name}/challenger/difference", label, difference, rows)


def said(evidence: Evidence) -> Iterator[str]:
    """Yield what a reader should know of how the challenger predicted."""
    rival = evidence.subject.challenger
    if rival is None:
        return
    if evidence.challenger is None:
        yield f"There was no comparison with the challenger {rival.facts.name}: {evidence.no_challenger}"
    elif rival.supplied is not None:
        yield (
            f"The predictions of the challenger {rival.facts.name} are columns of the table, taken as they are: "
            "whether it had seen these rows cannot be told."
        )
        if rival.task == "binary" and rival.supplied.label is None:
            yield "Its scores are on another scale than the model's, so that no threshold makes labels of them."


def _less(metric: Metric, ours: Sample, theirs: Sample, beside: Measured, choice: Choice, gauge: Gauge) -> Measured:
    if isinstance(beside, Undefined):
        return beside
    interval = gauge.interval if metric.name == (choice.headline and choice.headline.name) else gauge.beside
    return paired_difference(metric, ours, theirs, interval, gauge.seed)


def significances(choice: Choice, rows: Evaluation, peers: Iterable[Peer], task: Task) -> Iterator[Observation]:
    """Yield the paired tests against each peer, and all of their p-values adjusted for how many they are.

    DeLong's test of equal areas under the ROC curve, and McNemar's exact test of equal accuracy with the counts that it
    rests on. The tests of one audit are one family, adjusted by Holm's method.
    """
    found: list[Observation] = []
    for peer in peers:
        for name, test in (("roc_auc", _areas), ("accuracy", _accuracies)):
            metric = next((m for m in choice.metrics if m.name == name), None)
            if metric is not None and not applies(metric, rows.sample, task) and task != "regression":
                found += test(rows, peer)
    yield from found
    yield from _holm([o for o in found if o.id.endswith(_P_VALUES)])


_P_VALUES = ("/p_value", "/mcnemar_p")


def _areas(rows: Evaluation, peer: Peer) -> Iterator[Observation]:
    name = peer.facts.name
    if rows.sample.positive is not None:
        z, p_value = _delong(rows.sample, peer)
        yield _told(f"roc_auc/{name}/z", f"Z of equal ROC AUC, model less {name} (DeLong)", z, rows)
        yield _told(f"roc_auc/{name}/p_value", f"p-value of equal ROC AUC, model and {name} (DeLong)", p_value, rows)


def _delong(ours: Sample, peer: Peer) -> tuple[Measured, Measured]:
    """Z and its p-value; two scores that rank alike differ nowhere, and are as far as can be from a difference."""
    theirs, n = peer.sample, rows_of(ours)
    if theirs.score is None:
        lacking = Undefined(reason=f"The {peer.facts.name} gives labels only, no scores.")
        return lacking, lacking
    sampling = is_inclusion_weighted(ours)
    found = delong_test(
        is_positive(ours), scores(ours), scores(theirs), weights_of(ours), sampling=sampling, cluster=ours.cluster
    )
    if np.isfinite(found.p_value):
        return Exact(value=found.statistic, n=n), Exact(value=found.p_value, n=n)
    if _equally_ranked(scores(ours), scores(theirs)):
        return Exact(value=0.0, n=n), Exact(value=1.0, n=n)
    fixed = Undefined(reason="The two areas do not vary over these rows, so that their difference cannot be tested.")
    return fixed, fixed


def _equally_ranked(one: Array, other: Array) -> bool:
    places = [np.unique(score, return_inverse=True)[1] for score in (one, other)]
    return bool((places[0] == places[1]).all())


def _accuracies(rows: Evaluation, peer: Peer) -> Iterator[Observation]:
    name, counts = peer.facts.name, _discordant(rows.sample, peer.sample)
    label = f"p-value of equal accuracy, model and {name} (McNemar, exact)"
    if isinstance(counts, Undefined):
        yield _told(f"accuracy/{name}/mcnemar_p", label, counts, rows)
        return
    n = rows_of(rows.sample)
    p_value: Measured = Exact(value=mcnemar(*counts, "exact").p_value, n=n)
    if rows.sample.cluster is not None:
        p_value = Undefined(reason="Rows come in clusters and are not independent, as McNemar's test takes them to be.")
    yield _told(f"accuracy/{name}/mcnemar_p", label, p_value, rows)
    for right, wrong, count in (("model", name, counts[0]), (name, "model", counts[1])):
        label = f"Rows that only the {right} gets right, not the {wrong}"
        yield _told(f"accuracy/{name}/only_{right}_right", label, Exact(value=count, n=n), rows)


def _discordant(ours: Sample, theirs: Sample) -> tuple[int, int] | Undefined:
    if ours.label is None or theirs.label is None or ours.target is None:
        return Undefined(reason="Both need predicted labels, and one of them has none.")
    if is_inclusion_weighted(ours):
        return Undefined(reason="Rows with sampling weights are not whole rows, as McNemar's test needs.")
    weight = weights_of(ours)
    if (weight != np.rint(weight)).any():
        return Undefined(reason="The weights are no whole numbers of rows, as McNemar's test needs.")
    right, beside = ours.label == ours.target, theirs.label == ours.target
    return round(float(weight[right & ~beside].sum())), round(float(weight[beside & ~right].sum()))


def _holm(tests: list[Observation]) -> Iterator[Observation]:
    """Yield each p-value adjusted so that any false alarm among them stays as rare as its level (Holm 1979)."""
    known = [(test, test.measured) for test in tests if isinstance(test.measured, Exact)]
    if len(known) < 2:
        return
    highest = 0.0
    adjusted: dict[str, Exact] = {}
    for rank, (test, found) in enumerate(sorted(known, key=lambda pair: pair[1].value)):
        highest = max(highest, min(1.0, (len(known) - rank) * float(found.value)))
        adjusted[test.id] = found.model_copy(update={"value": highest})
    for test, _ in known:
        label = f"{test.label}, adjusted by Holm for {len(known)} tests"
        yield test.model_copy(update={"id": f"{test.id}/holm", "label": label, "measured": adjusted[test.id]})


def _told(name: str, label: str, measured: Measured, rows: Evaluation) -> Observation:
    return Observation(id=f"performance/{name}", label=label, measured=measured, scope=rows.scope)
