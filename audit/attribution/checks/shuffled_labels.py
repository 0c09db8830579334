"""Whether attributions fall to noise when the model is trained on labels that were shuffled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from audit.attribution.again import attempted, few
from audit.attribution.likeness import above_draws, low_of
from audit.attribution.refitted import fittable, on, refitted
from audit.attribution.told import Told, observed, of_each, sizes
from audit.declarations.attribution import Attributed, Ground, MethodNotRunError
from audit.declarations.attribution_check import AttributionCheck, Audited, Done, Held
from audit.records.measured import Estimate, Undefined

SHARE = 10
"""A run on a model fitted anew may cost one part in so many of what the method may ask."""
_NOTHING = "No column has any size."


def find(audited: Audited) -> Held:
    """Fit copies of the model on shuffled labels, and hold the largest size of a column against theirs."""
    fittable(audited.evidence)
    rng = np.random.default_rng(audited.seed)

    def shuffled(features: pd.DataFrame, target: pd.Series) -> tuple[pd.DataFrame, pd.Series]:
        return features, pd.Series(
            target.array.take(rng.permutation(len(target))), index=target.index, name=target.name
        )

    grounds = [refitted(audited, shuffled) for _ in range(audited.refits)]
    told = of_each(audited, lambda done: _measured(audited, done, grounds), CHECK.measures)
    failures, parts = {}, []
    for done, measures in told:
        found = measures[CHECK.measures[0]]
        if isinstance(found, Undefined) and found.reason == _NOTHING:
            failures[done.method.name] = "finds no column that matters, as with shuffled labels"
        elif isinstance(found, Estimate):
            parts.append(f"{done.method.label} {100 * found.value:.0f} %")
            if low_of(found) <= 0:
                failures[done.method.name] = (
                    "is not distinguishable from what the same kind of model makes of shuffled labels"
                )
    return Held(
        summary=f"How far the largest size of a column lies above that of {len(grounds)} models trained on shuffled "
        f"labels: {'; '.join(parts)}."
        if parts
        else "No method gives sizes of columns that could be compared.",
        observations=tuple(
            observed(audited, done, name, _LABEL, m[name], True) for done, m in told for name in CHECK.measures
        ),
        failures=failures,
    )


_LABEL = "share by which its largest size of a column exceeds that of models trained on shuffled labels"


def _measured(audited: Audited, done: Done, grounds: list[Ground]) -> Told:
    own = few(done, audited.ground, SHARE)
    real = _largest(_run(done, own))
    draws = []
    for ground in grounds:
        draws.append(_largest(_run(done, on(audited.ground, audited.evidence, replace(own, model=ground.model)))))
    if not real > 0:
        return {CHECK.measures[0]: Undefined(reason=_NOTHING)}
    return {CHECK.measures[0]: above_draws(real, np.array(draws), audited.level, largest=True)}


def _run(done: Done, ground: Ground) -> Attributed:
    found = attempted(done, ground)
    if isinstance(found, MethodNotRunError):
        raise found
    return found


def _largest(run: Attributed) -> float:
    found = run.importance if run.values is None else sizes(run.values)
    if found is None:
        raise MethodNotRunError("It gave no sizes of columns when it was run once more.")
    return float(max(found.max(initial=0.0), 0.0))


CHECK = AttributionCheck(
    name="shuffled_labels",
    label="More than shuffled labels give",
    find=find,
    measures=("shuffled_labels_excess",),
    convention="Fails where the largest size of a column lies within what models trained on shuffled labels would "
    "give.",
    fits=True,
    source="Adebayo et al. (2018), arXiv:1810.03292; Altmann et al. (2010), doi:10.1093/bioinformatics/btq134",
)
