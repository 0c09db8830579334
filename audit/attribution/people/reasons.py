"""Unfavourable decisions to the inputs that moved the score against each person, each of them put to the test.

Each input of a person is given, alone, values of those whom the model favours. Its *effect* is how much the favourable
score then rises in the mean; its *gain*, how much it rises with the one value that is typical of them. Only an input
whose effect and gain are both above zero, and which raises the score with the values of more than half of them, is a
reason: one that moved the score for the person, or now this way and now that, is none, however large its attribution.

Where no input does so alone, as under a rule that asks for two things at once, inputs are tried together: all are given
their typical values, and the effect of one is what is lost when it alone stays as it is. Those that count most are then
reasons if, given their typical values together, they raise the score.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from audit.attribution.people.crowd import Array, Crowd, Flags, Rows
from audit.records.people import Reason
from audit.records.spec import ReasonsSpec, WordingSpec

_GRID = tuple((i + 0.5) / 15 for i in range(15))
_FEW = 16
"""Distinct values of a column up to which each stands for just those people who have it."""
_LEAST = 1e-6
_PRINCIPAL = 0.05
"""An input is no principal reason if its effect or gain is under this part of the person's largest."""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Values of those whom the model favours, column by column."""

    column: Rows
    """(p,) column of each value."""
    row: Rows
    """(p,) row of the crowd that holds it."""
    share: Array
    """(p,) part of those people that it stands for; sums to 1 a column."""
    typical: Rows
    """(d,) position, among the p, of the column's middle or most frequent value."""


@dataclass(frozen=True, kw_only=True)
class Effects:
    """What giving each input the reference's values does to the favourable score of each person."""

    effect: Array
    """(m, d) mean rise over the values."""
    gain: Array
    """(m, d) rise with the typical value."""
    raised: Array
    """(m, d) part of those favoured with whose values the score rises."""
    least: float
    """Rise that counts as one."""

    def ranked(self, allowed: Flags, most: int) -> Rows:
        """Return (m, most) columns by falling effect, -1 where a person has no further reason."""
        true = (self.effect > self.least) & (self.gain > self.least) & (self.raised > 0.5) & allowed
        strength = np.where(true, np.minimum(self.effect, self.gain), 0.0)
        true &= strength >= _PRINCIPAL * strength.max(axis=1, keepdims=True, initial=0.0)
        effect = np.where(true, self.effect, -np.inf)
        order = np.argsort(-effect, axis=1, kind="stable")[:, :most]
        return np.where(np.take_along_axis(true, order, axis=1), order, -1)


def reference_of(crowd: Crowd, people: Rows) -> Reference:
    """Sum up the values of some rows: each of up to 16, else 15 quantiles of numbers, or the most frequent others."""
    column: list[Rows] = []
    row: list[Rows] = []
    share: list[Array] = []
    typical: list[int] = []
    for j in range(len(crowd.names)):
        places, shares, middle = _values(crowd, people, j)
        typical.append(sum(len(r) for r in row) + middle)
        column.append(np.full(len(places), j))
        row.append(places)
        share.append(shares)
    return Reference(
        column=np.concatenate(column).astype(np.int64),
        row=np.concatenate(row).astype(np.int64),
        share=np.concatenate(share),
        typical=np.array(typical, dtype=np.int64),
    )


def effects(crowd: Crowd, persons: Rows, reference: Reference) -> Effects:
    """Ask the model about every person with every value of the reference, one column at a time, in one go."""
    favour = crowd.answers.favour
    assert favour is not None
    d = len(crowd.names)
    own = crowd.encoded[persons][:, reference.column]
    other = crowd.encoded[reference.row, reference.column]
    changed = ~((own == other) | (np.isnan(own) & np.isnan(other)))
    i, p = np.nonzero(changed)
    source = np.repeat(persons[i, None], d, axis=1)
    source[np.arange(len(i)), reference.column[p]] = reference.row[p]
    rise = np.zeros(changed.shape)
    if len(i):
        asked = crowd.ask(source).favour
        assert asked is not None
        rise[i, p] = asked - favour[persons[i]]
    weight = np.zeros((len(reference.column), d))
    weight[np.arange(len(reference.column)), reference.column] = reference.share
    least = _LEAST * (float(np.ptp(favour)) or 1.0)
    return Effects(effect=rise @ weight, gain=rise[:, reference.typical], raised=(rise > least) @ weight, least=least)


def together(
    crowd: Crowd, persons: Rows, found: Effects, given: Rows, reference: Reference, allowed: Flags
) -> tuple[Effects, Rows, Flags]:
    """Give reasons that hold only together to those who have none alone.

    Parameters
    ----------
    found : Effects
        Of each input alone.
    given : ndarray (m, k) int64
        Reasons of that kind, -1 where there is no further one.
    allowed : ndarray (d,) bool
        Columns that may be a reason.

    Returns
    -------
    Effects
        The same, with what was found of those people: the gain of each of their reasons is that of all together.
    ndarray (m, k) int64
        The reasons of everybody.
    ndarray (m,) bool
        Whose hold only together.
    """
    favour, columns = crowd.answers.favour, np.flatnonzero(allowed)
    lonely = np.flatnonzero((given < 0).all(axis=1))
    joint = np.zeros(len(persons), dtype=bool)
    if not len(lonely) or not len(columns) or not given.shape[1]:
        return found, given, joint
    assert favour is not None
    own, n, k = persons[lonely], len(lonely), given.shape[1]
    every = np.repeat(own[:, None], len(crowd.names), axis=1)
    every[:, columns] = reference.row[reference.typical[columns]]
    without = np.repeat(every[:, None], len(columns), axis=1)
    without[:, np.arange(len(columns)), columns] = own[:, None]
    asked = crowd.ask(np.concatenate([every, without.reshape(-1, every.shape[1])])).favour
    assert asked is not None
    lost = asked[:n, None] - asked[n:].reshape(n, -1)
    order = np.argsort(-lost, axis=1, kind="stable")[:, :k]
    needed = np.take_along_axis(lost, order, axis=1) > found.least
    chosen = np.full((n, k), -1)
    chosen[:, : order.shape[1]] = np.where(needed, columns[order], -1)
    after = crowd.ask(reset(crowd, own, chosen, reference)).favour
    assert after is not None
    gain = after - favour[own]
    holds = (gain > found.least) & (chosen >= 0).any(axis=1)
    effect, gains, given = found.effect.copy(), found.gain.copy(), given.copy()
    given[lonely[holds]] = chosen[holds]
    joint[lonely[holds]] = True
    for i in np.flatnonzero(holds):
        mine = chosen[i][chosen[i] >= 0]
        effect[lonely[i], mine] = lost[i, np.searchsorted(columns, mine)]
        gains[lonely[i], mine] = gain[i]
    return replace(found, effect=effect, gain=gains), given, joint


def reset(crowd: Crowd, persons: Rows, given: Rows, reference: Reference) -> Rows:
    """Return the (m, d) source of each person with all of its (m, k) reasons at their typical value."""
    source = np.repeat(persons[:, None], len(crowd.names), axis=1)
    for k in range(given.shape[1]):
        at = np.flatnonzero(given[:, k] >= 0)
        column = given[at, k]
        source[at, column] = reference.row[reference.typical[column]]
    return source


def told(
    crowd: Crowd,
    person: int,
    columns: Rows,
    found: tuple[Array, Array],
    joint: bool,
    reference: Reference,
    asked: ReasonsSpec,
) -> tuple[Reason, ...]:
    """Put the reasons of one person into words.

    Parameters
    ----------
    columns : ndarray (k,) int64
        The reasons, -1 where there is no further one.
    found : tuple of ndarray (d,) float64
        Effect and gain of each column for this person.
    joint : bool
        Whether the reasons hold only together.
    """
    reasons = []
    for j in (int(c) for c in columns if c >= 0):
        typical = int(reference.row[reference.typical[j]])
        reasons.append(
            Reason(
                feature=crowd.names[j],
                text=_worded(crowd, person, j, typical, asked),
                value=crowd.text(person, j),
                reference=crowd.text(typical, j),
                effect=float(found[0][j]),
                gain=float(found[1][j]),
                together=joint,
            )
        )
    return tuple(reasons)


def _values(crowd: Crowd, people: Rows, j: int) -> tuple[Rows, Array, int]:
    # Rows that hold the column's values, the share of people behind each, and which is typical.
    held = crowd.encoded[people, j]
    known = np.flatnonzero(~np.isnan(held))
    if not len(known):
        return people[:1], np.ones(1), 0
    order = known[np.argsort(held[known], kind="stable")]
    distinct, first, counts = np.unique(held[order], return_index=True, return_counts=True)
    if crowd.numeric[j] and len(distinct) > _FEW:
        at = np.floor(np.array(_GRID) * (len(order) - 1)).astype(np.int64)
        return people[order[at]], np.full(len(_GRID), 1 / len(_GRID)), len(_GRID) // 2
    kept = np.sort(np.argsort(-counts, kind="stable")[:_FEW])
    share = counts[kept] / counts[kept].sum()
    # Numbers have a middle even where there are few of them.
    middle = int(np.searchsorted(np.cumsum(share), 0.5 - 1e-12)) if crowd.numeric[j] else int(np.argmax(share))
    return people[order[first[kept]]], share, middle


def _worded(crowd: Crowd, person: int, j: int, typical: int, asked: ReasonsSpec) -> str:
    name = crowd.names[j]
    own, other = crowd.encoded[person, j], crowd.encoded[typical, j]
    kind = "missing" if np.isnan(own) else "other"
    if kind == "other" and crowd.numeric[j] and not np.isnan(other):
        kind = "high" if own > other else "low"
    wording = asked.wording.get(name)
    if isinstance(wording, WordingSpec):
        wording = getattr(wording, kind)
    if wording:
        return wording
    title = name.replace("_", " ").strip().capitalize() or name
    return f"{title} is {crowd.text(person, j) if kind == 'other' else kind}"
