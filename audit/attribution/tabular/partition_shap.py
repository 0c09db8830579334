"""Owen values of predictions: columns that say the same earn their credit as one group before they split it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.attribution.account import account
from audit.attribution.budget import left_out, within_budget
from audit.attribution.clusters import clustering
from audit.attribution.coalitions import worth
from audit.attribution.explained import Explained, identity
from audit.attribution.hierarchy import design
from audit.attribution.output import output
from audit.declarations.attribution import Attributed, AttributionMethod, Ground, MethodNotRunError
from audit.subject.evidence import Capability

_LABEL = "Partition SHAP"
_GAME = "interventional Owen values over groups of correlated columns (absent columns come from background rows)"
_EVALUATIONS = 1_000
_NAMED = 3


def attribute(ground: Ground) -> Attributed:
    """Attribute as many rows and single cases as the budget of predictions allows."""
    if ground.rows.shape[1] < 2:
        raise MethodNotRunError("It needs at least two columns to group.")
    asked, tree = ground, clustering(pd.concat([ground.rows, ground.background], ignore_index=True))
    needed = evaluations(tree)
    ground = within_budget(ground, min(needed, _EVALUATIONS))
    values, base = owen_values(ground, tree, min(needed, _EVALUATIONS))
    cut, given = needed > _EVALUATIONS, output(ground)
    explained = Explained(
        values=values,
        base=base,
        output=given.compute(ground.rows),
        game=_GAME + (f", cut off after {_EVALUATIONS} coalitions a row" if cut else ", exact"),
        scale=given.scale,
        inverse=identity,
        background_rows=len(ground.background),
        notes=(*_notes(ground, tree, cut), *given.notes, *left_out(asked, ground)),
    )
    return account("partition_shap", _LABEL, ground, explained, asked.sampled)


def evaluations(tree: NDArray[np.float64]) -> int:
    """Return how many coalitions the exact values of one row need: two for each group, in each context of it."""
    d, count, contexts = len(tree) + 1, 2, {2 * len(tree): 1}
    for node in range(2 * len(tree), d - 1, -1):
        count += 2 * contexts[node]
        contexts |= {int(child): 2 * contexts[node] for child in tree[node - d, :2]}
    return count


def owen_values(
    ground: Ground, tree: NDArray[np.float64], most: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the (n, d, K) Owen values of the ground's rows and the (K,) base, in at most `most` coalitions a row."""
    given, plan = output(ground).compute, design(tree, most)
    every = np.broadcast_to(plan.members, (len(ground.rows), *plan.members.shape))
    found = worth(given, ground.rows, ground.background, every)
    return plan.values(found), found[0, 0]


def _notes(ground: Ground, tree: NDArray[np.float64], cut: bool) -> Iterator[str]:
    d, names = len(tree) + 1, [str(name) for name in ground.rows.columns]
    yield "Columns are grouped by the absolute rank correlation of their values, by complete linkage."
    pairs = [(int(a), int(b), 1 - apart) for a, b, apart, _ in tree if a < d and b < d and apart < 0.5][:_NAMED]
    if pairs:
        yield "Most alike: " + "; ".join(f"{names[a]} and {names[b]} ({alike:.2f})" for a, b, alike in pairs) + "."
    if cut:
        yield "Groups that were not split any further within the limit share their credit equally among their columns."


METHOD = AttributionMethod(
    name="partition_shap",
    label=_LABEL,
    game=_GAME,
    attribute=attribute,
    needs=frozenset({Capability.PREDICT}),
    axioms="owen",
    default=False,
    order=16,
)
