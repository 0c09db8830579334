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

import functools
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit import guard
from audit.attribution.paths import path_values
from audit.attribution.trees import LEAF, FlatTree, gauss_legendre
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
    compiled = _compiled()
    if isinstance(compiled, AuditError):
        # Without a compiler the same numbers come out of plain arrays, only later.
        return path_values(trees, x)
    found = np.zeros((-(-len(x) // compiled.rows), trees[0].value.shape[1], x.shape[1], compiled.rows))
    seen = _abreast(x, compiled.rows)
    # Each thread has rows of its own, so that no sum depends on how many there are.
    threads = max(1, min(_processors(), len(seen)))
    cuts = [len(seen) * i // threads for i in range(threads + 1)]
    with ThreadPoolExecutor(threads) as pool:
        for group in _groups(trees):
            program = _program(compiled, group)

            def part(a: int, b: int, program: tuple[Any, ...] = program) -> None:
                compiled.walk(*program, seen[a:b], found[a:b].reshape(b - a, -1))

            list(pool.map(part, cuts[:-1], cuts[1:]))
    by_row = found.transpose(0, 3, 2, 1).reshape(-1, x.shape[1], found.shape[1])
    return np.ascontiguousarray(by_row[: len(x)])


def _abreast(x: NDArray[np.float64], together: int) -> NDArray[np.float64]:
    # (blocks, columns * together): each column of the rows of a block side by side.
    blocks = -(-len(x) // together)
    padded = np.zeros((blocks * together, x.shape[1]))
    padded[: len(x)] = x
    return np.ascontiguousarray(padded.reshape(blocks, together, -1).transpose(0, 2, 1)).reshape(blocks, -1)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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


def _program(compiled: _Compiled, group: _Group) -> tuple[Any, ...]:
    # What the walk is given of a group of trees: its steps, their numbers and their factors.
    trees, outputs = group.trees, np.array(group.outputs)
    start = np.cumsum([0, *(tree.nodes for tree in trees)])[:-1]
    shift = np.repeat(start, [tree.nodes for tree in trees])
    left, right, feature, threshold, missing_left, cover, value = (
        np.concatenate([getattr(tree, name) for tree in trees])
        for name in ("left", "right", "feature", "threshold", "missing_left", "cover", "value")
    )
    tested = left != LEAF
    left, right = np.where(tested, left + shift, LEAF), np.where(tested, right + shift, LEAF)
    listed, length, categories = _listed(trees)
    t, weight = gauss_legendre(group.order)
    inner = int(tested.sum())
    # Every inner node is entered, and come back to unless it holds two leaves.
    order = np.zeros(2 * inner, dtype=np.int64)
    program = (
        np.zeros((inner, compiled.whole), dtype=np.int64),
        np.zeros((inner, compiled.limits)),
        np.zeros((inner, compiled.flags), dtype=np.bool_),
        np.zeros(len(categories), dtype=np.uint8),
        np.zeros(inner * compiled.edge * len(t)),
        np.zeros(inner * len(outputs) * compiled.leaf * len(t)),
    )
    steps = compiled.tables(
        left, right, feature, threshold, missing_left, listed, length, categories, cover, value, start, outputs, t,
        weight, order, *program,
    )  # fmt: skip
    return (order[:steps], *program, outputs, len(t), 2 * max(tree.depth for tree in trees) + 2)


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


@dataclass(frozen=True)
class _Compiled:
    tables: Callable[..., int]
    walk: Callable[..., None]
    rows: int
    whole: int
    limits: int
    flags: int
    edge: int
    leaf: int


@functools.cache
def _compiled() -> _Compiled | AuditError:
    # Where compiled code cannot be kept, or was kept badly, it is compiled for this run alone.
    kept = guard.attempt(_built, True)
    return guard.attempt(_built, False) if isinstance(kept, AuditError) else kept


def _built(keep: bool) -> _Compiled:
    # Imported on first use: the compiler costs more than many an audit's attributions.
    import numba

    from audit.attribution import kernels as k

    tables, walk = (
        numba.njit(signature, nogil=True, error_model="numpy", cache=keep)(function)
        for signature, function in ((k.TABLES, k.tables), (k.WALK, k.walk))
    )
    return _Compiled(tables, walk, k.ROWS, k.WHOLE, k.LIMITS, k.FLAGS, k.EDGE, k.LEAF)
