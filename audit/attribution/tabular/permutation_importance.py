"""How much worse the model predicts when one column is shuffled, all shuffles in a few large batches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from audit.attribution.losses import increases
from audit.attribution.observe import observed
from audit.attribution.shuffles import REPEATS, affordable, shuffled_predictions
from audit.declarations.attribution import Attributed, AttributionMethod, Ground, MethodNotRunError
from audit.records.sections import AttributionMethodFacts
from audit.subject.evidence import Capability

_LABEL = "Permutation importance"


def attribute(ground: Ground) -> Attributed:
    """Shuffle each column of the sampled rows five times and measure what the predictions lose."""
    if ground.target is None:
        raise MethodNotRunError("It needs true labels; the table has none.")
    d = ground.rows.shape[1]
    n = affordable(ground, d)
    if n < 2:
        raise MethodNotRunError("It needs at least two rows to shuffle.")
    part, rng = replace(ground, sampled=n), np.random.default_rng(ground.seed)
    said = shuffled_predictions(part, [((j,), rng.permutation(n)) for j in range(d) for _ in range(REPEATS)])
    scale, found = increases(part, [said[j * REPEATS : (j + 1) * REPEATS] for j in range(d)])
    order = sorted(range(d), key=lambda j: (-found[j].value, j))
    names = [str(name) for name in ground.rows.columns]
    facts = AttributionMethodFacts(
        name="permutation_importance",
        label=_LABEL,
        status="done",
        game="loss of the predictions when one column is shuffled among the rows",
        scale=scale,
        rows=n,
        rows_available=ground.available,
        notes=_notes(ground, n),
        features=tuple(names[j] for j in order),
    )
    label = f"{_LABEL} ({scale})"
    return Attributed(
        facts=facts,
        observations=tuple(observed("permutation_importance", names[j], "", label, found[j], ground) for j in order),
        importance=np.array([estimate.value for estimate in found]),
    )


def _notes(ground: Ground, rows: int) -> tuple[str, ...]:
    notes = [f"{REPEATS} shuffles a column; the interval is over rows, each the mean of its shuffles."]
    if rows < ground.sampled:
        notes.append(f"Rests on {rows} of the {ground.sampled} sampled rows, to stay within the budget of predictions.")
    notes.append("Columns that say the same share their importance: each can look unimportant beside the other.")
    return tuple(notes)


METHOD = AttributionMethod(
    name="permutation_importance",
    label=_LABEL,
    game="loss of the predictions when one column is shuffled among the rows",
    attribute=attribute,
    needs=frozenset({Capability.PREDICT}),
    needs_labels=True,
    order=20,
)
