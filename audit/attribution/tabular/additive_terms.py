"""The terms of a model that adds up one function of each column: a generalised additive model, term by term, exactly.

Whether a model is one is tried, not guessed from its type: splines with a linear model, boosted stumps and boosted
trees without interactions are, on the scale that they add up on. With every other column held at one row's values the
output moves by the column's own function alone; that these sum to the output of every row is what is tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.attribution.boosters import booster_of
from audit.attribution.forests import forest_of
from audit.attribution.levels import Levels, levels_of
from audit.attribution.linear import linear_of
from audit.attribution.observe import mean_of_rows, observed
from audit.attribution.output import Output, output
from audit.attribution.replaced import Copy, outputs
from audit.attribution.shapes import text_of
from audit.attribution.split import explained_columns, split_of
from audit.declarations.attribution import Attributed, AttributionMethod, Ground, MethodNotRunError
from audit.records.effects import Effect, EffectLine
from audit.records.measured import Exact
from audit.records.observation import Observation, encoded
from audit.records.sections import AttributionMethodFacts
from audit.subject.evidence import Capability

NAME = "additive_terms"
_LABEL = "Additive terms"
_GAME = "the function of each column that the model adds up, exact"
_ROWS = 300
_TRIED = 50
_BINS = 40
_DRAWN = 12
_ROUNDING = 1e-6

Array = NDArray[np.float64]


def attribute(ground: Ground) -> Attributed:
    """Try whether the output is a sum of functions of single columns, and tell them if it is."""
    d = ground.rows.shape[1]
    # Rows are tried before more are told of, and both cost predictions.
    affordable = ground.budget // (d + 2)
    tried = max(1, min(_TRIED, affordable // 2))
    n = min(ground.sampled, _ROWS, max(2, affordable - tried))
    said, rows = _summed(ground), ground.rows.iloc[:n].reset_index(drop=True)
    _, _, _, away = _parts(said, rows.iloc[: min(n, tried)])
    _refuse(ground, away)
    terms, whole, start, away = _parts(said, rows)
    _refuse(ground, away)
    share = ground.weight[:n] / ground.weight[:n].sum()
    middle = np.einsum("n,njk->jk", share, terms)
    terms = terms - middle
    base = start + middle.sum(axis=0)
    size = np.einsum("n,njk->j", share, np.abs(terms)) / terms.shape[2]
    names = [str(name) for name in rows.columns]
    found = [levels_of(rows, j, ground.weight[:n], _BINS) for j in range(d)]
    order = [j for j in np.argsort(-size, kind="stable").tolist() if found[j] is not None and size[j] > 0]
    facts = AttributionMethodFacts(
        name=NAME,
        label=_LABEL,
        status="done",
        game=_GAME,
        scale=said.scale,
        rows=n,
        rows_available=ground.available,
        additivity_error=float(np.abs(whole - base - terms.sum(axis=1)).max()),
        notes=(*_notes(names, size), *said.notes),
        features=tuple(names[j] for j in order),
        base={name: float(value) for name, value in zip(ground.classes, base, strict=True)},
        effects=tuple(_effect(names[j], _known(found[j]), terms[:, j], ground) for j in order[:_DRAWN]),
    )
    observations = [
        o for j in order for o in _observations(names[j], _known(found[j]), terms[:, j], said.scale, ground)
    ]
    return Attributed(facts=facts, observations=tuple(observations), importance=size)


def _summed(ground: Ground) -> Output:
    # The output on the scale that the model adds up on, where that is known; else the one that is attributed.
    if ground.scale is not None:
        return output(ground)
    split, columns = split_of(ground.model), explained_columns(ground)
    model = split.predictor
    kind = booster_of(model, columns) or forest_of(model, columns) or linear_of(model, columns)
    if kind is None or bool(columns) != bool(ground.subject.classes):
        return output(ground)
    return Output(lambda rows: np.asarray(kind.output(split.encode(rows)), dtype=np.float64), kind.scale)


def _parts(said: Output, rows: pd.DataFrame) -> tuple[Array, Array, Array, float]:
    # (n, d, K) what each column adds to the first row's output, (n, K) the outputs, (K,) the first of them, and the
    # largest departure of the sums from the outputs, as a share of their size.
    n, d = rows.shape
    first = np.zeros(n, dtype=np.int64)
    copies = [Copy(tuple(i for i in range(d) if i != j), (first,) * (d - 1)) for j in range(d)]
    whole = said.compute(rows)
    alone = np.stack(list(outputs(said.compute, rows, n, copies)), axis=1)
    terms = alone - whole[0]
    away = np.abs(whole - whole[0] - terms.sum(axis=1)).max() / max(1e-300, float(np.abs(whole).max()), 1.0)
    return terms, whole, whole[0], float(away)


def _refuse(ground: Ground, away: float) -> None:
    if not away <= _ROUNDING:
        name = type(split_of(ground.model).predictor).__name__
        raise MethodNotRunError(
            f"{name} is no sum of functions of single columns: some rows depart from every such sum."
        )


def _notes(names: list[str], size: Array) -> Iterator[str]:
    unused = [name for name, value in zip(names, size, strict=True) if value == 0]
    if unused:
        yield f"Nothing is added for: {', '.join(unused)}."


def _known(levels: Levels | None) -> Levels:
    assert levels is not None
    return levels


def _effect(feature: str, levels: Levels, term: Array, ground: Ground) -> Effect:
    weight = ground.weight[: len(term)]
    return Effect(
        feature=feature,
        x=tuple(levels.x.tolist()),
        categories=levels.categories,
        ordered_by=levels.ordered_by,
        density=tuple(levels.density(weight).tolist()),
        missing=min(1.0, float(weight @ levels.missing) / float(weight.sum())),
        lines=tuple(
            EffectLine(class_=class_, y=tuple(term[levels.at, k].tolist()), n=len(term))
            for k, class_ in enumerate(ground.classes)
        ),
        ends=levels.ends(weight),
    )


def _observations(feature: str, levels: Levels, term: Array, scale: str, ground: Ground) -> Iterator[Observation]:
    part, several = replace(ground, sampled=len(term)), len(ground.classes) > 1
    label = f"Mean |term| ({scale}{', mean of classes' if several else ''})"
    yield observed(NAME, feature, "", label, mean_of_rows(np.abs(term).mean(axis=1), part, floor=0.0), ground)
    low, high = levels.ends(part.weight[: len(term)])
    ends = [levels.categories[i] if levels.categories else text_of(float(levels.x[i])) for i in (low, high)]
    for k, class_ in enumerate(ground.classes):
        if several:
            size = mean_of_rows(np.abs(term[:, k]), part, floor=0.0)
            yield observed(NAME, feature, class_, f"Mean |term| ({scale})", size, ground)
        yield Observation(
            id=f"attribution/{NAME}/change/{encoded(feature)}" + (f"/class={encoded(class_)}" if several else ""),
            label=f"Change of the term ({scale}), {feature} from {ends[0]} to {ends[1]}"
            + (f", class {class_}" if several else ""),
            measured=Exact(value=float(term[levels.at[high], k] - term[levels.at[low], k]), n=len(term)),
            scope=ground.scope,
        )


METHOD = AttributionMethod(
    name=NAME,
    label=_LABEL,
    game=_GAME,
    attribute=attribute,
    needs=frozenset({Capability.PREDICT}),
    order=32,
)
