"""Flat decision trees and rows to exact path-dependent Shapley values, by Gauss-Legendre quadrature.

For a leaf of value v whose path uses the features F, let w_j be the product of cover fractions along the path for
feature j, and o_j in {0, 1} whether the row follows the path at every split on j. The Shapley value of feature i is

    phi_i = v (o_i - w_i) * integral over t in [0, 1] of the product over j in F, j != i of (w_j (1 - t) + o_j t)

The integrand is a polynomial of degree |F| - 1, so ceil(|F| / 2) Gauss-Legendre nodes give it exactly. One walk of a
tree serves a block of rows: going down, the product is carried at each node of the quadrature; coming back, each inner
node adds the share of its feature. The cost is nodes x quadrature nodes a row, where the usual algorithm needs
leaves x depth^2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.attribution.compiled import compiled, in_parts
from audit.attribution.paths import path_values
from audit.attribution.trees import LEAF, FlatTree, gauss_legendre, joined
from audit.errors import AuditError

# Factors of a group of trees, in numbers, that stay in a processor's second cache beside a block of rows.
_GROUP = 32_000


def operations(trees: tuple[FlatTree, ...]) -> int:
    """Return the multiplications that one row costs, up to a constant."""
    return sum(tree.nodes * tree.order * int(tree.value.any(axis=0).sum()) for tree in trees)


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
    kernels = _kernels()
    if isinstance(kernels, AuditError):
        # Without a compiler the same numbers come out of plain arrays, only later.
        return path_values(trees, x)
    found = np.zeros((-(-len(x) // kernels.rows), trees[0].value.shape[1], x.shape[1], kernels.rows))
    seen = _abreast(x, kernels.rows)
    for group in _groups(trees):
        program = _program(kernels, group)

        def part(a: int, b: int, program: tuple[Any, ...] = program) -> None:
            kernels.walk(*program, seen[a:b], found[a:b].reshape(b - a, -1))

        in_parts(part, len(seen))
    by_row = found.transpose(0, 3, 2, 1).reshape(-1, x.shape[1], found.shape[1])
    return np.ascontiguousarray(by_row[: len(x)])


def _abreast(x: NDArray[np.float64], together: int) -> NDArray[np.float64]:
    # (blocks, columns * together): each column of the rows of a block side by side.
    blocks = -(-len(x) // together)
    padded = np.zeros((blocks * together, x.shape[1]))
    padded[: len(x)] = x
    return np.ascontiguousarray(padded.reshape(blocks, together, -1).transpose(0, 2, 1)).reshape(blocks, -1)


@dataclass(frozen=True)
class _Group:
    trees: tuple[FlatTree, ...]
    order: int
    outputs: tuple[int, ...]


def _groups(trees: tuple[FlatTree, ...]) -> Iterator[_Group]:
    # Trees of one order and the same outputs, few enough for their factors to stay in cache.
    def key(tree: FlatTree) -> tuple[int, tuple[int, ...]]:
        return tree.order, tuple(np.flatnonzero(tree.value.any(axis=0)).tolist())

    for (nodes, outputs), alike in groupby(sorted(trees, key=key), key=key):
        held: list[FlatTree] = []
        for tree in alike if outputs else ():
            held.append(tree)
            if sum(each.nodes for each in held) * nodes * (5 + 3 * len(outputs)) > _GROUP:
                yield _Group(tuple(held), nodes, outputs)
                held = []
        if held:
            yield _Group(tuple(held), nodes, outputs)


def _program(kernels: _Kernels, group: _Group) -> tuple[Any, ...]:
    # What the walk is given of a group of trees: its steps, their numbers and their factors.
    grove, outputs = joined(group.trees), np.array(group.outputs)
    t, weight = gauss_legendre(group.order)
    inner = int((grove.left != LEAF).sum())
    order = np.zeros(2 * inner, dtype=np.int64)
    program = (
        np.zeros((inner, kernels.whole), dtype=np.int64),
        np.zeros((inner, kernels.limits)),
        np.zeros((inner, kernels.flags), dtype=np.bool_),
        np.zeros(len(grove.categories), dtype=np.uint8),
        np.zeros(inner * kernels.edge * len(t)),
        np.zeros(inner * len(outputs) * kernels.leaf * len(t)),
    )
    steps = kernels.tables(*grove.tests(), grove.cover, grove.value, grove.roots, outputs, t, weight, order, *program)
    return (order[:steps], *program, outputs, len(t), 2 * max(tree.depth for tree in group.trees) + 2)


@dataclass(frozen=True)
class _Kernels:
    tables: Callable[..., int]
    walk: Callable[..., None]
    rows: int
    whole: int
    limits: int
    flags: int
    edge: int
    leaf: int


def _kernels() -> _Kernels | AuditError:
    found = compiled(_sources)
    if isinstance(found, AuditError):
        return found
    from audit.attribution import kernels as k

    return _Kernels(found[0], found[1], k.ROWS, k.WHOLE, k.LIMITS, k.FLAGS, k.EDGE, k.LEAF)


def _sources() -> tuple[tuple[str, Callable[..., Any]], ...]:
    from audit.attribution import kernels

    return (kernels.TABLES, kernels.tables), (kernels.WALK, kernels.walk)
