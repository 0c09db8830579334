"""Shapley values of predictions: what each column adds to the base value, summed up over rows and told case by case."""

from __future__ import annotations

import numpy as np

from audit.attribution.explain import explain
from audit.attribution.explained import Explained
from audit.attribution.observe import mean_of_rows, observed
from audit.attribution.shapes import cases, densities
from audit.declarations.attribution import AttributionMethod, Ground
from audit.records.measured import Exact
from audit.records.observation import Observation
from audit.records.sections import AttributionMethodFacts
from audit.subject.evidence import Capability

_LABEL = "SHAP"


def attribute(ground: Ground) -> tuple[AttributionMethodFacts, tuple[Observation, ...]]:
    """Attribute every sampled row and single case in one pass."""
    available = ground.sampled
    ground, explained = explain(ground)
    sampled = explained.values[: ground.sampled]
    size = np.average(np.abs(sampled).mean(axis=2), axis=0, weights=ground.weight[: ground.sampled])
    order = [int(j) for j in np.argsort(-size, kind="stable")]
    facts = AttributionMethodFacts(
        name="shap",
        label=_LABEL,
        status="done",
        game=explained.game,
        scale=explained.scale,
        rows=ground.sampled,
        rows_available=ground.available,
        background_rows=explained.background_rows,
        additivity_error=explained.additivity_error(),
        notes=(*explained.notes, *_notes(ground, explained, available)),
        features=tuple(str(ground.rows.columns[j]) for j in order),
        base={name: float(base) for name, base in zip(ground.classes, explained.base, strict=True)},
        beeswarm={
            name: densities(sampled[:, :, k], ground.rows.iloc[: ground.sampled], order)
            for k, name in enumerate(ground.classes)
        },
        cases=cases(ground, explained),
    )
    return facts, (*_global(ground, explained, order), *_quality(ground, explained))


def _notes(ground: Ground, explained: Explained, asked: int) -> list[str]:
    notes = []
    if ground.sampled < asked:
        notes.append(
            f"Global values rest on {ground.sampled} of the {asked} sampled rows, to stay within the budget of "
            "operations or predictions."
        )
    if explained.background_rows:
        notes.append(f"The {explained.background_rows} background rows come from the {ground.background_from} table.")
    return notes


def _global(ground: Ground, explained: Explained, order: list[int]) -> list[Observation]:
    found = []
    label = f"Mean |SHAP| ({explained.scale})"
    several = len(ground.classes) > 1
    for j in order:
        feature, size = str(ground.rows.columns[j]), np.abs(explained.values[: ground.sampled, j])
        over = mean_of_rows(size.mean(axis=1), ground, floor=0.0)
        found.append(observed("shap", feature, "", label + (", mean of classes" if several else ""), over, ground))
        if several:
            found += [
                observed("shap", feature, name, label, mean_of_rows(size[:, k], ground, floor=0.0), ground)
                for k, name in enumerate(ground.classes)
            ]
    return found


def _quality(ground: Ground, explained: Explained) -> list[Observation]:
    error = Observation(
        id="attribution/shap/additivity_error",
        label=f"Largest |base + attributions - output| ({explained.scale})",
        measured=Exact(value=explained.additivity_error(), n=len(explained.values)),
        higher_is_better=False,
        scope=ground.scope,
    )
    if explained.error is None:
        return [error]
    sampling = Observation(
        id="attribution/shap/sampling_error",
        label=f"Median standard error of one attribution ({explained.scale})",
        measured=Exact(value=float(np.median(explained.error)), n=len(explained.values)),
        higher_is_better=False,
        scope=ground.scope,
    )
    return [error, sampling]


METHOD = AttributionMethod(
    name="shap",
    label=_LABEL,
    game="Shapley values of the model's output",
    attribute=attribute,
    needs=frozenset({Capability.PREDICT}),
    order=10,
)
