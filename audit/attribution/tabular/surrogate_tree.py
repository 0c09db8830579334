"""A small decision tree that stands in for the model: drawn whole, with how far it says the same."""

from __future__ import annotations

from typing import Any

import numpy as np

from audit.attribution.shapes import text_of
from audit.attribution.surrogates import Encoded, Lesson, fidelity, lesson_of
from audit.declarations.attribution import Attributed, AttributionMethod, Ground
from audit.records.effects import DrawnNode
from audit.records.sections import AttributionMethodFacts
from audit.subject.evidence import Capability

_LABEL = "Surrogate tree"
_GAME = "a decision tree fitted to the model's output, in its place"
_DEPTH = 4
_LEAVES = 10
_LEAST = 0.02


def attribute(ground: Ground) -> Attributed:
    """Fit a regression tree of at most ten leaves to the model's output and try it on other rows."""
    from sklearn.tree import DecisionTreeRegressor

    lesson = lesson_of(ground)
    least = max(5, int(_LEAST * len(lesson.x)))
    tree = DecisionTreeRegressor(
        max_depth=_DEPTH, max_leaf_nodes=_LEAVES, min_samples_leaf=least, random_state=ground.seed
    ).fit(lesson.x, lesson.y, sample_weight=lesson.weight)
    fitted, held = (tree.predict(x).reshape(len(x), -1) for x in (lesson.x, lesson.held_x))
    tested = dict.fromkeys(lesson.columns[j].name for j in tree.tree_.feature if j >= 0)
    facts = AttributionMethodFacts(
        name="surrogate_tree",
        label=_LABEL,
        status="done",
        game=_GAME,
        scale=lesson.scale,
        rows=len(lesson.held_x),
        rows_available=ground.available,
        notes=lesson.notes,
        features=tuple(tested),
        drawn=tuple(_drawn(tree.tree_, lesson, ground)),
    )
    return Attributed(facts=facts, observations=tuple(fidelity("surrogate_tree", _LABEL, ground, lesson, fitted, held)))


def _drawn(tree: Any, lesson: Lesson, ground: Ground) -> list[DrawnNode]:
    gaps = [bool(np.isnan(column).any()) for column in lesson.x.T]
    total = float(tree.weighted_n_node_samples[0])
    return [
        DrawnNode(
            test=_test(tree, node, lesson.columns[tree.feature[node]], gaps[tree.feature[node]])
            if tree.feature[node] >= 0
            else "",
            children=_children(tree, node, lesson.columns),
            value={name: float(value) for name, value in zip(ground.classes, tree.value[node, :, 0], strict=True)},
            n=int(tree.n_node_samples[node]),
            share=min(1.0, float(tree.weighted_n_node_samples[node]) / total),
        )
        for node in range(tree.node_count)
    ]


def _test(tree: Any, node: int, column: Encoded, gaps: bool) -> str:
    if column.category is not None:
        return f"{column.name} = {column.category}"
    missing = " or missing" if gaps and tree.missing_go_to_left[node] else ""
    return f"{column.name} ≤ {text_of(float(tree.threshold[node]))}{missing}"


def _children(tree: Any, node: int, columns: tuple[Encoded, ...]) -> tuple[int, ...]:
    left, right = int(tree.children_left[node]), int(tree.children_right[node])
    if left < 0:
        return ()
    # A category is 1, to the right of every threshold between 0 and 1.
    return (left, right) if columns[tree.feature[node]].category is None else (right, left)


METHOD = AttributionMethod(
    name="surrogate_tree",
    label=_LABEL,
    game=_GAME,
    attribute=attribute,
    needs=frozenset({Capability.PREDICT}),
    order=27,
)
