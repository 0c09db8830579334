"""Flat decision trees and rows to exact path-dependent Shapley values, by Gauss-Legendre quadrature.

For a leaf of value v whose path uses the features F, let w_j be the product of cover fractions along the path for
feature j, and o_j in {0, 1} whether the row follows the path at every split on j. The Shapley value of feature i is

    phi_i = v (o_i - w_i) * integral over t in [0, 1] of the product over j in F, j != i of (w_j (1 - t) + o_j t)

The integrand is a polynomial of degree |F| - 1, so ceil(|F| / 2) Gauss-Legendre nodes give it exactly. One walk of a
tree serves a block of rows: going down, the product is carried at each node of the quadrature; coming back, each edge
adds its share to its feature. The cost is nodes x quadrature nodes a row, where the usual algorithm needs
leaves x depth^2.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit import guard
from audit.attribution.trees import FlatTree, depth, gauss_legendre, order
from audit.errors import AuditError

_BLOCK = 64


def operations(trees: tuple[FlatTree, ...]) -> int:
    """Return the multiplications that one row costs, up to a constant."""
    return sum(tree.nodes * order(tree) * int(tree.value.any(axis=0).sum()) for tree in trees)


def tree_values(trees: tuple[FlatTree, ...], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Attribute the sum of trees to the columns of `x`.

    Parameters
    ----------
    trees : tuple of FlatTree
        Trees with K outputs each.
    x : ndarray of shape (n, m), float64
        Rows as the trees read them; a missing value is NaN.

    Returns
    -------
    ndarray of shape (n, m, K), float64
        Path-dependent Shapley values, exact up to rounding.
    """
    kernel = _kernel()
    rows, columns = x.shape
    result = np.zeros((trees[0].value.shape[1], columns, rows))
    by_column = np.ascontiguousarray(x.T)
    for tree in trees:
        used, local = np.unique(tree.feature, return_inverse=True)
        t, weight = gauss_legendre(order(tree))
        seen = by_column[used]
        for k in np.flatnonzero(tree.value.any(axis=0)):
            # Only the columns a tree uses take part, so wide tables cost no more than narrow ones.
            part = np.zeros((len(used), rows))
            kernel(
                tree.left, tree.right, local.astype(np.int64), tree.threshold, tree.missing_left, tree.category,
                tree.categories, tree.cover, np.ascontiguousarray(tree.value[:, k]), depth(tree), t, weight, seen,
                part, _BLOCK,
            )  # fmt: skip
            result[k, used] += part
    return np.ascontiguousarray(result.transpose(2, 1, 0))


@functools.cache
def _kernel() -> Callable[..., None]:
    # Where compiled code cannot be kept, or was kept badly, it is compiled for this run alone.
    kept = guard.attempt(_compiled, True)
    return _compiled(False) if isinstance(kept, AuditError) else kept


def _compiled(keep: bool) -> Callable[..., None]:
    # Imported on first use: the compiler costs more than many an audit's attributions.
    import numba

    compiled: Callable[..., None] = numba.njit(_SIGNATURE, nogil=True, error_model="numpy", cache=keep)(_walk)
    return compiled


_SIGNATURE = (
    "void(i8[::1], i8[::1], i8[::1], f8[::1], b1[::1], i8[::1], b1[:, ::1], f8[::1], f8[::1], i8, f8[::1], f8[::1], "
    "f8[:, ::1], f8[:, ::1], i8)"
)


def _walk(
    left: Any, right: Any, feature: Any, threshold: Any, missing_left: Any, category: Any, categories: Any, cover: Any,
    value: Any, depth: int, t: Any, weight: Any, x: Any, phi: Any, block: int,
) -> None:  # fmt: skip
    # Written in the loops that the compiler turns into vector code; one pass over the tree for each block of rows.
    n_nodes, n_rows, n_features = len(t), x.shape[1], x.shape[0]
    product = np.ones((depth + 1, n_nodes, block))
    total = np.zeros((depth + 1, n_nodes, block))
    follows = np.ones((n_features, block))
    before = np.ones((depth + 1, block))
    after = np.ones((depth + 1, block))
    w = np.ones(n_features)
    w_before = np.ones(depth + 1)
    path = np.zeros(depth + 1, np.int64)
    phase = np.zeros(depth + 1, np.int64)
    share = np.zeros(block)
    for start in range(0, n_rows, block):
        size = min(block, n_rows - start)
        at = 0
        path[0] = 0
        phase[0] = 0
        while at >= 0:
            node = path[at]
            if left[node] >= 0 and phase[at] < 2:
                child = left[node] if phase[at] == 0 else right[node]
                to_left = phase[at] == 0
                phase[at] += 1
                f = feature[node]
                old = w[f]
                new = old * cover[child] / cover[node]
                at += 1
                path[at] = child
                phase[at] = 0
                w_before[at] = old
                w[f] = new
                for r in range(size):
                    v = x[f, start + r]
                    if np.isnan(v):
                        goes = missing_left[node]
                    elif category[node] >= 0:
                        goes = 0 <= v < 256 and categories[category[node], int(v)]
                    else:
                        goes = v <= threshold[node]
                    before[at, r] = follows[f, r]
                    if goes != to_left:
                        follows[f, r] = 0.0
                    after[at, r] = follows[f, r]
                leaf = left[child] < 0
                for r in range(size):
                    share[r] = 0.0
                for q in range(n_nodes):
                    outside = 1.0 - t[q]
                    old_in = old * outside + t[q]
                    new_in = new * outside + t[q]
                    never = new / old
                    left_now = new * outside / old_in
                    still = new_in / old_in
                    if not leaf:
                        for r in range(size):
                            factor = never + before[at, r] * (left_now - never) + after[at, r] * (still - left_now)
                            product[at, q, r] = product[at - 1, q, r] * factor
                            total[at, q, r] = 0.0
                    else:
                        c_left = -1.0 / outside - (1.0 - old) / old_in
                        c_still = (1.0 - new) / new_in - (1.0 - old) / old_in
                        scale = value[child] * weight[q]
                        for r in range(size):
                            factor = never + before[at, r] * (left_now - never) + after[at, r] * (still - left_now)
                            amount = product[at - 1, q, r] * factor * scale
                            share[r] += amount * (before[at, r] * c_left + after[at, r] * (c_still - c_left))
                            total[at - 1, q, r] += amount
                if leaf:
                    for r in range(size):
                        phi[f, start + r] += share[r]
                        follows[f, r] = before[at, r]
                    w[f] = old
                    at -= 1
            else:
                if at > 0:
                    f = feature[path[at - 1]]
                    old = w_before[at]
                    new = w[f]
                    for r in range(size):
                        share[r] = 0.0
                    for q in range(n_nodes):
                        outside = 1.0 - t[q]
                        old_in = old * outside + t[q]
                        c_left = -1.0 / outside - (1.0 - old) / old_in
                        c_still = (1.0 - new) / (new * outside + t[q]) - (1.0 - old) / old_in
                        for r in range(size):
                            share[r] += total[at, q, r] * (before[at, r] * c_left + after[at, r] * (c_still - c_left))
                            total[at - 1, q, r] += total[at, q, r]
                    for r in range(size):
                        phi[f, start + r] += share[r]
                        follows[f, r] = before[at, r]
                    w[f] = old
                at -= 1
