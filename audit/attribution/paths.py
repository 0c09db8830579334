"""Flat decision trees and few rows to the Shapley values of `quadrature`, by plain arrays that need no compiler.

The same integral is taken leaf by leaf: for all leaves of a tree at once, the product over its columns at each node of
the quadrature, then the share of each column from two small matrix products, one for rows that follow the path at every
split on that column and one for those that do not. It costs leaves x columns x nodes of the quadrature a row.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audit.attribution.trees import LEAF, FlatTree, gauss_legendre

# Small enough for the arrays of one step to stay in the cache of the processor.
_CELLS = 40_000


def path_operations(trees: tuple[FlatTree, ...]) -> int:
    """Return the multiplications that one row costs, up to a constant."""
    return sum(int((tree.left == LEAF).sum()) * len(np.unique(tree.feature)) * (tree.order + 2) for tree in trees)


def path_values(trees: tuple[FlatTree, ...], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Attribute the sum of trees to the columns of `x`, as `quadrature.tree_values` does."""
    result = np.zeros((*x.shape, trees[0].value.shape[1]))
    for tree in trees:
        used, local = np.unique(tree.feature, return_inverse=True)
        sides, alike = distinct(tree, x)
        result[:, used] += _one(tree, local, sides)[alike]
    return result


def distinct(tree: FlatTree, x: NDArray[np.float64]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return the (nodes, d) sides that rows of d kinds take, False in leaves, and the (n,) kind of each row."""
    # Rows that take the same side of every test are one row to the tree.
    sides = _sides(tree, x)
    _, first, alike = np.unique(np.packbits(sides, axis=0), axis=1, return_index=True, return_inverse=True)
    return sides[:, first], alike.ravel()


def _sides(tree: FlatTree, x: NDArray[np.float64]) -> NDArray[np.bool_]:
    # (m, n) whether each row goes left at each node; False in leaves.
    seen = x.T[tree.feature]
    known = np.nan_to_num(seen, nan=-1.0)
    left = seen <= tree.threshold[:, None]
    for node in np.flatnonzero(tree.category >= 0):
        listed = (known[node] >= 0) & (known[node] < tree.categories.shape[1])
        left[node] = listed & tree.categories[tree.category[node], np.where(listed, known[node], 0).astype(np.int64)]
    left = np.where(np.isnan(seen), tree.missing_left[:, None], left)
    return np.asarray(left & (tree.left != LEAF)[:, None], dtype=np.bool_)


def _one(tree: FlatTree, local: NDArray[np.int64], sides: NDArray[np.bool_]) -> NDArray[np.float64]:
    # (n, columns, K) the Shapley values of one tree.
    leaves, cover, follows = paths(tree, local, sides)
    value = tree.value[leaves]
    t, weight = gauss_legendre(tree.order)
    apart = cover[:, :, None] * (1 - t)
    along = apart + t
    share_apart = np.broadcast_to(-weight / (1 - t), apart.shape)
    share_along = (1 - cover)[:, :, None] * weight / along
    size = max(1, _CELLS // follows[..., 0].size)
    parts = []
    for start in range(0, sides.shape[1], size):
        on = follows[:, :, start : start + size]
        product = np.ones((len(leaves), len(t), on.shape[2]))
        for c in range(on.shape[1]):
            product *= np.where(on[:, c, None, :], along[:, c, :, None], apart[:, c, :, None])
        gain = np.where(on, share_along @ product, share_apart @ product)
        parts.append(np.einsum("lk,lcn->nck", value, gain))
    return np.concatenate(parts)


def paths(
    tree: FlatTree, local: NDArray[np.int64], sides: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return the leaves, the (leaves, columns) shares of cover and the (leaves, columns, n) following of their paths.

    Parameters
    ----------
    local : ndarray of shape (nodes,), int64
        Place of the tested column among the columns that the tree uses.
    sides : ndarray of shape (nodes, n), bool
        Whether each row goes left.
    """
    columns = int(local.max()) + 1
    cover = np.ones((tree.nodes, columns))
    follows = np.ones((tree.nodes, columns, sides.shape[1]), dtype=np.bool_)
    level = np.array([0])
    while len(level := level[tree.left[level] != LEAF]):
        at = local[level]
        for child, stays in ((tree.left[level], sides[level]), (tree.right[level], ~sides[level])):
            cover[child], follows[child] = cover[level], follows[level]
            cover[child, at] *= tree.cover[child] / tree.cover[level]
            follows[child, at] &= stays
        level = np.concatenate([tree.left[level], tree.right[level]])
    leaves = np.flatnonzero(tree.left == LEAF)
    return leaves, cover[leaves], follows[leaves]
