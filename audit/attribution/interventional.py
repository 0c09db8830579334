"""Flat decision trees, rows and a background to Shapley values of the interventional game, exact or sampled.

Against one background row, a leaf of value v is reached by every mixture of the two rows that takes the columns A from
the explained row, by which alone it follows the leaf's path, and the columns B from the other, by which alone that one
does. Where no column fails both, each column of A earns v (|A| - 1)! |B|! / (|A| + |B|)! and each of B loses
v |A|! (|B| - 1)! / (|A| + |B|)! (Lundberg et al. 2020, https://doi.org/10.1038/s42256-019-0138-9).

A leaf sees of a row only by which of its F columns the row follows. The mean over the background is therefore a table
of 2**F patterns, made once a leaf from the counts of the background's patterns, and looked up for each row (the idea of
Nadel and Wettenstein 2025, https://arxiv.org/abs/2511.09376). The table is the integral over t in [0, 1] of

    sum over patterns p of count(p) * product over j of (p_j (1 - t) + o_j t, or 1 where both follow, 0 where neither)

taken by Gauss-Legendre quadrature, each place of which is F passes over the table. Where leaves test too many columns
for that, each row meets some background rows one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import beta

from audit.attribution.compiled import compiled, in_parts
from audit.attribution.trees import LEAF, FlatTree, Grove, gauss_legendre, joined
from audit.errors import AuditError

# Budgets count operations, never seconds: two runs explain alike.
_WIDEST = 16
_TABLES = 1e10
_GROUP = 1_000_000
_TESTS = 3e8
_FEWEST = 8
_PROBED = 4
_CELLS = 100_000


@dataclass(frozen=True)
class Interventional:
    """Shapley values of the interventional game."""

    values: NDArray[np.float64]
    """(n, players, K)."""
    error: NDArray[np.float64] | None
    """(n, players, K) standard errors; None where every background row was met."""
    met: int
    """Background rows that each row met."""


def interventional_values(
    trees: tuple[FlatTree, ...],
    x: NDArray[np.float64],
    background: NDArray[np.float64],
    rng: np.random.Generator,
    owners: NDArray[np.int64] | None = None,
) -> Interventional | AuditError:
    """Attribute the sum of trees to the columns of `x`, absent ones being those of background rows.

    Parameters
    ----------
    trees : tuple of FlatTree
        Trees with K outputs each.
    x : ndarray of shape (n, m), float64
        Rows as the trees read them; a missing value is NaN.
    background : ndarray of shape (b, m), float64
        Rows likewise, of equal weight.
    rng : numpy.random.Generator
        Shuffles the background where not every row meets all of it.
    owners : ndarray of shape (m,), int64, optional
        The player that each column belongs to: columns of one player are absent together. Each its own by default.

    Returns
    -------
    Interventional or AuditError
        The error where there is no compiler.
    """
    kernels = compiled(_sources)
    if isinstance(kernels, AuditError):
        return kernels
    owners = np.arange(x.shape[1]) if owners is None else owners
    if _cost_of_tables(trees) <= _TABLES:
        return Interventional(_by_tables(kernels, trees, x, background, owners), None, len(background))
    return _by_pairs(kernels[3], trees, x, background, owners, rng)


def _cost_of_tables(trees: tuple[FlatTree, ...]) -> float:
    widths = np.concatenate([tree.widths for tree in trees]).astype(np.float64)
    return float(np.inf if widths.max() > _WIDEST else (2.0**widths * widths**2).sum())


def _by_tables(
    kernels: tuple[Callable[..., Any], ...],
    trees: tuple[FlatTree, ...],
    x: NDArray[np.float64],
    background: NDArray[np.float64],
    owners: NDArray[np.int64],
) -> NDArray[np.float64]:
    conditions, shares, looked_up = kernels[:3]
    rows, other = np.ascontiguousarray(x.T), np.ascontiguousarray(background.T)
    players = int(owners.max()) + 1
    phi = np.zeros((trees[0].value.shape[1], players, len(x)))
    t, weight = _quadratures(max(int(tree.widths.max()) for tree in trees))
    for group in _groups(trees):
        grove = joined(group)
        leaves = np.flatnonzero((grove.left == LEAF) & grove.value.any(axis=1))
        asked = _conditions(conditions, grove, owners, leaves, group)
        sizes = asked[1] << asked[1]
        place = np.cumsum(sizes) - sizes
        share = np.zeros(max(1, int(sizes.sum())))
        width = int(grove.length.max())

        def make(
            a: int, b: int, asked: Any = asked, place: Any = place, share: Any = share, width: int = width
        ) -> None:
            shares(asked[0][a : b + 1], asked[1][a:b], *asked[2:], width, other, place[a:b], t, weight, share)

        in_parts(make, len(leaves))
        value = np.ascontiguousarray(grove.value[leaves])

        def look(
            a: int, b: int, asked: Any = asked, place: Any = place, share: Any = share, width: int = width,
            value: Any = value,
        ) -> None:  # fmt: skip
            part = np.ascontiguousarray(rows[:, a:b])
            found = np.zeros((len(phi), players, b - a))
            looked_up(*asked, width, part, value, place, share, found)
            phi[:, :, a:b] += found

        in_parts(look, rows.shape[1])
    return np.ascontiguousarray(phi.transpose(2, 1, 0))


def _groups(trees: tuple[FlatTree, ...]) -> Iterator[tuple[FlatTree, ...]]:
    # Trees whose tables are small enough to be kept at once.
    held: list[FlatTree] = []
    size = 0
    for tree in trees:
        held.append(tree)
        size += int((tree.widths << tree.widths).sum())
        if size > _GROUP:
            yield tuple(held)
            held, size = [], 0
    if held:
        yield tuple(held)


def _conditions(
    conditions: Callable[..., Any],
    grove: Grove,
    owners: NDArray[np.int64],
    leaves: NDArray[np.int64],
    group: tuple[FlatTree, ...],
) -> tuple[NDArray[Any], ...]:
    most = len(leaves) * max(tree.depth for tree in group) + 1
    lists = (int(grove.length.max()) + 1) * most if (grove.listed >= 0).any() else 1
    asked = (
        np.zeros(len(leaves) + 1, dtype=np.int64),
        np.zeros(len(leaves), dtype=np.int64),
        *np.zeros((3, most), dtype=np.int64),
        *np.zeros((2, most)),
        np.zeros(most, dtype=np.bool_),
        np.zeros(most, dtype=np.int64),
        np.zeros(lists, dtype=np.bool_),
    )
    conditions(*grove.tests(), owners, leaves, *asked)
    return asked


def _quadratures(widest: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    # (widest + 1, places) by number of columns.
    t, weight = np.zeros((2, widest + 1, max(1, -(-widest // 2))))
    for many in range(1, widest + 1):
        places = -(-many // 2)
        t[many, :places], weight[many, :places] = gauss_legendre(places)
    return t, weight


def _by_pairs(
    pairs: Callable[..., Any],
    trees: tuple[FlatTree, ...],
    x: NDArray[np.float64],
    background: NDArray[np.float64],
    owners: NDArray[np.int64],
    rng: np.random.Generator,
) -> Interventional:
    grove = joined(trees)
    n, b, players = len(x), len(background), int(owners.max()) + 1
    # Each row takes the next of a shuffled background, so that all are met equally often.
    turn = rng.permutation(b)
    most = players + 1
    count = np.arange(most + 1, dtype=np.float64)
    factor = np.zeros((most + 1, most + 1))
    factor[1:] = beta(count[1:, None], count[None, :] + 1)
    rows, other = np.ascontiguousarray(x), np.ascontiguousarray(background)

    def play(first: int, last: int, met: int) -> int:
        tests = 0
        step = max(1, _CELLS // (met * players))
        for a in range(first, last, step):
            c = min(a + step, last)
            chosen = turn[(np.arange(a, c)[:, None] * met + np.arange(met)) % b]
            tests += pairs(
                *grove.tests(), owners, grove.value, grove.roots, rows[a:c], other, chosen, factor, mean[a:c],
                spread[a:c],
            )  # fmt: skip
        return tests

    mean, spread = np.zeros((2, n, players, grove.value.shape[1]))
    first = min(n, _PROBED)
    each = play(0, first, 1) / max(1, first)
    met = int(min(b, max(_FEWEST, _TESTS // max(1.0, each * n))))
    in_parts(lambda a, c: play(a, c, met), n)
    if met == b:
        return Interventional(mean, None, b)
    return Interventional(mean, np.sqrt(spread * (1 - met / b)), met)


def _sources() -> tuple[tuple[str, Callable[..., Any]], ...]:
    from audit.attribution import leaves as k

    return (
        (k.CONDITIONS, k.conditions), (k.SHARES, k.shares), (k.LOOKED_UP, k.looked_up), (k.PAIRS, k.pairs),
    )  # fmt: skip
