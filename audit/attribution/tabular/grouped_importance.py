"""How much worse the model predicts when all columns of a group are shuffled together.

Columns that say the same can each be spared for the others, and look unimportant one by one; as a group they cannot.
Groups are those that the spec declares (`attribution.groups`), or columns that correlate by rank.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from audit.attribution.clusters import ALIKE, groups_of
from audit.attribution.losses import increases
from audit.attribution.shuffles import REPEATS, affordable, shuffled_predictions
from audit.declarations.attribution import Attributed, AttributionMethod, Ground, MethodNotRunError
from audit.records.observation import Observation, encoded
from audit.records.sections import AttributionMethodFacts
from audit.subject.evidence import Capability

NAME = "grouped_importance"
_LABEL = "Grouped permutation importance"
_GAME = "loss of the predictions when all columns of a group are shuffled together among the rows"


def attribute(ground: Ground) -> Attributed:
    """Shuffle each group of the sampled rows five times and measure what the predictions lose."""
    if ground.target is None:
        raise MethodNotRunError("It needs true labels; the table has none.")
    names = [str(name) for name in ground.rows.columns]
    groups = groups_of(ground)
    several = {name: tuple(names[j] for j in columns) for name, columns in groups.items() if len(columns) > 1}
    if not several:
        raise MethodNotRunError("No group is declared (attribution.groups), and no columns are strongly correlated.")
    n = affordable(ground, len(groups))
    if n < 2:
        raise MethodNotRunError("It needs at least two rows to shuffle.")
    part, rng = replace(ground, sampled=n), np.random.default_rng(ground.seed)
    jobs = [(columns, rng.permutation(n)) for columns in groups.values() for _ in range(REPEATS)]
    said = shuffled_predictions(part, jobs)
    scale, found = increases(part, [said[i * REPEATS : (i + 1) * REPEATS] for i in range(len(groups))])
    by_name = dict(zip(groups, found, strict=True))
    order = sorted(groups, key=lambda name: -by_name[name].value)
    facts = AttributionMethodFacts(
        name=NAME,
        label=_LABEL,
        status="done",
        game=_GAME,
        scale=scale,
        rows=n,
        rows_available=ground.available,
        notes=_notes(ground, n),
        groups=several,
    )
    return Attributed(
        facts=facts,
        observations=tuple(
            Observation(
                id=f"attribution/{NAME}/group={encoded(name)}",
                label=f"{_LABEL} ({scale}): {name}",
                measured=by_name[name],
                scope=ground.scope,
            )
            for name in order
        ),
    )


def _notes(ground: Ground, n: int) -> tuple[str, ...]:
    found = (
        "Groups are those that the spec declares; every other column is one of its own."
        if ground.groups
        else f"Columns whose ranks correlate by {ALIKE:g} or more, each with each, are a group; every other is its own."
    )
    notes = [found, f"{REPEATS} shuffles a group; the interval is over rows, each the mean of its shuffles."]
    if n < ground.sampled:
        notes.append(f"Rests on {n} of the {ground.sampled} sampled rows, to stay within the budget of predictions.")
    return tuple(notes)


METHOD = AttributionMethod(
    name=NAME,
    label=_LABEL,
    game=_GAME,
    attribute=attribute,
    needs=frozenset({Capability.PREDICT}),
    needs_labels=True,
    default=False,
    order=21,
)
