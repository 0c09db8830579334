"""A decision tree as arrays, whatever library grew it, and what its Shapley values need to know of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAF = -1


@dataclass(frozen=True, kw_only=True)
class FlatTree:
    """A decision tree as arrays, one entry a node; node 0 is the root."""

    left: NDArray[np.int64]
    """(m,) node taken when the test holds, -1 in a leaf."""
    right: NDArray[np.int64]
    """(m,) node taken otherwise, -1 in a leaf."""
    feature: NDArray[np.int64]
    """(m,) column that is tested; any in a leaf."""
    threshold: NDArray[np.float64]
    """(m,) go left when the value is at most this."""
    missing_left: NDArray[np.bool_]
    """(m,) whether a missing value goes left."""
    category: NDArray[np.int64]
    """(m,) row of `categories` that the test reads, -1 for a threshold."""
    categories: NDArray[np.bool_]
    """(c, 256) whether a category goes left."""
    cover: NDArray[np.float64]
    """(m,) training weight that reached the node, positive."""
    value: NDArray[np.float64]
    """(m, K) output, read in leaves; a column for each class."""

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return len(self.left)


def expected(tree: FlatTree) -> NDArray[np.float64]:
    """Return the (K,) mean leaf value, weighted by cover."""
    leaf = tree.left == LEAF
    share = tree.cover[leaf] / tree.cover[leaf].sum()
    return np.asarray(share @ tree.value[leaf], dtype=np.float64)


def order(tree: FlatTree) -> int:
    """Return how many nodes of the quadrature make its Shapley values exact."""
    # A path has no more features than splits, and no more than the tree has columns.
    widest = min(depth(tree), len(np.unique(tree.feature[tree.left != LEAF])))
    return max(1, -(-widest // 2))


def depth(tree: FlatTree) -> int:
    """Return the number of tests on the longest path."""
    found, level = 0, np.array([0])
    while len(level := level[tree.left[level] != LEAF]):
        level, found = np.concatenate([tree.left[level], tree.right[level]]), found + 1
    return found


def gauss_legendre(nodes: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the nodes and weights of the quadrature on [0, 1]."""
    at, weights = np.polynomial.legendre.leggauss(nodes)
    return (at + 1) / 2, weights / 2
