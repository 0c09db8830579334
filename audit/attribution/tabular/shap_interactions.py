"""Which pairs of columns a tree ensemble uses together: exact Shapley interaction values, the strongest pairs first."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from audit.attribution.boosters import booster_of
from audit.attribution.encoding import UntraceableError
from audit.attribution.forests import Forest, forest_of
from audit.attribution.ground import reduced
from audit.attribution.interactions import pair_operations, pair_values
from audit.attribution.observe import mean_of_rows
from audit.attribution.output import fits, in_words
from audit.attribution.shapes import text_of
from audit.attribution.split import explained_columns, split_of
from audit.declarations.attribution import Attributed, AttributionMethod, Ground, MethodNotRunError
from audit.records.effects import DetailTable
from audit.records.measured import Estimate
from audit.records.observation import Observation, encoded
from audit.records.sections import AttributionMethodFacts
from audit.subject.evidence import Capability

_LABEL = "SHAP interactions"
_GAME = "path-dependent Shapley interaction values (absent columns follow the training weights of the trees)"
# Budgets count operations and numbers held, never seconds.
_OPERATIONS = 2e10
_NUMBERS = 2e7
_ROWS = 300
_PAIRS = 20


def attribute(ground: Ground) -> Attributed:
    """Tell the strongest pairs of original columns, on as many rows as the budget of operations allows."""
    split, columns = split_of(ground.model), explained_columns(ground)
    booster = booster_of(split.predictor, columns)
    forest = forest_of(split.predictor, columns) if booster is None else booster.forest()
    if forest is None:
        raise MethodNotRunError(f"{type(split.predictor).__name__} has no trees that we know how to read.")
    if not fits(ground.scale, forest.scale):
        raise MethodNotRunError(
            f"The trees add up on the scale {forest.scale}, and {in_words(ground.scale)} was asked for."
        )
    try:
        owners = np.array(split.origins(ground.rows.shape[1]))
    except UntraceableError as reason:
        raise MethodNotRunError(f"Its columns could not be followed: {reason}.") from reason
    each = max(pair_operations(forest.trees) / _OPERATIONS, len(owners) ** 2 * len(ground.classes) / _NUMBERS)
    rows = min(_ROWS, int(1 / each))
    if rows < 2:
        raise MethodNotRunError(f"Its {len(owners)} columns have too many pairs for the budget of operations.")
    asked, ground = ground.sampled, reduced(ground, rows, cases=0)
    values = _of_pairs(forest, split.encode(ground.rows), owners, ground.rows.shape[1])
    return _told(ground, values, forest.scale, asked)


def _of_pairs(forest: Forest, rows: Any, owners: np.ndarray, width: int) -> np.ndarray:
    # (n, d, d) the mean over outputs of the size of each interaction of original columns.
    found = pair_values(forest.trees, forest.read(rows))
    tested = owners if forest.columns is None else owners[list(forest.columns)]
    member = np.zeros((width, len(tested)))
    member[tested, np.arange(len(tested))] = 1.0
    return np.asarray(np.abs(np.einsum("ai,nijk,bj->nabk", member, found, member, optimize=True)).mean(axis=3))


def _told(ground: Ground, values: np.ndarray, scale: str, asked: int) -> Attributed:
    names = [str(name) for name in ground.rows.columns]
    mean = np.average(values, axis=0, weights=ground.weight[: len(values)])
    order = sorted(combinations(range(len(names)), 2), key=lambda pair: -mean[pair])[:_PAIRS]
    pairs = [(a, b, mean_of_rows(values[:, a, b], ground, floor=0.0)) for a, b in order if mean[a, b] > 0]
    several = ", mean of classes" if len(ground.classes) > 1 else ""
    notes = [
        "The interaction of a pair is what the two columns add together beyond what each adds alone; it is symmetric, "
        "and shap prints half of it on each side of its diagonal."
    ]
    if ground.sampled < asked:
        notes.append(f"It rests on {ground.sampled} of the {asked} sampled rows, to stay within its budget.")
    return Attributed(
        facts=AttributionMethodFacts(
            name="shap_interactions",
            label=_LABEL,
            status="done",
            game=_GAME + ", exact",
            scale=scale,
            rows=ground.sampled,
            rows_available=ground.available,
            notes=tuple(notes),
            features=tuple(dict.fromkeys(names[j] for a, b, _ in pairs for j in (a, b))),
            details=(
                DetailTable(
                    title=f"The pairs that add the most together ({scale})",
                    rows=(
                        ("column", "with", f"mean |interaction|{several}", "from", "to"),
                        *((names[a], names[b], *_figures(size)) for a, b, size in pairs),
                    ),
                ),
            ),
        ),
        observations=tuple(
            Observation(
                id=f"attribution/shap_interactions/global/{encoded(names[a])}&{encoded(names[b])}",
                label=f"Mean |{_LABEL}| ({scale}{several}): {names[a]} with {names[b]}",
                measured=size,
                scope=ground.scope,
            )
            for a, b, size in pairs
        ),
    )


def _figures(size: Estimate) -> tuple[str, str, str]:
    low, high = ("" if end is None else text_of(end) for end in (size.low, size.high))
    return text_of(size.value), low, high


METHOD = AttributionMethod(
    name="shap_interactions",
    label=_LABEL,
    game=_GAME,
    attribute=attribute,
    needs=frozenset({Capability.PREDICT}),
    default=False,
    order=26,
)
