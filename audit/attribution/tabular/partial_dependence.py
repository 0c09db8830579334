"""What the model says on average when a column is set to one value in every row, and how far single rows differ.

The mean over rows of the prediction with one column replaced (Friedman 2001, doi:10.1214/aos/1013203451); the curves of
single rows (Goldstein et al. 2015, doi:10.1080/10618600.2014.907095) are told by quantiles, each curve less its first
value. Rows are put where no row may be: of correlated columns, accumulated local effects tell more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from audit.attribution.by_group import FEWEST, Group, groups_of
from audit.attribution.levels import Levels, levels_of
from audit.attribution.observe import independent, mean_of_rows, observed
from audit.attribution.output import output
from audit.attribution.replaced import curves_of
from audit.attribution.shapes import text_of
from audit.declarations.attribution import Attributed, AttributionMethod, Ground, MethodNotRunError
from audit.estimation.intervals import mean_and_error, student
from audit.records.effects import Effect, EffectLine
from audit.records.observation import Observation, encoded
from audit.records.sections import AttributionMethodFacts
from audit.subject.evidence import Capability

NAME = "partial_dependence"
_LABEL = "Partial dependence"
_GAME = "mean prediction with one column set to a value in every row (PDP), and the curves of single rows (ICE)"
_BINS = 20
_DRAWN = 8
_QUANTILES = (0.1, 0.5, 0.9)

Array = NDArray[np.float64]


def attribute(ground: Ground) -> Attributed:
    """Set every column to up to 21 of its values in every sampled row."""
    pool, names = ground.rows.iloc[: ground.sampled], [str(name) for name in ground.rows.columns]
    every = [levels_of(pool, j, ground.weight[: ground.sampled], _BINS) for j in range(len(names))]
    levels = [one for one in every if one is not None]
    if not levels:
        raise MethodNotRunError("No column has two values that rows could be set to.")
    n = min(ground.sampled, ground.budget // sum(len(one.at) for one in levels))
    if n < 2:
        raise MethodNotRunError("The budget of predictions is too small for two rows.")
    said, part = output(ground), replace(ground, sampled=n)
    curves = curves_of(said.compute, pool, n, [(one.column, one.at) for one in levels])
    size = np.zeros(len(names))
    size[[one.column for one in levels]] = [
        float(np.average(_pulls(curve, ground.weight[:n]), axis=0, weights=ground.weight[:n]).mean())
        for curve in curves
    ]
    order = sorted(range(len(levels)), key=lambda i: (-size[levels[i].column], i))
    groups, left_out = groups_of(ground, n)
    facts = AttributionMethodFacts(
        name=NAME,
        label=_LABEL,
        status="done",
        game=_GAME,
        scale=said.scale,
        rows=n,
        rows_available=ground.available,
        notes=(*_notes(ground, n, left_out), *said.notes),
        features=tuple(names[levels[i].column] for i in order),
        effects=tuple(_effect(names[levels[i].column], levels[i], curves[i], groups, part) for i in order[:_DRAWN]),
    )
    observations = [
        o
        for place, i in enumerate(order)
        for o in _observations(
            names[levels[i].column], levels[i], curves[i], groups if place < _DRAWN else [], said.scale, part
        )
    ]
    return Attributed(facts=facts, observations=tuple(observations), importance=size)


def _notes(ground: Ground, n: int, left_out: list[str]) -> Iterator[str]:
    if n < ground.sampled:
        yield f"Rests on {n} of the {ground.sampled} sampled rows, to stay within the budget of predictions."
    if left_out:
        shown = ", ".join(left_out[:8]) + (f" and {len(left_out) - 8} more" if len(left_out) > 8 else "")
        yield f"Groups without a curve (under {FEWEST} sampled rows, or unknown): {shown}."


def _pulls(curve: Array, weight: Array) -> Array:
    # (n, K) what each row adds to the standard deviation of the mean curve over its values: their mean is that.
    mean = np.einsum("n,ngk->gk", weight / weight.sum(), curve)
    away = mean - mean.mean(axis=0)
    spread = np.sqrt((away**2).mean(axis=0))
    pulled = np.einsum("gk,ngk->nk", away, curve) / len(away)
    return np.asarray(np.divide(pulled, spread, out=np.zeros_like(pulled), where=spread > 0), dtype=np.float64)


def _effect(feature: str, levels: Levels, curve: Array, groups: list[Group], part: Ground) -> Effect:
    weight = part.weight[: len(curve)]
    lines = [
        line
        for k, class_ in enumerate(part.classes)
        for line in (
            _line("overall", "", class_, curve[:, :, k], part),
            *(
                _line("group", group.key, class_, curve[group.member, :, k], _of(part, group.member))
                for group in groups
                if weight[group.member].sum() > 0
            ),
            *_quantiles(class_, curve[:, :, k], weight),
        )
    ]
    return Effect(
        feature=feature,
        x=tuple(levels.x.tolist()),
        categories=levels.categories,
        ordered_by=levels.ordered_by,
        density=tuple(levels.density(weight).tolist()),
        missing=min(1.0, float(weight @ levels.missing[: len(curve)]) / float(weight.sum())),
        lines=tuple(lines),
        centred=False,
        ends=levels.ends(weight),
        level=part.level,
        method="student_t" if part.cluster is None else "student_t_clustered",
    )


def _of(part: Ground, member: NDArray[np.bool_]) -> Ground:
    # The rows of one group, as far as means over rows read them.
    n = len(member)
    cluster = None if part.cluster is None else part.cluster[:n][member]
    return replace(part, weight=part.weight[:n][member], cluster=cluster, sampled=int(member.sum()))


def _line(kind: str, key: str, class_: str, curve: Array, part: Ground) -> EffectLine:
    own = None if part.cluster is None else part.cluster[: len(curve)]
    weight = part.weight[: len(curve)]
    told = [
        mean_and_error(values, *independent(values, weight, part.sampling_weights, own, part.level)[:2])
        for values in curve.T
    ]
    ends: list[tuple[float, float]] = []
    if told[0][2] >= 1:
        ends = [student(mean, error, freedom, part.level) for mean, error, freedom in told]
    return EffectLine(
        kind="group" if kind == "group" else "overall",
        key=key,
        class_=class_,
        y=tuple(mean for mean, _, _ in told),
        low=tuple(low for low, _ in ends) or None,
        high=tuple(high for _, high in ends) or None,
        n=len(curve),
    )


def _quantiles(class_: str, curve: Array, weight: Array) -> list[EffectLine]:
    counted = weight > 0
    moved = (curve - curve[:, :1])[counted]
    levels = np.quantile(moved, _QUANTILES, axis=0, method="inverted_cdf", weights=weight[counted])
    return [
        EffectLine(kind="quantile", key=f"{q:g}", class_=class_, y=tuple(y.tolist()), n=len(curve))
        for q, y in zip(_QUANTILES, levels, strict=True)
    ]


def _observations(
    feature: str, levels: Levels, curve: Array, groups: list[Group], scale: str, part: Ground
) -> Iterator[Observation]:
    several, weight = len(part.classes) > 1, part.weight[: len(curve)]
    told = f"Standard deviation of the mean prediction over the feature's values ({scale})"
    pulled = _pulls(curve, weight)
    overall = mean_of_rows(pulled.mean(axis=1), part, floor=0.0)
    yield observed(NAME, feature, "", told + (", mean of classes" if several else ""), overall, part)
    low, high = levels.ends(weight)
    ends = [levels.categories[i] if levels.categories else text_of(float(levels.x[i])) for i in (low, high)]
    for k, class_ in enumerate(part.classes):
        if several:
            yield observed(NAME, feature, class_, told, mean_of_rows(pulled[:, k], part, floor=0.0), part)
        change = curve[:, high, k] - curve[:, low, k]
        for key, member in [("", np.ones(len(curve), dtype=np.bool_)), *((g.key, g.member) for g in groups)]:
            if not weight[member].sum() > 0:
                continue
            tail = (f"/{key}" if key else "") + (f"/class={encoded(class_)}" if several else "")
            label = f"Change of the mean prediction ({scale}), {feature} from {ends[0]} to {ends[1]}"
            yield Observation(
                id=f"attribution/{NAME}/change/{encoded(feature)}{tail}",
                label=label + (f", {key}" if key else "") + (f", class {class_}" if several else ""),
                measured=mean_of_rows(change[member], _of(part, member)),
                scope=part.scope,
            )


METHOD = AttributionMethod(
    name=NAME,
    label=_LABEL,
    game=_GAME,
    attribute=attribute,
    needs=frozenset({Capability.PREDICT}),
    default=False,
    order=26,
)
