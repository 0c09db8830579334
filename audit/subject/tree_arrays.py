"""Checks that arrays of child indices form a tree, so that no library walks out of them or round in them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.integer[Any]]


def fault_of_children(left: Ints, right: Ints, inner: NDArray[np.bool_]) -> str:
    """Return what is wrong with the children of the inner nodes, or "".

    Every node but the first must be the child of at most one node, the first of none: then what can be reached from the
    first node is a tree, without a cycle.

    Parameters
    ----------
    left, right
        (n,) index of the children of each node; read where `inner` holds.
    inner
        (n,) whether the node has children.
    """
    n = len(left)
    if n == 0:
        return "it has no nodes"
    children = np.concatenate([left[inner], right[inner]]).astype(np.int64)
    if len(children) and (children.min() < 0 or children.max() >= n):
        return f"a child index lies outside its {n} nodes"
    parents = np.bincount(children, minlength=n)
    if parents[0] or parents.max() > 1:
        return "a node is the child of two nodes, or of itself"
    return "" if _is_shallow(left, right, inner) else f"it is deeper than {_DEEPEST} levels"


def fault_of_features(features: Ints, inner: NDArray[np.bool_], width: int) -> str:
    """Return what is wrong with the features that inner nodes split on, or ""."""
    used = features[inner]
    if len(used) and (int(used.min()) < 0 or int(used.max()) >= width):
        return f"a feature index lies outside its {width} features"
    return ""


def fault_of_numbers(name: str, *numbers: NDArray[np.floating[Any]]) -> str:
    """Return what is wrong with numbers that must be finite, or ""."""
    return "" if all(np.isfinite(array).all() for array in numbers) else f"a {name} is not finite"


# Libraries recurse along a branch: a chain of a hundred thousand nodes would end the process.
_DEEPEST = 5000


def _is_shallow(left: Ints, right: Ints, inner: NDArray[np.bool_]) -> bool:
    level = np.zeros(1, dtype=np.int64)
    for _ in range(_DEEPEST):
        level = level[inner[level]]
        if not len(level):
            return True
        level = np.concatenate([left[level], right[level]]).astype(np.int64)
    return False
