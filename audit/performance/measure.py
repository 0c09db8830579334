"""Turns evidence into the performance section: figures, gaps, peers, folds and curves."""

from __future__ import annotations

from audit import catalogue
from audit.declarations.metric import Sample
from audit.estimation.clusters import told_of_clusters
from audit.estimation.difference import gap_to_unseen, oriented, paired_difference
from audit.estimation.doubt import doubt_notes
from audit.estimation.estimate import applies
from audit.estimation.seeds import child_seed
from audit.performance.choice import AGAINST_GUESSING, Choice, Figure, chosen, figures, leading
from audit.performance.comparison import challenged, challenging, said, significances
from audit.performance.cross_validation import cross_validated, facts_of
from audit.performance.curves import confusion_of, curves_of
from audit.performance.decisions import decisions
from audit.performance.gauge import Gauge, directed, observed
from audit.performance.grades import graded
from audit.performance.learning import learnt
from audit.performance.peers import Peer, baseline, dummy
from audit.records.measured import Measured, Undefined
from audit.records.observation import Observation
from audit.records.plan import Plan
from audit.records.sections import PerformanceSection
from audit.records.spec import PerformanceSpec
from audit.subject.evidence import Evaluation, Evidence, Tell

COMPARED = frozenset({"accuracy", "log_loss", "mean_absolute_error"})
"""Metrics whose difference to each peer is told beside the headline's."""


def measure(evidence: Evidence, plan: Plan, tell: Tell) -> tuple[PerformanceSection, tuple[Observation, ...]]:
    """Measure how well the model predicts rows that it has not seen.

    Parameters
    ----------
    evidence : predictions of every table, made once
    plan : the spec's metrics, interval and seed, and what packs ask for
    tell : hears of progress and of warnings of third-party code

    Returns
    -------
    The section, and one observation for each figure.
    """
    spec = plan.spec.performance or PerformanceSpec()
    headline, task = evidence.headline, evidence.subject.task
    choice = chosen(plan, headline.sample, task)
    gauge = Gauge(task, spec.interval, child_seed(plan.spec.seed, "performance"))
    tell.progress(0, 5, "headline figures")
    observations = [*_headline(choice, evidence, gauge), *_unknown(choice, headline)]
    unseen = {o.id.removeprefix("performance/"): o.measured for o in observations}
    tell.progress(1, 5, "training rows")
    observations += _against_training(choice, evidence, unseen, gauge)
    tell.progress(2, 5, "cross-validation")
    observations += cross_validated(choice, evidence, gauge)
    learning = learnt(choice, evidence, gauge)
    observations += learning.observations
    tell.progress(3, 5, "dummy and baseline")
    peers, lacking = _peers(evidence, spec, tell)
    observations += _against_peers(choice, evidence, peers, gauge)
    rival = challenging(evidence)
    observations += challenged(choice, evidence, rival, gauge)
    rivals = (*peers, *((rival,) if rival else ()))
    observations += significances(choice, evidence.headline, rivals, gauge.task)
    weighed = decisions(evidence, rivals, plan.spec.decision.costs, gauge)
    observations += weighed.observations
    grades, of_grades, ungraded = graded(evidence, spec.grades, gauge)
    observations += of_grades
    tell.progress(4, 5, "curves")
    section = PerformanceSection(
        measures=tuple(metric.facts for metric in choice.metrics),
        decisions=weighed.measures,
        headline=choice.headline.name if choice.headline else None,
        scope=headline.scope,
        curves=curves_of(headline.sample, evidence.subject, spec.interval.level, spec.calibration)
        | weighed.curves
        | learning.curves,
        confusion=confusion_of(headline, evidence.subject),
        cross_validation=facts_of(evidence, plan),
        peers=tuple(peer.facts for peer in rivals),
        grades=grades,
        notes=(
            *_notes(evidence),
            *said(evidence),
            *told_of_clusters(headline.sample, spec.interval.cluster or "", spec.interval.level),
            *doubt_notes(observations),
            *lacking,
            *ungraded,
            *weighed.notes,
            *learning.notes,
        ),
    )
    tell.progress(5, 5)
    return section, tuple(observations)


def _headline(choice: Choice, evidence: Evidence, gauge: Gauge) -> list[Observation]:
    subject, rows = evidence.subject, evidence.headline
    found = (figure for metric in choice.metrics for figure in figures(metric, subject.task, subject.classes))
    return [observed(f, f.name, f.label, gauge.measured(f, rows.sample), rows) for f in found]


def _unknown(choice: Choice, rows: Evaluation) -> list[Observation]:
    return [
        Observation(id=f"performance/{name}", label=name, measured=Undefined(reason=reason), scope=rows.scope)
        for name, reason in choice.unknown
    ]


def _against_training(
    choice: Choice, evidence: Evidence, unseen: dict[str, Measured], gauge: Gauge
) -> list[Observation]:
    train, rows = evidence.train, evidence.headline
    gap: Measured = Undefined(reason=_no_gap(choice, evidence))
    found = []
    for metric in directed(choice, rows.sample, gauge) if train else ():
        assert train is not None
        figure = leading(metric, gauge.task)
        seen = gauge.measured(figure, train.sample, beside=True)
        difference = gap_to_unseen(seen, unseen[figure.name])
        found.append(observed(figure, f"{figure.name}/train", f"{figure.label} on training rows", seen, train))
        label = f"{figure.label}, training rows less unseen rows"
        found.append(observed(figure, f"{figure.name}/train/difference", label, difference, rows))
        if metric is choice.headline:
            gap = oriented(difference, metric.higher_is_better)
    led_by = f" of {choice.headline.label}" if choice.headline else ""
    found.append(
        Observation(
            id="performance/overfit_gap",
            label=f"Overfit gap{led_by}: how much better on training rows",
            measured=gap,
            higher_is_better=False,
            scope=rows.scope,
        )
    )
    return found


def _no_gap(choice: Choice, evidence: Evidence) -> str:
    if choice.headline is None:
        return "No metric could be measured that would have a gap."
    if evidence.subject.model is None:
        return "There is no model to predict training rows with."
    return "There are no labelled training rows to compare with."


def _peers(evidence: Evidence, spec: PerformanceSpec, tell: Tell) -> tuple[tuple[Peer, ...], tuple[str, ...]]:
    constant = dummy(evidence)
    if constant is None:
        return (), ("There is no dummy to compare with, because there are no labels.",)
    if not spec.baseline:
        return (constant,), ("The simple baseline is switched off in the spec.",)
    simple = baseline(evidence, tell)
    return ((constant,), (simple,)) if isinstance(simple, str) else ((constant, simple), ())


def _against_peers(choice: Choice, evidence: Evidence, peers: tuple[Peer, ...], gauge: Gauge) -> list[Observation]:
    rows = evidence.headline
    found = []
    for peer in peers:
        for metric in directed(choice, rows.sample, gauge):
            figure, name = leading(metric, gauge.task), peer.facts.name
            of_peer = gauge.measured(figure, peer.sample, beside=True)
            found.append(observed(figure, f"{figure.name}/{name}", f"{figure.label} of the {name}", of_peer, rows))
            if metric is choice.headline or metric.name in COMPARED:
                difference = _paired(figure, rows.sample, peer, gauge)
                label = f"{figure.label}, model less {name}"
                found.append(observed(figure, f"{figure.name}/{name}/difference", label, difference, rows))
    return [*found, _gain(choice, rows, found, peers, gauge)]


def _paired(figure: Figure, sample: Sample, peer: Peer, gauge: Gauge) -> Measured:
    return paired_difference(figure.metric, sample, peer.sample, gauge.interval, gauge.seed)


_NOTHING_TO_COMPARE = "No metric could be measured on which to compare with a dummy."


def _gain(
    choice: Choice, rows: Evaluation, found: list[Observation], peers: tuple[Peer, ...], gauge: Gauge
) -> Observation:
    """Gain over the dummy in the headline metric, or in one made for it where a constant has no headline value.

    A dummy that never predicts the positive class has no precision, which is no reason not to beat it.
    """
    known = {o.id: o.measured for o in found}
    others = (catalogue.load("metrics", name) for name in AGAINST_GUESSING[gauge.task])
    lacking = "The rows have no true labels: name data.target." if rows.sample.target is None else _NOTHING_TO_COMPARE
    gain: Measured = Undefined(reason=lacking)
    led_by = ""
    for metric in [m for m in (choice.headline, *others) if m is not None] if peers else []:
        if metric.higher_is_better is None or applies(metric, rows.sample, gauge.task):
            continue
        figure = leading(metric, gauge.task)
        difference = known.get(f"performance/{figure.name}/dummy/difference")
        difference = difference or _paired(figure, rows.sample, peers[0], gauge)
        if not led_by or not isinstance(difference, Undefined):
            gain, led_by = oriented(difference, metric.higher_is_better), f" in {figure.label}"
        if not isinstance(difference, Undefined):
            break
    return Observation(
        id="performance/beats_dummy",
        label=f"Gain over the dummy{led_by}",
        measured=gain,
        higher_is_better=True,
        scope=rows.scope,
    )


def _notes(evidence: Evidence) -> tuple[str, ...]:
    subject, found = evidence.subject, []
    if evidence.headline.scope == "out_of_fold":
        found.append(
            "There is no held-out table: headline figures pool out-of-fold predictions of the training rows, "
            "each made by a copy of the model that was fitted without that row."
        )
    if evidence.headline.sample.target is None:
        found.append("There are no labels, so nothing that compares predictions with the truth was measured.")
    if evidence.train is not None:
        found.append(
            "Figures on training rows are told only for their gap to unseen rows; its interval is that of the mean gap "
            "over training tables of this size, each with a model of its own."
        )
    if evidence.out_of_fold is None and subject.model is not None:
        found.append(f"There was no cross-validation: {evidence.no_cross_validation}")
    return tuple(found)
