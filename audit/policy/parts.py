"""Holds what was measured against one control: a part for each thing that the control asks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import inf, isinf

from audit import catalogue
from audit.declarations.condition import Comparison, Condition, Number, Region, Ruling, rational
from audit.policy import wording
from audit.policy.case import Case
from audit.policy.measures import Asked, asked, companion_id
from audit.policy.multiplicity import adjusted
from audit.policy.outcomes import GRAVEST_FIRST
from audit.policy.pack import Control, Measure, MinSample, PackLimit
from audit.policy.phrases import plural, readable
from audit.policy.settling import crosses, n_to_settle
from audit.records.measured import Estimate, Exact, Undefined
from audit.records.observation import Observation
from audit.records.plan import STAGES
from audit.records.sections import GroupFacts
from audit.records.verdict import Outcome, Part


@dataclass(frozen=True)
class _Ready:
    """A number that a limit can be held against."""

    item: Asked
    observation: Observation
    measured: Exact | Estimate
    comparison: Comparison


def measured_parts(control: Control, measure: Measure, case: Case) -> tuple[Part, ...]:
    """Return a part for everything that a control asks for, in the order of its measure."""
    if control.limit is None:
        return tuple(_recorded(item, control, case) for item in asked(measure, case))
    condition = _condition(control.limit.decide_on)
    found = [_ready(item, control, control.limit, case) for item in asked(measure, case)]
    ready = [item for item in found if isinstance(item, _Ready)]
    comparisons = _comparisons(ready)
    family = _adjusted(ready, condition, control.limit, comparisons)
    ruled = iter([_ruled(item, control.limit, condition, comparisons) for item in family])
    parts = [part if isinstance(part, Part) else next(ruled) for part in found]
    return tuple(_aggregated(parts, family, measure))


def small_groups(control: Control, measure: Measure, case: Case) -> bool:
    """Whether a control finds a known group that is too small to be judged."""
    rule = control.min_sample or MinSample()
    groups = [item.group for item in asked(measure, case) if item.group and not item.group.unknown]
    return any(_small_group(group, True, rule, case) for group in groups)


def attestation_part(outcome: Outcome, control: str, reason: str) -> Part:
    """Return the part that a person's statement makes."""
    return Part(observation=f"attestation/{control}", outcome=outcome, reason=reason)


@cache
def _condition(name: str) -> Condition:
    # Entry points are looked up on every load, and a judgement loads the same few conditions again and again.
    condition: Condition = catalogue.load("conditions", name)
    return condition


# --- records -------------------------------------------------------------------------------------


def _recorded(item: Asked, control: Control, case: Case) -> Part:
    stage, _, rest = item.id.partition("/")
    if stage == "context":
        return _declared(item, rest, case)
    if stage == "subject":
        return _known(item, rest, case)
    if not rest and stage in STAGES:
        return _whole_stage(stage, case)
    observation = _observed(item, case)
    if isinstance(observation, Part):
        # A comparison is of known groups only; what can be told of an unknown one, such as its rate, is recorded.
        return _unknown(item, control) or observation
    match observation.measured:
        case Undefined(reason=reason):
            return Part(observation=item.id, outcome="not_run", reason=_undefined(item, observation, reason))
        case measured:
            text = f"{wording.measurement(item, observation, measured, None)}."
            rule = control.min_sample or MinSample()
            return Part(observation=item.id, outcome="recorded", reason=f"{text}{_may_be_left_out(item, rule, case)}")


def _may_be_left_out(item: Asked, rule: MinSample, case: Case) -> str:
    # What a record says of a group that a pack lets a reader leave out; the figure stays where it is.
    group = item.group
    if group is None or group.unknown or rule.group_share is None or group.share >= rule.group_share:
        return ""
    rate = case.by_id.get(companion_id(item, "selection_rate"))
    told = (
        f", rate {wording.number(float(rate.measured.value))}"
        if rate and not isinstance(rate.measured, Undefined)
        else ""
    )
    least = wording.number(100 * rule.group_share)
    share = wording.number(100 * group.share)
    return (
        f" The group is {share}% of the rows ({plural(group.n, 'row')}{told}), less than {least}%, and may be left out "
        f"with a reason (origin: {rule.origin})."
    )


def _declared(item: Asked, key: str, case: Case) -> Part:
    if key not in case.declared:
        where = f"context.{key}" if key in type(case.spec.context).model_fields else f"context.facts.{key}"
        return Part(observation=item.id, outcome="not_run", reason=f"Nobody declared it: write {where} in the spec.")
    return Part(observation=item.id, outcome="recorded", reason=f"The spec declares: {_text(case.declared[key])}.")


def _known(item: Asked, key: str, case: Case) -> Part:
    words = readable(key)
    if key not in case.facts:
        return Part(observation=item.id, outcome="not_run", reason=f"The audit has no {words}.")
    fact = case.facts[key]
    told = f"The audit has {fact:,} {words}." if key.endswith("_rows") else f"The audit's {words}: {_text(fact)}."
    return Part(observation=item.id, outcome="recorded", reason=told)


def _text(value: object) -> str:
    text = "; ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return text.rstrip(".")


def _whole_stage(stage: str, case: Case) -> Part:
    found = [observation for id, observation in case.by_id.items() if id.startswith(f"{stage}/")]
    defined = sum(not isinstance(observation.measured, Undefined) for observation in found)
    if defined:
        missing = len(found) - defined
        text = f"The record holds {plural(defined, 'figure')} of the {stage} stage"
        text += f", and says of {plural(missing, 'other')} why there is none." if missing else "."
        return Part(observation=stage, outcome="recorded", reason=text)
    return _absent(Asked(stage), case, "It gave no number.")


# --- what can be judged --------------------------------------------------------------------------


def _ready(item: Asked, control: Control, limit: PackLimit, case: Case) -> _Ready | Part:
    observation = _unknown(item, control) or _reference(item) or _observed(item, case)
    if isinstance(observation, Part):
        return observation
    measured = observation.measured
    if isinstance(measured, Undefined):
        return Part(observation=item.id, outcome="not_run", reason=_undefined(item, observation, measured.reason))
    small = _small(item, measured, control.min_sample or MinSample(), case)
    if small:
        return _below(item, observation, measured, limit, control.min_sample or MinSample(), small)
    companions = _other_level(item, observation, measured, limit) or _companions(item, limit, case)
    if isinstance(companions, str):
        return Part(observation=item.id, outcome="not_run", reason=companions)
    return _Ready(item, observation, measured, _comparison(measured, limit, companions))


def _observed(item: Asked, case: Case) -> Observation | Part:
    found = case.by_id.get(item.id) or case.by_id.get(item.wider)
    if found is not None:
        return found
    if item.missing:
        return Part(observation=item.id, outcome="not_run", reason=item.missing)
    return _absent(item, case, "It was not measured.")


def _absent(item: Asked, case: Case, otherwise: str) -> Part:
    """Return why there is no observation; a stage in error makes what it owed an error."""
    stage = case.stage(item.id.split("/", 1)[0])
    outcome: Outcome = "error" if stage.status == "error" else "not_run"
    if stage.stage == "fairness" and not case.spec.sensitive.grouped:
        otherwise = "The spec names no sensitive feature, so nobody was compared."
    reason = otherwise if stage.status == "done" else stage.reason or otherwise
    return Part(observation=item.id, outcome=outcome, reason=f"{wording.subject_of(item, None)}: {reason}")


def _unknown(item: Asked, control: Control) -> Part | None:
    policy = control.measure.unknown if control.measure else "count_and_exclude"
    if item.group is None or not item.group.unknown or policy == "own_group":
        return None
    counted = plural(item.group.n, "row")
    if policy == "error" and item.group.n:
        reason = f"The group is unknown for {counted}, which this control does not allow."
        return Part(observation=item.id, outcome="error", reason=reason)
    reason = f"The group is unknown for {counted}: counted, not judged."
    return Part(observation=item.id, outcome="not_applicable", reason=reason)


def _reference(item: Asked) -> Part | None:
    if item.group is None or item.reference is not item.group:
        return None
    reason = f"{item.group.label} is the reference group, which others are compared with."
    return Part(observation=item.id, outcome="not_applicable", reason=reason)


def _undefined(item: Asked, observation: Observation, reason: str) -> str:
    name = wording.subject_of(item, observation)
    # Many a reason names the measure itself.
    if reason.startswith(observation.label.split(":")[0]):
        return reason
    return f"{name} {'have' if wording.is_plural(name) else 'has'} no value: {reason}"


def _comparison(measured: Exact | Estimate, limit: PackLimit, companions: dict[str, float]) -> Comparison:
    value: Number = rational(measured.value)
    low, high = value, value
    if isinstance(measured, Estimate):
        low = -inf if measured.low is None else rational(measured.low)
        high = inf if measured.high is None else rational(measured.high)
    region = Region.of(limit.op, wording.limit_values(limit))
    return Comparison(value=value, low=low, high=high, region=region, alpha=limit.alpha, companions=companions)


def _other_level(item: Asked, observation: Observation, measured: Exact | Estimate, limit: PackLimit) -> str:
    """Return why an interval is not the one that the limit asks for, or nothing."""
    if limit.ci is None or not isinstance(measured, Estimate) or measured.level == limit.ci.level:
        return ""
    wanted, found = wording.number(100 * limit.ci.level), wording.number(100 * measured.level)
    name = wording.subject_of(item, observation)
    mend = f"set performance.interval.level to {limit.ci.level}"
    return f"{name} cannot be judged: the limit takes a {wanted}% interval and a {found}% one was measured; {mend}."


def _companions(item: Asked, limit: PackLimit, case: Case) -> dict[str, float] | str:
    """Return the other numbers that the condition reads, or why one of them is missing."""
    whom = wording.subject_of(item, case.by_id.get(item.id))
    numbers: dict[str, float] = {}
    for name, measure in limit.and_test.items():
        observation = case.by_id.get(companion_id(item, measure))
        if observation is None:
            return f"{whom} cannot be judged: {measure} was not measured."
        if isinstance(observation.measured, Undefined):
            return f"{whom} cannot be judged: {observation.measured.reason}"
        numbers[name] = observation.measured.value
    return numbers


# --- small groups --------------------------------------------------------------------------------


def _small(item: Asked, measured: Exact | Estimate, rule: MinSample, case: Case) -> str:
    """Return why a comparison rests on too little to be judged, or nothing."""
    if item.group is None:
        return _few("it has", measured.n, rule) if rule.group_n is not None and measured.n < rule.group_n else ""
    # A comparison is as weak as the smaller of the two groups that it compares.
    groups = [item.group] if item.reference in (None, item.group) else [item.group, item.reference]
    return next(
        (why for group in groups if group and (why := _small_group(group, group is item.group, rule, case))), ""
    ) or _weak(item, rule, case)


def _small_group(group: GroupFacts, own: bool, rule: MinSample, case: Case) -> str:
    who = "the group has" if own else f"the reference group {group.label} has"
    if rule.group_n is not None and group.n < rule.group_n:
        return _few(who, group.n, rule)
    least = case.spec.sensitive.minimum_group
    if group.small:
        return f"{who} {plural(group.n, 'row')}, fewer than {least} (sensitive.minimum_group)"
    if rule.group_share is not None and group.share < rule.group_share:
        return f"{who} less than {wording.number(100 * rule.group_share)}% of the rows (origin: {rule.origin})"
    return ""


def _few(who: str, n: int, rule: MinSample) -> str:
    return f"{who} {plural(n, 'row')}, fewer than {rule.group_n:,} (origin: {rule.origin})"


def _weak(item: Asked, rule: MinSample, case: Case) -> str:
    # How often the rarer outcome occurs is a matter of the group alone; the other two are of it beside a reference.
    for measure, suffix, least in (("events", "", rule.events), ("expected_cell", item.suffix, rule.expected_cell)):
        if least is not None and (short := _short(replace(item, suffix=suffix), measure, least, case)):
            return f"{short} (origin: {rule.origin})"
    if rule.reversal_check and _count(item, "selection_reversal", case) != 0:
        return "one different selection would turn the comparison round, or nobody checked whether it would"
    return ""


def _short(item: Asked, measure: str, least: float, case: Case) -> str:
    count = _count(item, measure, case)
    words = {"events": "rows with the rarer true label", "expected_cell": "rows expected in the emptiest cell"}[measure]
    if count is None:
        return f"the {words} were not counted"
    few = rational(count) < rational(least)
    return f"{wording.number(count)} {words}, fewer than {wording.number(least)}" if few else ""


def _count(item: Asked, measure: str, case: Case) -> float | None:
    observation = case.by_id.get(companion_id(item, measure))
    return None if observation is None or isinstance(observation.measured, Undefined) else observation.measured.value


def _below(
    item: Asked, observation: Observation, measured: Exact | Estimate, limit: PackLimit, rule: MinSample, small: str
) -> Part:
    outcome, told = _TOO_SMALL[rule.below]
    text = wording.measurement(item, observation, measured, limit)
    reason = f"{text}, against {wording.limit_words(limit)}; {told}: {small}."
    return Part(observation=item.id, outcome=outcome, reason=reason)


_TOO_SMALL: dict[str, tuple[Outcome, str]] = {
    "report_only": ("recorded", "it is shown and not judged"),
    "exclude_with_reason": ("not_applicable", "it is shown and left out"),
    "inconclusive": ("inconclusive", "it rests on too little to be judged"),
    "pool": ("inconclusive", "it has to be pooled with other periods or users before it is judged"),
    "fail": ("fail", "it rests on too little, which this control counts as a failure"),
}


# --- ruling --------------------------------------------------------------------------------------


def _comparisons(ready: Sequence[_Ready]) -> int:
    """Return how many comparisons a family is: beside a reference that may be any of its groups, all their pairs."""
    beside = Counter(item.item.picked for item in ready)
    return sum(n * (n + 1) // 2 if picked else n for picked, n in beside.items())


def _adjusted(ready: Sequence[_Ready], condition: Condition, limit: PackLimit, comparisons: int) -> list[_Ready]:
    """Put adjusted p-values in place of raw ones."""
    match condition.p_value:
        case None:
            return list(ready)
        case "value":
            values = adjusted([float(item.comparison.value) for item in ready], limit.multiplicity, comparisons)
            return [_with_value(item, rational(p)) for item, p in zip(ready, values, strict=True)]
        case companion:
            values = adjusted(
                [item.comparison.companions[companion] for item in ready], limit.multiplicity, comparisons
            )
            return [_with_companion(item, companion, p) for item, p in zip(ready, values, strict=True)]


def _with_value(item: _Ready, p: Number) -> _Ready:
    return replace(item, comparison=replace(item.comparison, value=p, low=p, high=p))


def _with_companion(item: _Ready, name: str, p: float) -> _Ready:
    companions = {**item.comparison.companions, name: p}
    return replace(item, comparison=replace(item.comparison, companions=companions))


def _ruled(item: _Ready, limit: PackLimit, condition: Condition, comparisons: int) -> Part:
    ruling = condition.decide(item.comparison)
    settled = _settled(item, condition) if ruling.outcome == "inconclusive" else ""
    if ruling.outcome == "inconclusive" and limit.on_inconclusive == "fail":
        ruling = Ruling("fail", f"{ruling.why}, and this control counts that as a failure")
    margin = item.comparison.margin
    return Part(
        observation=item.item.id,
        outcome=ruling.outcome,
        margin=None if isinf(margin) else float(margin),
        reason=_sentence(item, limit, condition, comparisons, ruling, settled),
    )


def _sentence(
    item: _Ready, limit: PackLimit, condition: Condition, comparisons: int, ruling: Ruling, settled: str
) -> str:
    text = wording.measurement(item.item, item.observation, item.measured, limit)
    tested = _tested(item, limit, condition, comparisons)
    remark = _remark(item, limit) if ruling.outcome == "pass" else ""
    return f"{text}{tested}, against {wording.limit_words(limit)}: {ruling.why}{remark}{settled}."


def _settled(item: _Ready, condition: Condition) -> str:
    """Return what n would have settled it, where it was the interval and no p-value that left it open."""
    if condition.p_value is not None or not crosses(item.comparison):
        return ""
    compared = item.item.reference is not None
    return wording.settling(n_to_settle(item.comparison, item.measured.n), compared=compared)


def _tested(item: _Ready, limit: PackLimit, condition: Condition, comparisons: int) -> str:
    """Return the p-value that decides with the value, and whether several comparisons were allowed for."""
    method = {"holm": "Holm's", "bh": "Benjamini and Hochberg's", "none": ""}[limit.multiplicity]
    adjusted_by = f" after {method} adjustment for {comparisons} comparisons" if method and comparisons > 1 else ""
    if condition.p_value == "value":
        p = wording.probability(float(item.comparison.value), wording.limit_values(limit))
        return adjusted_by and f", p {p}{adjusted_by}"
    if condition.p_value is not None:
        p = wording.probability(item.comparison.companions[condition.p_value], [limit.alpha or 0.0])
        return f", p {p}{adjusted_by}"
    joint = isinstance(item.measured, Estimate) and item.measured.method.endswith("_simultaneous")
    if joint:
        return ", its interval one of several that hold together"
    return adjusted_by and f", its interval not adjusted for {comparisons} comparisons"


def _remark(item: _Ready, limit: PackLimit) -> str:
    if limit.warn_value is None or Region.of(limit.op, (limit.warn_value,)).contains(item.comparison.value):
        return ""
    return f", though it is past the warning level of {wording.number(limit.warn_value)}"


def _aggregated(parts: list[Part], family: Sequence[_Ready], measure: Measure) -> Iterator[Part]:
    """Keep the one ruled part that an aggregate is about, and every part that could not be ruled on."""
    if measure.aggregate == "each" or not family:
        yield from parts
        return
    ruled = {item.item.id: item.comparison for item in family}
    if measure.aggregate == "worst":
        # The gravest outcome first: a group may be in doubt although its point is further inside the limit.
        weighed = [part for part in parts if part.observation in ruled]
        worst = min(weighed, key=lambda p: (GRAVEST_FIRST.index(p.outcome), ruled[p.observation].margin))
        chosen = worst.observation
    else:
        chosen = (min if measure.aggregate == "min" else max)(ruled, key=lambda id: ruled[id].value)
    yield from (part for part in parts if part.observation not in ruled or part.observation == chosen)
