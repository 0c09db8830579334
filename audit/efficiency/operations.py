"""Counts what one prediction costs a fitted model, where its parts say it: decisions in trees, or multiplications."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from audit.efficiency.structure import last_step


@dataclass(frozen=True)
class Operations:
    """The work of one prediction by the part of a model that decides; what comes before it is not counted."""

    count: float
    """Mean number over the rows that it was fitted on."""
    unit: str
    """decisions (a comparison in a node), or multiplications (each with an addition)."""


def operations(native: Any) -> Operations | None:
    """Return what one prediction costs; None where it cannot be counted.

    A row passes, of each tree, the nodes on its way to a leaf; on average over the rows fitted on that is the sum over
    inner nodes of the share of rows that reached them. A linear model multiplies each coefficient once, a network each
    weight, a kernel machine each entry of its support vectors.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> operations(LinearRegression().fit([[0, 1], [1, 0], [2, 2]], [0, 1, 2]))
    Operations(count=2, unit='multiplications')
    """
    model = last_step(native)
    passed = list(_passed(model))
    if passed:
        return None if any(p is None for p in passed) else Operations(float(sum(filter(None, passed))), "decisions")
    if hasattr(model, "coefs_"):
        return Operations(sum(np.asarray(c).size for c in model.coefs_), "multiplications")
    for name in ("coef_", "support_vectors_"):
        if hasattr(model, name):
            return Operations(int(np.prod(np.shape(getattr(model, name)))), "multiplications")
    return None


def depth(native: Any) -> int | None:
    """Return the longest way from the root of a tree to a leaf; None where the model is not made of trees."""
    return max(_depths(last_step(native)), default=None)


def _passed(model: Any) -> Iterator[float | None]:
    """Yield the mean number of decisions of each tree, None for one that does not keep how many rows took which way."""
    if hasattr(model, "tree_"):
        tree = model.tree_
        inner = np.asarray(tree.children_left) >= 0
        yield float(tree.weighted_n_node_samples[inner].sum() / tree.weighted_n_node_samples[0])
    elif hasattr(model, "get_dump"):
        yield None  # XGBoost keeps sums of second derivatives, not rows
    elif hasattr(model, "dump_model"):
        yield from (_of_lightgbm(tree["tree_structure"])[0] for tree in model.dump_model()["tree_info"])
    elif hasattr(model, "_predictors"):
        for nodes in (tree.nodes for stage in model._predictors for tree in stage):
            inner = nodes["is_leaf"] == 0
            yield float(nodes["count"][inner].sum() / nodes["count"][0])
    elif hasattr(model, "estimators_"):
        for member in np.asarray(model.estimators_, dtype=object).ravel():
            yield from _passed(member)


def _depths(model: Any) -> Iterator[int]:
    if hasattr(model, "tree_"):
        yield int(model.tree_.max_depth)
    elif hasattr(model, "get_dump"):
        yield from (max(len(line) - len(line.lstrip("\t")) for line in text.splitlines()) for text in model.get_dump())
    elif hasattr(model, "dump_model"):
        yield from (_of_lightgbm(tree["tree_structure"])[1] for tree in model.dump_model()["tree_info"])
    elif hasattr(model, "_predictors"):
        yield from (int(tree.get_max_depth()) for stage in model._predictors for tree in stage)
    elif hasattr(model, "estimators_"):
        for member in np.asarray(model.estimators_, dtype=object).ravel():
            yield from _depths(member)


def _of_lightgbm(root: dict[str, Any]) -> tuple[float, int]:
    """Mean number of decisions, and depth, of one tree."""
    rows, passed, deepest = root.get("internal_count", 0), 0.0, 0
    left = [(root, 0)]
    while left:
        node, level = left.pop()
        deepest = max(deepest, level)
        if "left_child" in node:
            passed += node["internal_count"]
            left += [(node["left_child"], level + 1), (node["right_child"], level + 1)]
    return (passed / rows if rows else 0.0), deepest
