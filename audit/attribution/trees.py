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
        return max(1, -(-int(self.widths.max()) // 2))

    @functools.cached_property
    def depth(self) -> int:
        """Number of tests on the longest path."""
        return self._extent[0]

    @functools.cached_property
    def widths(self) -> NDArray[np.int64]:
        """(leaves,) columns on the path of each leaf, from the shallowest leaf on."""
        return self._extent[1]

    @functools.cached_property
    def _extent(self) -> tuple[int, NDArray[np.int64]]:
        # The tests on the longest path, and the columns on the path of each leaf.
        used, local = np.unique(self.feature, return_inverse=True)
        level, met = np.array([0]), np.zeros((1, len(used)), dtype=np.bool_)
        found, widths = 0, []
        while len(level):
            inner = self.left[level] != LEAF
            widths.append(met[~inner].sum(axis=1))
            level, met = level[inner], met[inner]
            met[np.arange(len(level)), local[level]] = True
            level, met = np.concatenate([self.left[level], self.right[level]]), np.concatenate([met, met])
            found += len(level) > 0
        return found, np.concatenate(widths)


@dataclass(frozen=True, kw_only=True, eq=False)
class Grove:
    """Trees one after another in the same arrays."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    missing_left: NDArray[np.bool_]
    listed: NDArray[np.int64]
    """(m,) where the marks of the node's categories begin in `categories`, -1 for a threshold."""
    length: NDArray[np.int64]
    """(m,) how many there are."""
    categories: NDArray[np.bool_]
    """Whether each category goes left, node after node."""
    cover: NDArray[np.float64]
    value: NDArray[np.float64]
    roots: NDArray[np.int64]

    def tests(self) -> tuple[NDArray[Any], ...]:
        """Return the arrays that tell where a row goes."""
        return (
            self.left, self.right, self.feature, self.threshold, self.missing_left, self.listed, self.length,
            self.categories,
        )  # fmt: skip


def joined(trees: tuple[FlatTree, ...]) -> Grove:
    """Return trees one after another; at least one."""
    roots = np.cumsum([0, *(tree.nodes for tree in trees)])[:-1]
    shift = np.repeat(roots, [tree.nodes for tree in trees])
    left, right, feature, threshold, missing_left, cover, value = (
        np.concatenate([getattr(tree, name) for tree in trees])
        for name in ("left", "right", "feature", "threshold", "missing_left", "cover", "value")
    )
    listed, length, categories = _listed(trees)
    return Grove(
        left=np.where(left == LEAF, LEAF, left + shift),
        right=np.where(left == LEAF, LEAF, right + shift),
        feature=feature,
        threshold=threshold,
        missing_left=missing_left,
        listed=listed,
        length=length,
        categories=categories,
        cover=cover,
        value=value,
        roots=roots,
    )


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


def _listed(trees: tuple[FlatTree, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    # By node the place and the number of the marks of its categories, -1 without; all marks, node after node.
    places, lengths, bits, at = [], [], [np.zeros(1, dtype=np.bool_)], 1
    for tree in trees:
        tests = (tree.category >= 0) & (tree.left != LEAF)
        width = tree.categories.shape[1]
        places.append(np.where(tests, at + width * (np.cumsum(tests) - 1), -1))
        lengths.append(np.full(tree.nodes, width))
        bits.append(tree.categories[tree.category[tests]].ravel())
        at += width * int(tests.sum())
    return np.concatenate(places), np.concatenate(lengths), np.concatenate(bits)
