"""Sensitive features to the groups of the sampled rows that an effect is told of, and those that are too small."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audit.declarations.attribution import Ground
from audit.records.observation import group_key

FEWEST = 30
"""Sampled rows under which a group has no curve of its own."""
_MOST = 12


@dataclass(frozen=True)
class Group:
    """The sampled rows of one group."""

    key: str
    """As in observation ids: "sex=female"."""
    member: NDArray[np.bool_]
    """(n,)."""


def groups_of(ground: Ground, rows: int) -> tuple[list[Group], list[str]]:
    """Return the groups of each sensitive feature among the first rows, and the keys of those that are left out."""
    found: list[Group] = []
    left_out: list[str] = []
    for column in ground.sensitive.columns:
        values = ground.sensitive[column].iloc[:rows].astype(str).to_numpy()
        names, counts = np.unique(values, return_counts=True)
        kept = {
            str(name) for name in sorted(names[counts >= FEWEST], key=lambda v: (-int((values == v).sum()), v))[:_MOST]
        }
        for name in map(str, names):
            key = group_key((str(column),), (name,))
            if name in kept and name != "unknown":
                found.append(Group(key, values == name))
            else:
                left_out.append(key)
    return found, left_out
