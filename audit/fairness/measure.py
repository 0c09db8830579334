"""Turns evidence into fairness by group: every suitable metric in each group, the gaps, and the four-fifths figures."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

import pandas as pd

from audit.catalogue import load_all
from audit.declarations.disparity import Disparity
from audit.declarations.index import Index
from audit.declarations.metric import Metric, Sample
from audit.errors import DataError, Problem
from audit.estimation.doubt import doubts_by_group
from audit.estimation.estimate import applies
from audit.fairness.choice import LEFT_OUT, ROW_RESAMPLES, is_default, with_arguments
from audit.fairness.compare import SELECTION, Reference, highest, observe_against, observe_selection
from audit.fairness.counts import Counts, counts_rows
from audit.fairness.disaggregate import (
    FORMS,
    Disaggregated,
    Rows,
    disaggregate,
    group_cells,
    listed,
    measure_gaps,
    observe_counts,
    observe_disparity,
    observe_gaps,
    observe_groups,
)
from audit.fairness.flip import flip
from audit.fairness.groups import MOST_GROUPS, Grouping, declared, make_grouping
from audit.fairness.indexed import Given, highest_score, metrics_of, observe_indices, said, suited
from audit.fairness.membership import (
    UNCOUNTED,
    Membership,
    disaggregate_members,
    make_membership,
    member_cells,
    metrics_by_membership,
    said_of,
)
from audit.fairness.overall import apart, gaps_for
from audit.fairness.per_class import observe_classes, of_classes
from audit.fairness.proxies import screen
from audit.fairness.scoring import METRIC as SCORING
from audit.fairness.scoring import RATE_ARGUMENT, SCORING_RATE, above_median, is_scored, observe_scoring
from audit.fairness.selection import for_classes
from audit.fairness.thresholds import is_followed, thresholds_of, unfit
from audit.records.measured import Undefined
from audit.records.observation import Observation, arguments_key, group_key, grouping_key
from audit.records.plan import MeasurementRequest, Plan
from audit.records.sections import FairnessSection, FlipFacts, MeasureFacts, ProxyFacts
from audit.records.spec import AuditSpec, FairnessSpec, IntervalSpec
from audit.records.spec import asked as named_metrics
from audit.subject.evidence import Evidence, Tell


def measure(evidence: Evidence, plan: Plan, tell: Tell) -> tuple[FairnessSection, tuple[Observation, ...]]:
    """Measure the headline rows by every sensitive feature, every declared intersection and what packs ask for.

    Parameters
    ----------
    evidence : Evidence
        Rows beside predictions that were made without having seen them.
    plan : Plan
        The spec, and what packs ask for.
    tell : Tell
        Takes progress.

    Returns
    -------
    section : FairnessSection
        Groups, what the measures mean, and notes on what was left out and why.
    observations : tuple of Observation
        `fairness/<measure>/<group>`, `fairness/<measure>/<grouping>/difference` and `/ratio`.
    """
    asked = tuple(request for request in plan.requests if request.stage == "fairness")
    rows = _rows(evidence, plan.spec)
    groupings, too_many = _groupings(evidence.headline.table.sensitive, rows, plan.spec, asked)
    known: dict[str, Disparity] = load_all("disparities")
    every: dict[str, Index] = load_all("indices")
    parts = {d.name: d.metrics for d in known.values()} | {i.name: metrics_of(i) for i in every.values()}
    metrics, lacking = _metrics(evidence, plan.spec, asked, parts)
    scored = above_median(rows) if _is_scoring_wanted(evidence, plan.spec, asked) else None
    wanted = _names(plan.spec, asked)
    disparities = _disparities(evidence, metrics, _usual_or_named(known, plan.spec, asked), wanted)
    given = _given(evidence, plan.spec)
    indices = _indices(evidence, metrics, every, wanted, given)
    observations: list[Observation] = []
    for done, grouping in enumerate(groupings):
        tell.progress(done, len(groupings), f"by {listed(grouping.facts.columns)}")
        cells = group_cells(grouping, rows.sample)
        measured = (disaggregate(metric, grouping, cells, rows) for metric in metrics)
        observations += _observe(grouping, cells, measured, disparities, indices, rows, asked, given)
        observations += _by_class(evidence, grouping, disparities, rows)
        if scored is not None:
            result = disaggregate(SCORING, grouping, group_cells(grouping, scored.sample), scored)
            observations += _scoring(result, asked)
    weighed, too_many_members = _memberships(evidence, plan.spec, rows, asked)
    too_many += too_many_members
    unweighed: list[str] = []
    for membership, persons in weighed:
        kept, left = metrics_by_membership(metrics, membership, persons.sample)
        observations += _observe_members(membership, kept, disparities, persons, asked, given)
        unweighed += (said_of(membership), *left)
        if scored is not None:
            above = above_median(persons)
            cells = member_cells(membership, above.sample)
            observations += _scoring(disaggregate_members(SCORING, membership, cells, above), asked)
    tell.progress(len(groupings), len(groupings))
    everybody = (*groupings, *(membership for membership, _ in weighed))
    shown = metrics if scored is None else (*metrics, SCORING)
    observations += _unmet(asked, everybody, shown, (*disparities, *indices), rows)
    flips, flipped = _flips(evidence, plan.spec, groupings, rows, tell)
    proxies, guessed = _proxies(evidence, plan.spec, groupings, rows, tell)
    observations += (*flipped, *guessed)
    section = FairnessSection(
        groupings=tuple(grouping.facts for grouping in everybody),
        measures=tuple(metric.facts for metric in shown),
        disparities=tuple(_disparity_facts(disparity) for disparity in disparities),
        indices=tuple(index.facts for index in indices),
        strata=plan.spec.fairness.strata if plan.spec.fairness else (),
        scope=rows.scope,
        favourable=_favourable(evidence),
        notes=(
            *_notes(evidence, plan.spec, everybody, rows),
            *unweighed,
            *said(groupings, indices, observations),
            *too_many,
            *lacking,
            *([reason] if groupings and (reason := unfit(rows.sample)) else []),
            *doubts_by_group(observations),
        ),
        thresholds={g.facts.key: thresholds_of(g, rows) for g in groupings if is_followed(rows.sample)},
        flips=flips,
        proxies=proxies,
    )
    return section, tuple({o.id: o for o in observations}.values())


def _rows(evidence: Evidence, spec: AuditSpec) -> Rows:
    return Rows(
        sample=evidence.headline.sample,
        interval=spec.performance.interval if spec.performance else IntervalSpec(),
        seed=spec.seed,
        scope=evidence.headline.scope,
        minimum=spec.sensitive.minimum_group,
    )


def _groupings(
    sensitive: pd.DataFrame, rows: Rows, spec: AuditSpec, asked: Iterable[MeasurementRequest]
) -> tuple[tuple[Grouping, ...], tuple[str, ...]]:
    wanted = declared(spec.sensitive, (columns for request in asked for columns in request.group_by))
    known = [columns for columns in wanted if all(column in sensitive for column in columns)]
    counted = counts_rows(rows.sample)
    made = [make_grouping(sensitive, columns, rows.sample.weight, counted, spec.sensitive) for columns in known]
    for grouping in made:
        _check_reference(grouping, spec)
    notes = tuple(_too_many(g) for g in made if len(g.groups) > MOST_GROUPS)
    return tuple(g for g in made if len(g.groups) <= MOST_GROUPS), notes


def _check_reference(grouping: Grouping, spec: AuditSpec) -> None:
    columns = grouping.facts.columns
    if len(columns) == 1 and columns[0] in spec.sensitive.reference and grouping.facts.reference is None:
        names = listed(repr(group.label) for group in grouping.groups if not group.unknown)
        named = spec.sensitive.reference[columns[0]]
        raise DataError(
            Problem(
                f"sensitive.reference.{columns[0]}", f"there is no group {named!r}; found {names}.", "Name one of them."
            )
        )


def _metrics(
    evidence: Evidence, spec: AuditSpec, requests: Iterable[MeasurementRequest], known: Mapping[str, tuple[str, ...]]
) -> tuple[tuple[Metric, ...], tuple[str, ...]]:
    task, sample = evidence.subject.task, evidence.headline.sample
    found: dict[str, Metric] = dict(load_all("metrics"))
    if task == "multiclass" and sample.favourable is not None:
        found["selection_rate"] = for_classes(found["selection_rate"])
    wanted = {m.name: m for m in (*_named(found, spec, sample, known), *_requested(found, requests, known))}
    suited = [m for m in wanted.values() if task in m.tasks]
    reasons = {m.name: applies(m, sample, task) for m in suited}
    unfit = [reasons[m.name] for m in suited if reasons[m.name] and not (m.needs_target and sample.target is None)]
    metrics = sorted((m for m in suited if not reasons[m.name]), key=_place)
    return tuple(metrics), tuple(dict.fromkeys(unfit))


def _named(
    found: Mapping[str, Metric], spec: AuditSpec, sample: Sample, known: Mapping[str, tuple[str, ...]]
) -> Iterator[Metric]:
    """Yield the metrics that the spec names, or the usual ones where it leaves the choice to the task."""
    named = named_metrics(spec.fairness.metrics if isinstance(spec.fairness, FairnessSpec) else None)
    if named is None:
        yield from (metric for metric in found.values() if is_default(metric, sample))
        return
    for one in named:
        if one.metric in known:
            yield from (found[name] for name in known[one.metric])
        else:
            metric = with_arguments(found, one.metric, one.args)
            if isinstance(metric, Metric):
                yield metric


def _requested(
    found: Mapping[str, Metric], requests: Iterable[MeasurementRequest], known: Mapping[str, tuple[str, ...]]
) -> Iterator[Metric]:
    """Yield the metrics that packs ask for, those behind the disparities and indices that they ask for included."""
    for request in requests:
        if request.measure in SELECTION:
            yield found["selection_rate"]
        elif request.measure in known:
            yield from (found[name] for name in known[request.measure])
        else:
            metric = with_arguments(found, request.measure, request.arguments)
            if isinstance(metric, Metric):
                yield metric


def _disparities(
    evidence: Evidence, metrics: Iterable[Metric], known: Mapping[str, Disparity], wanted: frozenset[str] | None
) -> tuple[Disparity, ...]:
    measured = {metric.name for metric in metrics}
    suiting = [d for d in known.values() if evidence.subject.task in d.tasks]
    over = [d for d in suiting if d.per_class and (wanted is None or d.name in wanted)]
    countable = {d.name for d in of_classes(over, load_all("metrics"), evidence.headline.sample)} if over else ()
    return tuple(d for d in suiting if (d.name in countable if d.per_class else measured.issuperset(d.metrics)))


def _names(spec: AuditSpec, asked: Iterable[MeasurementRequest]) -> frozenset[str] | None:
    """Return the names that the spec and packs give; None where the spec leaves the choice to the task."""
    named = named_metrics(spec.fairness.metrics if spec.fairness else None)
    return None if named is None else frozenset([*(one.metric for one in named), *(r.measure for r in asked)])


def _usual_or_named(
    known: Mapping[str, Disparity], spec: AuditSpec, asked: Iterable[MeasurementRequest]
) -> dict[str, Disparity]:
    names = {m.metric for m in named_metrics(spec.fairness.metrics if spec.fairness else None) or ()}
    names |= {request.measure for request in asked}
    return {name: disparity for name, disparity in known.items() if disparity.usual or name in names}


def _given(evidence: Evidence, spec: AuditSpec) -> Given:
    power = spec.fairness.power if spec.fairness else FairnessSpec().power
    return Given(power=power, strata=evidence.headline.table.strata)


def _indices(
    evidence: Evidence,
    metrics: Iterable[Metric],
    known: Mapping[str, Index],
    wanted: frozenset[str] | None,
    given: Given,
) -> tuple[Index, ...]:
    chosen = {name: index for name, index in known.items() if wanted is None or name in wanted}
    measured = {metric.name for metric in metrics}
    return suited(chosen, evidence.subject.task, evidence.headline.sample, measured, given.strata is not None)


def _by_class(
    evidence: Evidence, grouping: Grouping, disparities: Iterable[Disparity], rows: Rows
) -> Iterator[Observation]:
    over = tuple(d for d in disparities if d.per_class)
    metrics = load_all("metrics") if over else {}
    return observe_classes(over, metrics, evidence.subject.classes, grouping, rows)


def _observe(
    grouping: Grouping,
    cells: Counts | None,
    measured: Iterable[Disaggregated],
    disparities: Iterable[Disparity],
    indices: tuple[Index, ...],
    rows: Rows,
    asked: tuple[MeasurementRequest, ...],
    given: Given,
) -> Iterator[Observation]:
    yield from observe_counts(grouping, cells, rows)
    gaps, results = {}, {}
    for result in measured:
        name = result.metric.name
        results[name], gaps[name] = result, measure_gaps(result)
        yield from observe_groups(result)
        yield from observe_gaps(result, gaps[name])
        yield from _beside_reference(result, tuple(gaps[name]), asked)
    for disparity in disparities:
        if not disparity.per_class:
            beside = (
                {name: gaps_for(disparity, results[name]) for name in disparity.metrics} if apart(disparity) else gaps
            )
            yield from observe_disparity(disparity, grouping, beside, rows)
    if not indices:
        return
    selection = results.get("selection_rate")
    own = grouping.reference
    if own is None:
        own = highest_score(grouping, rows.sample) if selection is None else highest(selection)
    references: dict[str | None, int | None] = {None: own}
    if selection is not None:
        comparing = {index.name for index in indices if index.compares}
        references |= {name: _position(selection, name) for name in _other_references(grouping, asked, comparing)}
    yield from observe_indices(indices, grouping, results, rows, given, references)


def _memberships(
    evidence: Evidence, spec: AuditSpec, rows: Rows, asked: Iterable[MeasurementRequest]
) -> tuple[tuple[tuple[Membership, Rows], ...], tuple[str, ...]]:
    """Return what people are divided by through probabilities, and a sentence on each division that is left out."""
    table = evidence.headline.table
    known, sensitive = table.memberships, table.sensitive
    every = [*((name,) for name in known), *declared(spec.sensitive, (c for r in asked for c in r.group_by))]
    wanted = {frozenset(c): c for c in every if any(name in known for name in c)}
    held = [c for c in wanted.values() if all(name in known or name in sensitive for name in c)]
    made = [make_membership(columns, sensitive, known, rows, spec.sensitive) for columns in held]
    notes = tuple(_too_many(m) for m, _ in made if len(m.groups) > MOST_GROUPS)
    return tuple((m, persons) for m, persons in made if len(m.groups) <= MOST_GROUPS), notes


def _too_many(grouping: Grouping) -> str:
    return (
        f"Not measured by {listed(grouping.facts.columns)}: {len(grouping.groups)} groups are more than {MOST_GROUPS}. "
        "Give sensitive.bins, or leave the column out."
    )


def _observe_members(
    membership: Membership,
    metrics: tuple[Metric, ...],
    disparities: Iterable[Disparity],
    rows: Rows,
    asked: tuple[MeasurementRequest, ...],
    given: Given,
) -> Iterator[Observation]:
    cells = member_cells(membership, rows.sample)
    measured = (disaggregate_members(metric, membership, cells, rows) for metric in metrics)
    names = {metric.name for metric in metrics}
    possible = tuple(d for d in disparities if names.issuperset(d.metrics))
    # What compares whole persons, one with another, has nothing to count here.
    yield from _observe(membership, cells, measured, possible, (), rows, asked, given)


def _is_scoring_wanted(evidence: Evidence, spec: AuditSpec, asked: Iterable[MeasurementRequest]) -> bool:
    """Whether scoring rates are measured: where scores are all there is, and elsewhere for who names them."""
    task, sample = evidence.subject.task, evidence.headline.sample
    if task not in SCORING.tasks or not is_scored(sample):
        return False
    if any(request.measure == SCORING_RATE or _of_scoring(request) for request in asked):
        return True
    named = named_metrics(spec.fairness.metrics if spec.fairness else None)
    return task != "binary" if named is None else SCORING_RATE in {metric.metric for metric in named}


def _of_scoring(request: MeasurementRequest) -> bool:
    return request.measure == "impact_ratio" and request.arguments == RATE_ARGUMENT


def _scoring(result: Disaggregated, asked: Iterable[MeasurementRequest]) -> Iterator[Observation]:
    grouping = result.grouping
    yield from observe_groups(result)
    yield from observe_gaps(result, measure_gaps(result))
    scored = tuple(filter(_of_scoring, asked))
    yield from observe_scoring(result, _own(result, scored), None)
    for argument in _other_references(grouping, scored):
        yield from observe_scoring(result, _other(result, argument, scored), argument)


def _flips(
    evidence: Evidence, spec: AuditSpec, groupings: Iterable[Grouping], rows: Rows, tell: Tell
) -> tuple[tuple[FlipFacts, ...], tuple[Observation, ...]]:
    if not spec.fairness or not spec.fairness.flip:
        return (), ()
    tell.progress(0, 0, "changing sensitive columns")
    told = tuple(flip(evidence, _single(groupings), rows, spec.fairness.flip))
    return tuple(facts for facts, _ in told), tuple(o for _, found in told for o in found)


def _proxies(
    evidence: Evidence, spec: AuditSpec, groupings: Iterable[Grouping], rows: Rows, tell: Tell
) -> tuple[tuple[ProxyFacts, ...], tuple[Observation, ...]]:
    if not spec.fairness or not spec.fairness.proxies:
        return (), ()
    tell.progress(0, 0, "looking for proxies")
    sensitive = spec.sensitive.features
    told = tuple(screen(evidence, sensitive, _single(groupings), rows, spec.fairness.proxies))
    return tuple(facts for facts, _ in told), tuple(o for _, found in told for o in found)


def _single(groupings: Iterable[Grouping]) -> tuple[Grouping, ...]:
    return tuple(g for g in groupings if len(g.facts.columns) == 1)


def _beside_reference(
    result: Disaggregated, forms: tuple[str, ...], asked: Iterable[MeasurementRequest]
) -> Iterator[Observation]:
    selection = result.metric.name == "selection_rate"
    if result.grouping.reference is None and not selection:
        return
    # A ratio has one interval, whichever of its names it stands under.
    asked = tuple(asked) if selection else ()
    own = _own(result, asked)
    yield from observe_against(result, own, tuple(form for form in FORMS if form in forms))
    if selection:
        yield from observe_selection(result, own, None)
        for argument in _other_references(result.grouping, asked):
            yield from observe_selection(result, _other(result, argument, asked), argument)


def _other_references(
    grouping: Grouping, asked: Iterable[MeasurementRequest], measures: Collection[str] = SELECTION
) -> tuple[str, ...]:
    """Return the references that packs ask for by name and that are not the grouping's own."""
    own = "highest_rate" if grouping.facts.reference is None else grouping.facts.reference
    wanted = (
        request.reference
        for request in asked
        if request.reference and request.measure in measures and _by(grouping, request)
    )
    return tuple(dict.fromkeys(r for r in wanted if r != own and group_key(grouping.facts.columns[:1], (r,)) != own))


def _by(grouping: Grouping, request: MeasurementRequest) -> bool:
    return any(set(columns) == set(grouping.facts.columns) for columns in request.group_by)


def _own(result: Disaggregated, asked: Iterable[MeasurementRequest]) -> Reference:
    """Return the reference of the grouping itself: the one that the spec names, or the group with the highest rate."""
    named = result.grouping.reference
    groupings = _together(result.grouping, asked)
    return Reference(highest(result), True, groupings) if named is None else Reference(named, False, groupings)


def _other(result: Disaggregated, argument: str, asked: Iterable[MeasurementRequest]) -> Reference:
    picked = argument == "highest_rate"
    return Reference(_position(result, argument), picked, _together(result.grouping, asked))


def _together(grouping: Grouping, asked: Iterable[MeasurementRequest]) -> int:
    """Return the groupings, this one among them, that a pack holds against one limit by their intervals."""
    ratios = (r for r in asked if r.measure == "impact_ratio" and _by(grouping, r))
    return max((request.together for request in ratios), default=1)


def _position(result: Disaggregated, argument: str) -> int | None:
    if argument == "highest_rate":
        return highest(result)
    columns = result.grouping.facts.columns
    return result.grouping.position(group_key(columns, (argument,)) if len(columns) == 1 else argument)


def _unmet(
    asked: Iterable[MeasurementRequest],
    groupings: Iterable[Grouping],
    metrics: Iterable[Metric],
    disparities: Iterable[Disparity | Index],
    rows: Rows,
) -> Iterator[Observation]:
    """Yield an undefined observation for each request that nothing here answers, so that it is not silently missing."""
    by = {frozenset(grouping.facts.columns) for grouping in groupings}
    guessed = {frozenset(g.facts.columns) for g in groupings if isinstance(g, Membership)}
    counted = {d.name for d in disparities if isinstance(d, Index)}
    measured = {m.name for m in metrics} | {d.name for d in disparities} | _FACTS
    measured |= set(SELECTION) if "selection_rate" in measured else set()
    found: Mapping[str, Metric] = load_all("metrics")
    for request in asked:
        weighed = guessed if request.measure in counted else set()
        metric = with_arguments(found, request.measure, request.arguments)
        name = metric.name if isinstance(metric, Metric) else f"{request.measure}{arguments_key(request.arguments)}"
        # Of what is no metric, only the ratio of scoring rates has an argument.
        scoring = _of_scoring(request)
        refused = isinstance(metric, str) and not scoring and (request.measure in found or request.arguments)
        why = str(metric) if refused else ""
        for columns in request.group_by or ((),):
            reason = why or _why_unmet(
                request.measure, SCORING_RATE if scoring else name, columns, by, measured, weighed
            )
            if reason:
                place = f"/{grouping_key(columns)}" if columns else ""
                yield Observation(
                    id=f"fairness/{name}{place}",
                    label=request.measure,
                    measured=Undefined(reason=reason),
                    scope=rows.scope,
                )


def _why_unmet(
    measure: str,
    name: str,
    columns: tuple[str, ...],
    by: set[frozenset[str]],
    measured: set[str],
    uncounted: set[frozenset[str]],
) -> str:
    if frozenset(columns) in uncounted:
        return UNCOUNTED
    if name not in measured:
        return f"{measure} cannot be measured by group on these predictions."
    if columns and frozenset(columns) not in by:
        return f"The rows are not divided by {listed(columns)}: no such sensitive columns, or too many groups."
    return ""


def _notes(evidence: Evidence, spec: AuditSpec, groupings: tuple[Grouping, ...], rows: Rows) -> Iterator[str]:
    if not groupings:
        yield "Nothing was measured by group: the spec names no sensitive feature."
        return
    yield _enters(evidence, spec)
    for grouping in groupings:
        yield from _left_out(grouping, rows)
    if rows.sample.target is None:
        yield "The table has no labels: only what needs none is measured."
    positive, favourable = rows.sample.positive, rows.sample.favourable
    if positive is not None and favourable is not None and positive != favourable:
        names = evidence.subject.classes
        yield (
            f"The favourable label is {names[favourable]}; true and false positive rates, and with them equalized odds "
            f"and equal opportunity, are of the label {names[positive]}."
        )
    if rows.sample.score is not None and rows.sample.classes and not (spec.fairness and spec.fairness.metrics):
        yield LEFT_OUT
    if rows.sample.cluster is not None:
        yield (
            f"Rows come in clusters by {rows.interval.cluster}: intervals allow for that, groups that share clusters "
            "among them; tests that take rows as independent are not made. The Z test stands on as many independent "
            "rows as tell as much of each rate, and takes the two groups as independent."
        )
    if rows.interval.resamples > ROW_RESAMPLES:
        yield f"Where rows have to be redrawn for an interval by group, {ROW_RESAMPLES} replicates are drawn."
    yield (
        "Beside a reference group the intervals of all groups hold together, and allow for its choice where it is the "
        "group with the highest rate of the same rows. "
        "The gap between the extremes of several groups comes out too wide by chance, more so in small groups; "
        "the end of its interval toward equality allows for that."
    )


def _enters(evidence: Evidence, spec: AuditSpec) -> str:
    if evidence.subject.model is None:
        return "Whether sensitive columns entered the model cannot be told from its predictions."
    read = [f for f in spec.sensitive.features if f in evidence.headline.table.features.columns]
    if read:
        return f"The model reads {listed(read)}."
    return "The model reads no sensitive column; other columns may stand in for them."


def _left_out(grouping: Grouping, rows: Rows) -> Iterator[str]:
    name = listed(grouping.facts.columns)
    small = [f"{g.label} ({g.n})" for g in grouping.groups if g.small and not g.unknown]
    if small:
        yield f"By {name}, groups under {rows.minimum} rows are shown, not judged: {listed(small)}."
    unknown = sum(g.n for g in grouping.groups if g.unknown)
    if unknown:
        yield f"By {name}, {unknown} rows have an unknown value: shown, and left out of every comparison."


def _favourable(evidence: Evidence) -> str | None:
    code = evidence.headline.sample.favourable
    return None if code is None else evidence.subject.classes[code]


def _disparity_facts(disparity: Disparity) -> MeasureFacts:
    return MeasureFacts(
        name=disparity.name,
        label=disparity.label,
        description=disparity.description,
        formula=disparity.formula,
        source=disparity.source,
        parts=disparity.metrics,
    )


def _place(metric: Metric) -> tuple[int, str]:
    return (_ORDER.index(metric.name) if metric.name in _ORDER else len(_ORDER), metric.name)


_FACTS = {"count", "share", "events", "true_positives", "false_positives", "true_negatives", "false_negatives"}
_ORDER = (
    "selection_rate",
    "prevalence",
    "true_positive_rate",
    "false_positive_rate",
    "true_negative_rate",
    "false_negative_rate",
    "precision",
    "negative_predictive_value",
    "false_discovery_rate",
    "false_omission_rate",
    "accuracy",
    "balanced_accuracy",
    "f1",
    "roc_auc",
    "brier_score",
    "log_loss",
    "expected_calibration_error",
    "mean_prediction",
    "mean_error",
    "mean_absolute_error",
    "root_mean_squared_error",
    "r2",
)
