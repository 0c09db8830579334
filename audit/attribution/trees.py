"""A decision tree as arrays, whatever library grew it, and what its Shapley values need to know of it."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAF = -1


@dataclass(frozen=True, kw_only=True, eq=False)
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
    """(c, w) whether a category goes left; what lies outside goes right."""
    cover: NDArray[np.float64]
    """(m,) training weight that reached the node, positive."""
    value: NDArray[np.float64]
    """(m, K) output, read in leaves; a column for each class."""

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return len(self.left)

    @functools.cached_property
    def order(self) -> int:
        """Nodes of the quadrature that make its Shapley values exact."""
        return max(1, -(-self._extent[1] // 2))

    @functools.cached_property
    def depth(self) -> int:
        """Number of tests on the longest path."""
        return self._extent[0]

    @functools.cached_property
    def _extent(self) -> tuple[int, int]:
        # The tests on the longest path, and the columns on the path that tests the most of them.
        used, local = np.unique(self.feature, return_inverse=True)
        level, met = np.array([0]), np.zeros((1, len(used)), dtype=np.bool_)
        found, widest = 0, 0
        while (inner := self.left[level] != LEAF).any():
            level, met = level[inner], met[inner]
            met[np.arange(len(level)), local[level]] = True
            widest = max(widest, int(met.sum(axis=1).max()))
            level, met = np.concatenate([self.left[level], self.right[level]]), np.concatenate([met, met])
            found += 1
        return found, widest


def expected(tree: FlatTree) -> NDArray[np.float64]:
    """Return the (K,) mean leaf value, weighted by cover."""
    leaf = tree.left == LEAF
    share = tree.cover[leaf] / tree.cover[leaf].sum()
    return np.asarray(share @ tree.value[leaf], dtype=np.float64)


def positive(cover: NDArray[Any]) -> NDArray[np.float64]:
    """Return the (m,) cover, where a node that only rows of weight zero reached has next to none rather than none."""
    return np.asarray(np.maximum(cover, cover[0] * 1e-12), dtype=np.float64)


def signs_of(outputs: int, columns: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the (raw outputs, K) amount that a unit of each raw output adds to each explained one.

    Parameters
    ----------
    outputs : int
        Number of raw outputs of a booster.
    columns : tuple of int
        Classes that are explained; empty in regression.
    """
    if not columns:
        return np.ones((1, 1))
    if outputs == 1:
        return np.array([[1.0 if columns[0] == 1 else -1.0]])
    return np.eye(outputs)[:, list(columns)]


def gauss_legendre(nodes: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the nodes and weights of the quadrature on [0, 1]."""
    at, weights = np.polynomial.legendre.leggauss(nodes)
    return (at + 1) / 2, weights / 2
