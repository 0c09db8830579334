"""Explained rows to what every Shapley method reports: facts, global values, single cases and how far to trust them."""

from __future__ import annotations

import numpy as np

from audit.attribution.explained import Explained
from audit.attribution.observe import mean_of_rows, observed
from audit.attribution.shapes import cases, densities
from audit.declarations.attribution import Attributed, Ground
from audit.records.measured import Exact
from audit.records.observation import Observation
from audit.records.sections import AttributionMethodFacts


def account(name: str, label: str, ground: Ground, explained: Explained, asked: int) -> Attributed:
    """Tell the attributions of one method.

    Parameters
    ----------
    name, label : str
        The method's.
    ground : Ground
        The rows that were explained.
    asked : int
        How many sampled rows there were to explain.
    """
    sampled = explained.values[: ground.sampled]
    size = np.average(np.abs(sampled).mean(axis=2), axis=0, weights=ground.weight[: ground.sampled])
    order = [int(j) for j in np.argsort(-size, kind="stable")]
    facts = AttributionMethodFacts(
        name=name,
        label=label,
        status="done",
        game=explained.game,
        scale=explained.scale,
        rows=ground.sampled,
        rows_available=ground.available,
        background_rows=explained.background_rows,
        additivity_error=explained.additivity_error(),
        notes=(*explained.notes, *_notes(ground, explained, asked)),
        features=tuple(str(ground.rows.columns[j]) for j in order),
        base={class_: float(base) for class_, base in zip(ground.classes, explained.base, strict=True)},
        beeswarm={
            class_: densities(sampled[:, :, k], ground.rows.iloc[: ground.sampled], order)
            for k, class_ in enumerate(ground.classes)
        },
        cases=cases(ground, explained),
    )
    return Attributed(
        facts=facts,
        observations=(*_global(name, label, ground, explained, order), *_quality(name, ground, explained)),
        ground=ground,
        values=explained.values,
        base=explained.base,
        error=explained.error,
        importance=size,
    )


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


def _global(method: str, label: str, ground: Ground, explained: Explained, order: list[int]) -> list[Observation]:
    found = []
    mean = f"Mean |{label}| ({explained.scale})"
    several = len(ground.classes) > 1
    for j in order:
        feature, size = str(ground.rows.columns[j]), np.abs(explained.values[: ground.sampled, j])
        over = mean_of_rows(size.mean(axis=1), ground, floor=0.0)
        found.append(observed(method, feature, "", mean + (", mean of classes" if several else ""), over, ground))
        if several:
            found += [
                observed(method, feature, class_, mean, mean_of_rows(size[:, k], ground, floor=0.0), ground)
                for k, class_ in enumerate(ground.classes)
            ]
    return found


def _quality(method: str, ground: Ground, explained: Explained) -> list[Observation]:
    error = Observation(
        id=f"attribution/{method}/additivity_error",
        label=f"Largest |base + attributions - output| ({explained.scale})",
        measured=Exact(value=explained.additivity_error(), n=len(explained.values)),
        higher_is_better=False,
        scope=ground.scope,
    )
    if explained.error is None:
        return [error]
    sampling = Observation(
        id=f"attribution/{method}/sampling_error",
        label=f"Median standard error of one attribution ({explained.scale})",
        measured=Exact(value=float(np.median(explained.error)), n=len(explained.values)),
        higher_is_better=False,
        scope=ground.scope,
    )
    return [error, sampling]
