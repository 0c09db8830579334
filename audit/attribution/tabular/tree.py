"""The rules of a single decision tree, from the root down to a depth that a reader can follow."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from audit.attribution.shapes import text_of
from audit.attribution.split import split_of
from audit.declarations.attribution import Attributed, AttributionMethod, Ground, MethodNotRunError
from audit.records.effects import DetailTable
from audit.records.sections import AttributionMethodFacts
from audit.subject.evidence import Capability

_LABEL = "Decision tree"
_DEPTH = 5


def attribute(ground: Ground) -> Attributed:
    """Write out the tree's tests, each with the training rows that met it."""
    split = split_of(ground.model)
    tree = getattr(split.predictor, "tree_", None)
    if tree is None:
        raise MethodNotRunError(f"{type(split.predictor).__name__} is not a single decision tree.")
    names = split.names([str(name) for name in ground.rows.columns], split.predictor.n_features_in_)
    lines = list(_rules(tree, names, split.predictor, 0, 0))
    hidden = int(tree.n_leaves) - sum(1 for line in lines if line[3])
    notes = (f"{hidden} of {tree.n_leaves} leaves lie deeper than {_DEPTH} tests and are not shown.",) if hidden else ()
    tested = [names[j] for j in tree.feature if j >= 0]
    return Attributed(
        facts=AttributionMethodFacts(
            name="tree",
            label=_LABEL,
            status="done",
            game="the tree itself",
            scale="probability of each class" if hasattr(split.predictor, "classes_") else "unit of the target",
            rows=ground.sampled,
            rows_available=ground.available,
            notes=notes,
            features=tuple(dict.fromkeys(tested)),
            table=(("depth", "rule", "training rows", "prediction"), *lines),
            details=_paths(tree, names, split.predictor, split.encode(ground.rows), ground),
        )
    )


def _rules(
    tree: Any, names: list[str], model: Any, node: int, depth: int, rule: str = "all rows"
) -> Iterator[tuple[str, str, str, str]]:
    left, right = int(tree.children_left[node]), int(tree.children_right[node])
    leaf = left == right
    yield str(depth), rule, str(int(tree.n_node_samples[node])), _prediction(tree, model, node) if leaf else ""
    if leaf or depth == _DEPTH:
        return
    name, limit = names[int(tree.feature[node])], text_of(float(tree.threshold[node]))
    yield from _rules(tree, names, model, left, depth + 1, f"{name} ≤ {limit}")
    yield from _rules(tree, names, model, right, depth + 1, f"{name} > {limit}")


def _paths(tree: Any, names: list[str], model: Any, encoded: Any, ground: Ground) -> tuple[DetailTable, ...]:
    # The tests that each single case met, of two bounds on the same side the tighter.
    if not ground.chosen:
        return ()
    lines = []
    leaves = model.apply(encoded)
    for number, (row, _) in enumerate(ground.chosen, start=1):
        leaf = int(leaves[row])
        rule = " and ".join(_tight(tree, names, leaf)) or "all rows"
        lines.append((str(number), rule, str(int(tree.n_node_samples[leaf])), _prediction(tree, model, leaf)))
    header = ("case", "path", "training rows", "prediction")
    return (DetailTable(title="The path of each case", rows=(header, *lines)),)


def _tight(tree: Any, names: list[str], leaf: int) -> Iterator[str]:
    parent = {int(child): node for node in range(tree.node_count) for child in _answers(tree, node)}
    bounds: dict[tuple[int, bool], float] = {}
    path = [leaf]
    while path[-1] in parent:
        path.append(parent[path[-1]])
    for child, node in reversed(list(pairwise(path))):
        above, limit = child == int(tree.children_right[node]), float(tree.threshold[node])
        key = int(tree.feature[node]), above
        bounds[key] = max(bounds.get(key, limit), limit) if above else min(bounds.get(key, limit), limit)
    for (feature, above), limit in bounds.items():
        yield f"{names[feature]} {'>' if above else '≤'} {text_of(limit)}"


def _answers(tree: Any, node: int) -> tuple[int, ...]:
    left, right = int(tree.children_left[node]), int(tree.children_right[node])
    return () if left == right else (left, right)


def _prediction(tree: Any, model: Any, node: int) -> str:
    values = np.asarray(tree.value[node][0], dtype=np.float64)
    if not hasattr(model, "classes_"):
        return text_of(float(values[0]))
    return ", ".join(f"{name}: {share:.3g}" for name, share in zip(model.classes_, values / values.sum(), strict=True))


METHOD = AttributionMethod(
    name="tree",
    label=_LABEL,
    game="the tree itself",
    attribute=attribute,
    needs=frozenset({Capability.TREE}),
    order=40,
)
