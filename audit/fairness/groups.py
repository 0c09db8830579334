"""Turns the sensitive columns of a table into groups of people and a code for each row."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.records.observation import group_key, grouping_key
from audit.records.sections import GroupFacts, GroupingFacts
from audit.records.spec import SensitiveSpec

UNKNOWN = "unknown"
MOST_GROUPS = 200
"""Groups above which a grouping is named, not measured: a column with so many values was not meant as groups."""


@dataclass(frozen=True)
class Grouping:
    """One way of dividing the audited rows."""

    facts: GroupingFacts
    codes: NDArray[np.int64]
    """(n,) position of each row's group in `facts.groups`."""

    @property
    def groups(self) -> tuple[GroupFacts, ...]:
        """The groups, in the order of `codes`."""
        return self.facts.groups

    @property
    def judged(self) -> NDArray[np.int64]:
        """(k,) positions of the groups that are neither small nor unknown."""
        return np.flatnonzero([not (g.small or g.unknown) for g in self.groups]).astype(np.int64)

    @property
    def reference(self) -> int | None:
        """Position of the named reference group, if there is one."""
        return self.position(self.facts.reference)

    def position(self, key: str | None) -> int | None:
        """Return the position of the group of that key, or None."""
        return next((i for i, g in enumerate(self.groups) if g.key == key), None)


def make_grouping(
    sensitive: pd.DataFrame,
    columns: tuple[str, ...],
    weight: NDArray[np.float64] | None,
    counted: bool,
    spec: SensitiveSpec,
) -> Grouping:
    """Divide rows by the values that occur together in the columns.

    Parameters
    ----------
    sensitive : DataFrame (n, s)
        Sensitive columns as text; "unknown" where a value is missing.
    columns : tuple of str
        Columns to divide by, one for a feature, more for an intersection.
    weight : ndarray (n,) or None
        Row weights.
    counted : bool
        Whether a weight counts equal rows, so that it is part of a group's size.
    spec : SensitiveSpec
        Smallest group, roles and named references.
    """
    codes, values = _divided(sensitive, columns)
    rows = np.bincount(codes, weights=weight if counted else None, minlength=len(values))
    mass = np.bincount(codes, weights=weight, minlength=len(values))
    groups = tuple(
        _group(columns, value, round(float(n)), float(m / mass.sum()) if mass.sum() else 0.0, spec)
        for value, n, m in zip(values, rows, mass, strict=True)
    )
    facts = GroupingFacts(
        key=grouping_key(columns),
        columns=columns,
        role=role_of(columns, spec),
        groups=groups,
        reference=_reference(columns, groups, spec),
    )
    return Grouping(facts, codes)


def declared(spec: SensitiveSpec, asked: Iterable[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Return every grouping that is wanted, once: each feature, each declared intersection, then what packs ask for.

    The same columns in another order are the same grouping.
    """
    wanted: dict[frozenset[str], tuple[str, ...]] = {}
    for columns in [*((feature,) for feature in spec.features), *spec.intersections, *asked]:
        wanted.setdefault(frozenset(columns), columns)
    return tuple(wanted.values())


def role_of(columns: tuple[str, ...], spec: SensitiveSpec) -> str | None:
    """Return what packs call these columns, or None."""
    if not any(column in spec.roles for column in columns):
        return None
    return "&".join(spec.roles.get(column, column) for column in columns)


def natural(text: str) -> tuple[tuple[int, float, str], ...]:
    """Return a sort key under which "[25, 40)" comes before "[100, 120)".

    >>> sorted(["b10", "b9", "a"], key=natural)
    ['a', 'b9', 'b10']
    """
    parts = re.split(r"(\d+(?:\.\d+)?)", text, flags=re.ASCII)
    return tuple((0, float(p), "") if i % 2 else (1, 0.0, p) for i, p in enumerate(parts) if p)


def _divided(sensitive: pd.DataFrame, columns: tuple[str, ...]) -> tuple[NDArray[np.int64], list[tuple[str, ...]]]:
    codes = np.zeros(len(sensitive), dtype=np.int64)
    levels: list[list[str]] = []
    for column in columns:
        positions, distinct = pd.factorize(sensitive[column])
        ordered = sorted(map(str, distinct), key=lambda v: (v == UNKNOWN, natural(v), v))
        levels.append(ordered)
        place = {value: i for i, value in enumerate(ordered)}
        codes = codes * len(ordered) + np.array([place[str(value)] for value in distinct], dtype=np.int64)[positions]
    places, present = pd.factorize(codes, sort=True)
    return places.astype(np.int64), [_values(int(code), levels) for code in present]


def _values(code: int, levels: list[list[str]]) -> tuple[str, ...]:
    values = []
    for ordered in reversed(levels):
        code, digit = divmod(code, len(ordered))
        values.append(ordered[digit])
    return tuple(reversed(values))


def _group(columns: tuple[str, ...], values: tuple[str, ...], n: int, share: float, spec: SensitiveSpec) -> GroupFacts:
    return GroupFacts(
        key=group_key(columns, values),
        label=", ".join(values),
        n=n,
        share=min(share, 1.0),
        small=n < spec.minimum_group,
        unknown=UNKNOWN in values,
    )


def _reference(columns: tuple[str, ...], groups: tuple[GroupFacts, ...], spec: SensitiveSpec) -> str | None:
    # An intersection has a named reference only where each of its columns has one.
    if not all(column in spec.reference for column in columns):
        return None
    key = group_key(columns, tuple(str(spec.reference[column]) for column in columns))
    return next((g.key for g in groups if g.key == key and not g.unknown), None)
