"""Whether base value and attributions add up to the score that the model gives."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from audit.attribution.told import exact, labels_of, observed, of_each, spread
from audit.declarations.attribution_check import AttributionCheck, Audited, Done, Held
from audit.records.measured import Exact, Undefined

_ROUNDING = 1e-3
Array = NDArray[np.float64]


def _softmax(output: Array) -> Array:
    return np.asarray(softmax(output, axis=1), dtype=np.float64)


_SCORES: dict[str, Callable[[Array], Array]] = {
    "probability": lambda output: output,
    "unit of the target": lambda output: output,
    "score": lambda output: output,
    "log-odds": lambda output: np.asarray(expit(output), dtype=np.float64),
    "raw score (before softmax)": _softmax,
    "log of the target": lambda output: np.asarray(np.exp(output), dtype=np.float64),
}


def find(audited: Audited) -> Held:
    """Build each score anew from base value and attributions, and hold it against the model's own."""
    told = of_each(audited, lambda done: {CHECK.measures[0]: _error(done)}, CHECK.measures)
    failures = {}
    for done, measures in told:
        found, ground = measures[CHECK.measures[0]], done.attributed.ground
        if isinstance(found, Exact) and ground is not None and found.value > _ROUNDING * spread(ground):
            failures[done.method.name] = (
                f"does not add up to the model's score: it misses it by up to {found.value:.2g}"
            )
    held = [(done, float(found.value)) for done, m in told if isinstance(found := m[CHECK.measures[0]], Exact)]
    worst = max((error for _, error in held), default=0.0)
    names = labels_of([done for done, _ in held])
    summary = f"Scores built from base value and attributions ({names}) miss the model's by {worst:.2g} at most."
    return Held(
        summary=summary if held else "No method gives attributions that are meant to add up to a score.",
        observations=tuple(
            observed(audited, done, name, "largest error of a score built from its attributions", m[name], False)
            for done, m in told
            for name in CHECK.measures
        ),
        failures=failures,
    )


def _error(done: Done) -> Exact | Undefined:
    found = done.attributed
    if found.values is None or found.base is None or found.ground is None:
        return Undefined(reason="It gives no attributions that are meant to add up.")
    score = found.ground.score
    rebuild = _SCORES.get(found.facts.scale)
    if score is None or rebuild is None:
        return Undefined(reason=f"Its scale ({found.facts.scale}) is not that of a score which the model gives.")
    rebuilt = rebuild(found.base + found.values.sum(axis=1))
    if not np.isfinite(rebuilt).all():
        return Undefined(reason="Its attributions are not finite.")
    return exact(float(np.abs(rebuilt - score).max(initial=0.0)), len(score))


CHECK = AttributionCheck(
    name="additivity",
    label="Adds up",
    find=find,
    measures=("rebuilt_score_error",),
    convention="Fails where a score built from base value and attributions misses the model's by more than a "
    "thousandth of the largest score, which rounding does not explain.",
)
