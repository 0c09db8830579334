"""Owen values of predictions: columns that say the same earn their credit as one group before they split it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.attribution.account import account
from audit.attribution.budget import within_budget
from audit.attribution.clusters import clustering
from audit.attribution.coalitions import assembled
from audit.attribution.explained import Explained, identity
from audit.attribution.output import output_of, scale_of
from audit.declarations.attribution import Attributed, AttributionMethod, Ground, MethodNotRunError
from audit.subject.evidence import Capability

_LABEL = "Partition SHAP"
_GAME = "interventional Owen values over groups of correlated columns (absent columns come from background rows)"
_EVALUATIONS = 1_000
_ROWS_A_CALL = 20_000
_NAMED = 3


def attribute(ground: Ground) -> Attributed:
    """Attribute as many rows and single cases as the budget of predictions allows."""
    if ground.rows.shape[1] < 2:
        raise MethodNotRunError("It needs at least two columns to group.")
    asked, tree = ground.sampled, clustering(pd.concat([ground.rows, ground.background], ignore_index=True))
    needed = evaluations(tree)
    ground = within_budget(ground, min(needed, _EVALUATIONS))
    values, base = owen_values(ground, tree, min(needed, _EVALUATIONS))
    cut = needed > _EVALUATIONS
    explained = Explained(
        values=values,
        base=base,
        output=output_of(ground, ground.rows),
        game=_GAME + (f", cut off after {_EVALUATIONS} coalitions a row" if cut else ", exact"),
        scale=scale_of(ground),
        inverse=identity,
        background_rows=len(ground.background),
        notes=tuple(_notes(ground, tree, cut)),
    )
    return account("partition_shap", _LABEL, ground, explained, asked)


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
    import shap

    rows, background = len(ground.rows), len(ground.background)
    pool = pd.concat([ground.rows, ground.background], ignore_index=True)
    # The masker compares and mixes plain numbers: each value goes in as the number of its first place in the column.
    codes, places = _coded(pool)
    masker = shap.maskers.Partition(codes[rows:], max_samples=background, clustering=tree)

    def outputs(mixed: NDArray[np.float64]) -> NDArray[np.float64]:
        source = np.column_stack([place[mixed[:, j].astype(np.int64)] for j, place in enumerate(places)])
        return output_of(ground, assembled(pool, source))

    explainer = shap.PartitionExplainer(outputs, masker)
    with _seeded(ground.seed):
        found: Any = explainer(codes[:rows], max_evals=most, batch_size=max(2, _ROWS_A_CALL // background), silent=True)
    values = np.asarray(found.values, dtype=np.float64).reshape(rows, pool.shape[1], -1)
    return values, output_of(ground, ground.background).mean(axis=0)


def _coded(pool: pd.DataFrame) -> tuple[NDArray[np.float64], list[NDArray[np.int64]]]:
    # (n, d) a number for each distinct value, and by column the row where each number is first seen.
    codes = np.column_stack([pd.factorize(pool.iloc[:, j], use_na_sentinel=False)[0] for j in range(pool.shape[1])])
    places = [np.unique(column, return_index=True)[1].astype(np.int64) for column in codes.T]
    return codes.astype(np.float64), places


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    # shap breaks ties by numpy's global generator; it is lent for the time of the call and given back as it was.
    before = np.random.get_state()
    np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(before)


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
