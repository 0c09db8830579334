"""How predictions move with each column where the rows really are, over all rows and in each group of people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audit.attribution.accumulated import Accumulation, Local, accumulated, error_of, local_changes, predictions_per_row
from audit.attribution.by_group import FEWEST, Group, groups_of
from audit.attribution.levels import Levels, levels_of
from audit.attribution.output import output
from audit.attribution.shapes import text_of
from audit.declarations.attribution import Attributed, AttributionMethod, Ground, MethodNotRunError
from audit.estimation.intervals import student
from audit.records.effects import Effect, EffectLine
from audit.records.measured import Estimate
from audit.records.observation import Observation, encoded
from audit.records.sections import AttributionMethodFacts
from audit.subject.evidence import Capability

NAME = "accumulated_local_effects"
_LABEL = "Accumulated local effects"
_GAME = "change of the prediction as one column moves to neighbouring values, summed up (first-order ALE)"
_BINS = 20
_DRAWN = 8


@dataclass(frozen=True)
class _Found:
    levels: Levels
    overall: Accumulation
    groups: tuple[tuple[Group, Accumulation], ...]


def attribute(ground: Ground) -> Attributed:
    """Accumulate the effects of every column over the sampled rows, and those of the strongest in each group."""
    d = ground.rows.shape[1]
    n = min(ground.sampled, ground.budget // predictions_per_row(d))
    rows, weight = ground.rows.iloc[:n], ground.weight[:n]
    levels = [one for j in range(d) if (one := levels_of(rows, j, weight, _BINS)) is not None]
    if n < 2 or not levels:
        raise MethodNotRunError("No column has two values that a row could be moved between.")
    said = output(ground)
    local = local_changes(said.compute, rows, levels)
    overall = [accumulated(one, weight, ground.sampling_weights) for one in local]
    order = sorted(range(len(local)), key=lambda i: (-float(overall[i].size.mean()), i))
    groups, left_out = groups_of(ground, n)
    found = [
        _Found(levels[i], overall[i], _in_groups(local[i], groups if place < _DRAWN else [], ground, n))
        for place, i in enumerate(order)
    ]
    names = [str(name) for name in ground.rows.columns]
    still = [name for j, name in enumerate(names) if j not in {one.column for one in levels}]
    size = np.zeros(d)
    size[[one.column for one in levels]] = [float(one.size.mean()) for one in overall]
    facts = AttributionMethodFacts(
        name=NAME,
        label=_LABEL,
        status="done",
        game=_GAME,
        scale=said.scale,
        rows=n,
        rows_available=ground.available,
        notes=(*_notes(ground, n, still, left_out), *said.notes),
        features=tuple(names[one.levels.column] for one in found),
        effects=tuple(_effect(one, names, ground, n) for one in found[:_DRAWN]),
    )
    observations = [o for one in found for o in _observations(one, names[one.levels.column], said.scale, ground, n)]
    return Attributed(facts=facts, observations=tuple(observations), importance=size)


def _in_groups(local: Local, groups: list[Group], ground: Ground, n: int) -> tuple[tuple[Group, Accumulation], ...]:
    weight = ground.weight[:n]
    known = local.levels.place >= 0
    return tuple(
        (group, accumulated(local, weight, ground.sampling_weights, group.member))
        for group in groups
        if weight[group.member & known].sum() > 0
    )


def _notes(ground: Ground, n: int, still: list[str], left_out: list[str]) -> list[str]:
    notes = []
    if n < ground.sampled:
        notes.append(f"Rests on {n} of the {ground.sampled} sampled rows, to stay within the budget of predictions.")
    if still:
        notes.append(f"No effect is told of columns with fewer than two values, or of times: {', '.join(still)}.")
    if left_out:
        shown = ", ".join(left_out[:8]) + (f" and {len(left_out) - 8} more" if len(left_out) > 8 else "")
        notes.append(f"Groups without a curve (under {FEWEST} sampled rows, or unknown): {shown}.")
    return notes


def _effect(found: _Found, names: list[str], ground: Ground, n: int) -> Effect:
    levels = found.levels
    return Effect(
        feature=names[levels.column],
        x=tuple(levels.x.tolist()),
        categories=levels.categories,
        ordered_by=levels.ordered_by,
        density=tuple(found.overall.density.tolist()),
        missing=_missing(levels, ground.weight[:n]),
        lines=tuple(
            _line(kind, key, k, one, ground, n)
            for k in range(len(ground.classes))
            for kind, key, one in [("overall", "", found.overall), *(("group", g.key, a) for g, a in found.groups)]
        ),
        ends=found.overall.ends,
        level=ground.level,
        method=_method(ground),
    )


def _missing(levels: Levels, weight: NDArray[np.float64]) -> float:
    return min(1.0, float(weight @ levels.missing) / float(weight.sum()))


def _line(kind: str, key: str, k: int, found: Accumulation, ground: Ground, n: int) -> EffectLine:
    y = found.y[:, k]
    low = high = None
    freedom = _freedom(found, ground, n)
    if freedom >= 1:
        error = _error(found.y_influence[:, :, k], ground, n)
        low, high = (tuple(np.asarray(end).tolist()) for end in _ends(y, error, freedom, ground.level))
    return EffectLine(
        kind="group" if kind == "group" else "overall",
        key=key,
        class_=ground.classes[k],
        y=tuple(y.tolist()),
        low=low,
        high=high,
        n=found.n,
    )


def _error(influence: NDArray[np.float64], ground: Ground, n: int) -> NDArray[np.float64]:
    own = None if ground.cluster is None else ground.cluster[:n]
    return error_of(influence, ground.weight[:n], ground.sampling_weights, own)


def _freedom(found: Accumulation, ground: Ground, n: int) -> float:
    if ground.cluster is None:
        return found.freedom
    return min(found.freedom, float(len(np.unique(ground.cluster[:n][ground.weight[:n] > 0])) - 1))


def _method(ground: Ground) -> str:
    return "linearised_t" if ground.cluster is None else "linearised_t_clustered"


def _ends(
    value: NDArray[np.float64], error: NDArray[np.float64], freedom: float, level: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    _, half = student(0.0, 1.0, freedom, level)
    return value - half * error, value + half * error


def _observations(found: _Found, feature: str, scale: str, ground: Ground, n: int) -> list[Observation]:
    several = len(ground.classes) > 1

    def estimate(value: float, influence: NDArray[np.float64], one: Accumulation, floor: float | None) -> Estimate:
        low, high = None, None
        freedom = _freedom(one, ground, n)
        if freedom >= 1:
            low, high = student(value, float(_error(influence, ground, n)), freedom, ground.level)
            low = low if floor is None else max(low, floor)
        return Estimate(value=value, low=low, high=high, level=ground.level, method=_method(ground), n=one.n)

    def observe(id: str, label: str, measured: Estimate) -> Observation:
        return Observation(id=f"attribution/{NAME}/{id}", label=label, measured=measured, scope=ground.scope)

    whole, name = found.overall, encoded(feature)
    mean = estimate(float(whole.size.mean()), whole.size_influence.mean(axis=1), whole, 0.0)
    told = f"Size of the effect, standard deviation over rows ({scale}{', mean of classes' if several else ''})"
    made = [observe(f"global/{name}", f"{told}: {feature}", mean)]
    for k, class_ in enumerate(ground.classes):
        tail = f"/class={encoded(class_)}" if several else ""
        also = f", class {class_}" if several else ""
        if several:
            size = estimate(float(whole.size[k]), whole.size_influence[:, k], whole, 0.0)
            told = f"Size of the effect, standard deviation over rows ({scale}): {feature}{also}"
            made.append(observe(f"global/{name}{tail}", told, size))
        told = f"Change of the prediction ({scale}), {feature} {_from_to(found)}"
        for key, one in [("", whole), *((group.key, a) for group, a in found.groups)]:
            change = estimate(float(one.change[k]), one.change_influence[:, k], one, None)
            where = f", {key}" if key else ""
            made.append(observe(f"change/{name}{f'/{key}' if key else ''}{tail}", f"{told}{where}{also}", change))
    return made


def _from_to(found: _Found) -> str:
    low, high = found.overall.ends
    levels = found.levels
    ends = [levels.categories[i] if levels.categories else text_of(float(levels.x[i])) for i in (low, high)]
    return f"from {ends[0]} to {ends[1]}"


METHOD = AttributionMethod(
    name=NAME,
    label=_LABEL,
    game=_GAME,
    attribute=attribute,
    needs=frozenset({Capability.PREDICT}),
    order=25,
)
