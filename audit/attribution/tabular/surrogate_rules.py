"""A few rules that stand in for the model, each adding or taking something where it holds.

Source: Friedman and Popescu (2008), doi:10.1214/07-AOAS148: rules are read from the paths of small boosted trees and
weighed by the lasso; here the few that enter first are weighed anew by least squares.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.attribution.shapes import text_of
from audit.attribution.surrogates import Array, Encoded, fidelity, lesson_of
from audit.declarations.attribution import Attributed, AttributionMethod, Ground
from audit.records.sections import AttributionMethodFacts
from audit.subject.evidence import Capability

_LABEL = "Surrogate rules"
_GAME = "a few rules fitted to the model's output, in its place"
_HEADER = ("rule", "class", "adds", "holds for")
_TREES = 30
_DEPTH = 3
_RULES = 12

Condition = tuple[int, bool, float]
"""(place of the column, whether its number is above, the threshold)."""


def attribute(ground: Ground) -> Attributed:
    """Fit rules for each explained class to the model's output and try them on other rows."""
    lesson = lesson_of(ground)
    middle = np.nan_to_num(np.nanmedian(lesson.x, axis=0))
    x, other = (np.where(np.isnan(part), middle, part) for part in (lesson.x, lesson.held_x))
    fitted, held = np.empty_like(lesson.y), np.empty_like(lesson.held_y)
    rows: list[tuple[str, ...]] = []
    base = {}
    for k, class_ in enumerate(ground.classes):
        rules, weights = _rules(x, lesson.y[:, k], lesson.weight, ground.seed)
        fitted[:, k] = _design(rules, x) @ weights
        held[:, k] = _design(rules, other) @ weights
        base[class_] = float(weights[0])
        share = lesson.weight @ _design(rules, x) / lesson.weight.sum()
        for i in sorted(range(len(rules)), key=lambda i: (-abs(float(weights[i + 1])), i)):
            rows.append((_words(rules[i], lesson.columns), class_, f"{weights[i + 1]:+.3g}", f"{share[i + 1]:.1%}"))
    notes = [f"At most {_RULES} rules a class; each adds its number to the base value where all of it holds."]
    if np.isnan(lesson.x).any():
        notes.append("Missing numbers stand at the median of their column.")
    facts = AttributionMethodFacts(
        name="surrogate_rules",
        label=_LABEL,
        status="done",
        game=_GAME,
        scale=lesson.scale,
        rows=len(lesson.held_x),
        rows_available=ground.available,
        notes=(*lesson.notes, *notes),
        base=base,
        table=(_HEADER, *rows),
    )
    return Attributed(
        facts=facts, observations=tuple(fidelity("surrogate_rules", _LABEL, ground, lesson, fitted, held))
    )


def _rules(x: Array, y: Array, weight: Array, seed: int) -> tuple[list[tuple[Condition, ...]], Array]:
    from sklearn.ensemble import GradientBoostingRegressor
    from sklearn.linear_model import lars_path

    if np.ptp(y) <= 1e-12 * max(1.0, float(np.abs(y).max())):
        return [], np.array([float(np.average(y, weights=weight))])
    least = max(5, len(x) // 50)
    boosted = GradientBoostingRegressor(
        n_estimators=_TREES, max_depth=_DEPTH, subsample=0.5, min_samples_leaf=least, random_state=seed
    ).fit(x, y, sample_weight=weight)
    rules = list(dict.fromkeys(rule for (tree,) in boosted.estimators_ for rule in _paths(tree.tree_, 0, ())))
    # Rules that hold for the same rows, or for just the others, are one rule.
    _, first = np.unique(_told_apart(_design(rules, x)[:, 1:]), axis=1, return_index=True)
    rules = [rules[i] for i in sorted(first.tolist())]
    held = _design(rules, x)[:, 1:]
    root = np.sqrt(weight / weight.sum())
    centred = (held - np.average(held, axis=0, weights=weight)) * root[:, None]
    size = np.sqrt((centred**2).sum(axis=0))
    kept = np.flatnonzero(size > 0)
    _, active, _ = lars_path(
        centred[:, kept] / size[kept], (y - np.average(y, weights=weight)) * root, method="lasso", max_iter=_RULES
    )
    chosen = [rules[kept[i]] for i in sorted(active[:_RULES])]
    design = _design(chosen, x)
    return chosen, np.linalg.lstsq(design * root[:, None], y * root, rcond=None)[0]


def _paths(tree: Any, node: int, conditions: tuple[Condition, ...]) -> Iterator[tuple[Condition, ...]]:
    if conditions:
        yield _merged(conditions)
    if tree.feature[node] < 0:
        return
    column, threshold = int(tree.feature[node]), float(tree.threshold[node])
    yield from _paths(tree, int(tree.children_left[node]), (*conditions, (column, False, threshold)))
    yield from _paths(tree, int(tree.children_right[node]), (*conditions, (column, True, threshold)))


def _merged(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    # Of two bounds on the same side, the tighter says all.
    tight: dict[tuple[int, bool], float] = {}
    for column, above, threshold in conditions:
        old = tight.get((column, above), threshold)
        tight[column, above] = max(old, threshold) if above else min(old, threshold)
    return tuple((column, above, threshold) for (column, above), threshold in sorted(tight.items()))


def _design(rules: list[tuple[Condition, ...]], x: Array) -> Array:
    # (n, rules + 1): 1, then whether each rule holds.
    held = [np.all([(x[:, c] > t) == above for c, above, t in rule], axis=0) for rule in rules]
    return np.column_stack([np.ones(len(x)), *held]).astype(np.float64)


def _told_apart(held: Array) -> NDArray[np.float64]:
    return np.where(held[:1] > 0, 1 - held, held)


def _words(rule: tuple[Condition, ...], columns: tuple[Encoded, ...]) -> str:
    return " and ".join(_condition(columns[c], above, threshold) for c, above, threshold in rule)


def _condition(column: Encoded, above: bool, threshold: float) -> str:
    if column.category is not None:
        return f"{column.name} {'=' if above else '≠'} {column.category}"
    return f"{column.name} {'>' if above else '≤'} {text_of(threshold)}"


METHOD = AttributionMethod(
    name="surrogate_rules",
    label=_LABEL,
    game=_GAME,
    attribute=attribute,
    needs=frozenset({Capability.PREDICT}),
    default=False,
    order=28,
)
