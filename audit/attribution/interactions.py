"""Flat decision trees and rows to path-dependent Shapley interaction values, by plain arrays.

With the terms of `quadrature`, what a leaf of value v gives to the pair of features i and j is

    v (o_i - w_i) (o_j - w_j) * integral over t in [0, 1] of the product over the other k in F of (w_k (1 - t) + o_k t)

(the Shapley interaction index of Grabisch and Roubens 1999, https://doi.org/10.1007/s001820050125), which shap splits
into two equal halves, one on each side of the diagonal. A leaf at a place of the quadrature is one row of a matrix with
a column for each feature, so that all pairs of a row come out of one matrix product.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audit.attribution.paths import distinct, paths
from audit.attribution.trees import LEAF, FlatTree, gauss_legendre

_CELLS = 400_000


def pair_operations(trees: tuple[FlatTree, ...]) -> int:
    """Return the multiplications that one row costs, up to a constant."""
    return sum(
        int((tree.left == LEAF).sum()) * tree.order * len(np.unique(tree.feature)) ** 2 * tree.value.shape[1]
        for tree in trees
    )


def pair_values(trees: tuple[FlatTree, ...], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the interactions of each pair of columns of `x` in the sum of trees.

    Returns
    -------
    ndarray of shape (n, m, m, K), float64
        Symmetric; the whole interaction of a pair stands on each side, and zero on the diagonal.
    """
    columns = x.shape[1]
    result = np.zeros((len(x), columns, columns, trees[0].value.shape[1]))
    for tree in trees:
        used, local = np.unique(tree.feature, return_inverse=True)
        sides, alike = distinct(tree, x)
        result[:, used[:, None], used] += _one(tree, local, sides)[alike]
    result[:, np.arange(columns), np.arange(columns)] = 0.0
    return result


def _one(tree: FlatTree, local: NDArray[np.int64], sides: NDArray[np.bool_]) -> NDArray[np.float64]:
    # (n, columns, columns, K) the interactions of one tree, of no meaning on the diagonal.
    leaves, cover, follows = paths(tree, local, sides)
    t, weight = gauss_legendre(tree.order)
    apart = cover[:, :, None] * (1 - t)
    along = apart + t
    gain_along = (1 - cover)[:, :, None] / along
    # A column that is not on the path is followed by all, and earns nothing.
    size = max(1, _CELLS // (cover.size * len(t)))
    parts = []
    for start in range(0, sides.shape[1], size):
        on = follows[:, :, start : start + size, None]
        product = np.where(on, along[:, :, None], apart[:, :, None]).prod(axis=1) * weight
        gain = np.where(on, gain_along[:, :, None], -1 / (1 - t))
        # (n, columns, leaves * places) beside the same, weighted by the product and the value of the leaf.
        flat = gain.transpose(2, 1, 0, 3).reshape(gain.shape[2], gain.shape[1], -1)
        pairs = []
        for k in range(tree.value.shape[1]):
            amount = (product * tree.value[leaves, k][:, None, None]).transpose(1, 0, 2).reshape(len(flat), 1, -1)
            pairs.append((flat * amount) @ flat.transpose(0, 2, 1))
        parts.append(np.stack(pairs, axis=3))
    return np.concatenate(parts)
