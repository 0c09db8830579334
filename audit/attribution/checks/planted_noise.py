"""Whether a column that was turned into noise before the model was trained ends below the real ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.attribution.again import attempted, few
from audit.attribution.likeness import above_draws, low_of, mean_over
from audit.attribution.refitted import Change, fittable, on, refitted
from audit.attribution.told import Told, listed, observed, of_each, sizes
from audit.declarations.attribution import Attributed, MethodNotRunError
from audit.declarations.attribution_check import (
    AttributionCheck,
    AttributionCheckNotRunError,
    Audited,
    Done,
    Held,
)
from audit.records.measured import Estimate
from audit.subject.evidence import LoadedModel

SHARE = 10
"""A run on a model fitted anew may cost one part in so many of what the method may ask."""
Array = NDArray[np.float64]


def find(audited: Audited) -> Held:
    """Shuffle a column in every table, fit a copy of the model, and see where that column stands among the others."""
    fittable(audited.evidence)
    names = [str(c) for c in audited.ground.rows.columns]
    if len(names) < 2:
        raise AttributionCheckNotRunError("A single column has no other to be compared with.")
    rng = np.random.default_rng(audited.seed)
    planted = [int(j) for j in rng.permutation(len(names))[: max(2, audited.refits)]]
    models = [refitted(audited, _noise(j, rng)).model for j in planted]
    told = of_each(audited, lambda done: _measured(audited, done, planted, models), CHECK.measures)
    failures, parts = {}, []
    for done, measures in told:
        below, margin = measures["noise_share_below"], measures["noise_margin"]
        if isinstance(below, Estimate):
            parts.append(f"{done.method.label} {100 * below.value:.0f} %")
        if low_of(margin) <= 0 and isinstance(margin, Estimate):
            failures[done.method.name] = "does not tell its first column from one that was turned into noise"
    return Held(
        summary=f"Share of real columns above one that was turned into noise ({listed([names[j] for j in planted])}, "
        f"each in its turn): {'; '.join(parts)}."
        if parts
        else "No method gives sizes of columns that could be compared.",
        observations=tuple(
            observed(audited, done, name, _LABELS[name], m[name], True) for done, m in told for name in CHECK.measures
        ),
        failures=failures,
    )


_LABELS = {
    "noise_share_below": "share of real columns that stand above one turned into noise",
    "noise_margin": "share by which its first column exceeds one turned into noise",
}


def _noise(column: int, rng: np.random.Generator) -> Change:
    def change(features: pd.DataFrame, target: pd.Series) -> tuple[pd.DataFrame, pd.Series]:
        return shuffled(features, column, rng), target

    return change


def shuffled(rows: pd.DataFrame, column: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return rows in which one column is shuffled, its type kept."""
    changed = rows.copy()
    taken = rows.iloc[:, column].array.take(rng.permutation(len(rows)))
    changed.isetitem(column, taken)
    return changed


def _measured(audited: Audited, done: Done, planted: list[int], models: list[LoadedModel]) -> Told:
    rng = np.random.default_rng(audited.seed + 1)
    own = few(done, audited.ground, SHARE)
    above, firsts, noise = [], [], []
    for j, model in zip(planted, models, strict=True):
        rows, background = (shuffled(t, j, rng) for t in (own.rows, own.background))
        changed = on(audited.ground, audited.evidence, replace(own, model=model, rows=rows, background=background))
        run = attempted(done, changed)
        if isinstance(run, MethodNotRunError):
            raise run
        size = _sizes(run)
        others = np.delete(size, j)
        above.append(float((others > size[j]).mean()))
        firsts.append(float(others.max()))
        noise.append(float(size[j]))
    return {
        "noise_share_below": mean_over(np.array(above), audited.level, (0.0, 1.0)),
        # The first column is the largest of several: each may lie above noise by chance.
        "noise_margin": above_draws(float(np.mean(firsts)), np.array(noise), _of_several(audited.level, len(size) - 1)),
    }


def _of_several(level: float, columns: int) -> float:
    """Return the level at which each of several columns is held, so that all of them are held at `level`.

    >>> round(_of_several(0.95, 5), 4)
    0.99
    """
    return 1 - (1 - level) / columns


def _sizes(run: Attributed) -> Array:
    found = run.importance if run.values is None else sizes(run.values)
    if found is None:
        raise MethodNotRunError("It gave no sizes of columns when it was run once more.")
    return found


CHECK = AttributionCheck(
    name="planted_noise",
    label="Real columns above planted noise",
    find=find,
    measures=("noise_share_below", "noise_margin"),
    convention="Fails where the first column lies within what columns turned into noise are given.",
    fits=True,
    source="Kursa and Rudnicki (2010), Feature selection with the Boruta package, doi:10.18637/jss.v036.i11",
)
