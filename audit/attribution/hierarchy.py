"""A tree of columns to the coalitions that its Owen values need, and those to values."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Share:
    """What columns that are not told apart any further earn together: a weighted sum of what they add."""

    columns: tuple[int, ...]
    inside: NDArray[np.int64]
    """(c,) places of the coalitions with them."""
    outside: NDArray[np.int64]
    """(c,) places of the same coalitions without them."""
    weight: NDArray[np.float64]
    """(c,) summing to 1."""


@dataclass(frozen=True)
class Design:
    """The coalitions to be asked for, the same for every row."""

    members: NDArray[np.bool_]
    """(s, d) the empty one first, then the whole one."""
    shares: tuple[Share, ...]

    def values(self, worth: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the (n, d, K) Owen values of the (n, s, K) worths."""
        found = np.zeros((len(worth), self.members.shape[1], worth.shape[2]))
        for share in self.shares:
            gain = np.einsum("c,nck->nk", share.weight, worth[:, share.inside] - worth[:, share.outside])
            found[:, list(share.columns)] = gain[:, None] / len(share.columns)
        return found


def design(tree: NDArray[np.float64], most: int) -> Design:
    """Split groups from the root down, those of fewest coalitions first, while at most `most` coalitions are needed.

    Parameters
    ----------
    tree : ndarray, shape (d - 1, 4)
        Linkage matrix of the columns, as scipy writes it.
    most : int
        2 or more; a group that is not split any further shares equally among its columns.

    References
    ----------
    Owen: Values of games with a priori unions (1977), doi:10.1007/978-3-642-45494-3_7, level by level.
    """
    d = len(tree) + 1
    places: dict[frozenset[int], int] = {frozenset(): 0, frozenset(range(d)): 1}
    # A group enters after none or all of each group beside it or above it: the contexts, each as likely.
    waiting: list[tuple[int, int, list[frozenset[int]]]] = [(1, -2 * len(tree), [frozenset()])]
    done: list[tuple[tuple[int, ...], list[frozenset[int]]]] = []
    while waiting:
        _, node, contexts = heappop(waiting)
        columns = _leaves(tree, -node)
        parts = [_leaves(tree, int(child)) for child in tree[-node - d, :2]] if -node >= d else []
        fresh = {c | set(part) for c in contexts for part in parts} - places.keys()
        if not parts or len(places) + len(fresh) > most:
            done.append((columns, contexts))
            continue
        for coalition in sorted(fresh, key=sorted):
            places.setdefault(coalition, len(places))
        for child, other in zip(tree[-node - d, :2], reversed(parts), strict=True):
            both = contexts + [c | set(other) for c in contexts]
            heappush(waiting, (len(both), -int(child), both))
    members = np.zeros((len(places), d), dtype=np.bool_)
    for coalition, place in places.items():
        members[place, list(coalition)] = True
    return Design(members, tuple(_share(columns, contexts, places) for columns, contexts in done))


def _share(columns: tuple[int, ...], contexts: list[frozenset[int]], places: dict[frozenset[int], int]) -> Share:
    return Share(
        columns=columns,
        inside=np.array([places[c | set(columns)] for c in contexts], dtype=np.int64),
        outside=np.array([places[c] for c in contexts], dtype=np.int64),
        weight=np.full(len(contexts), 1 / len(contexts)),
    )


def _leaves(tree: NDArray[np.float64], node: int) -> tuple[int, ...]:
    d, found, open_ = len(tree) + 1, [], [node]
    while open_:
        at = open_.pop()
        if at < d:
            found.append(at)
        else:
            open_ += [int(child) for child in tree[at - d, :2]]
    return tuple(sorted(found))
