"""The fewest and smallest changes of a person's values, within constraints, that turn the model's decision.

Every changed value is one that was observed in its column, so that integers stay integers and categories known ones.
One column is tried first, then two, and so on: the first number of columns at which anything turns the decision is
kept, and of what turns it the change that costs least, counted in spreads of a column, among those near observed rows.
Numbers are then taken back towards the person as far as the decision still turns. Whatever is told as found was asked
of the model once more, as it is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from audit.attribution.people.crowd import Answers, Array, Crowd, Flags, Rows
from audit.records.spec import CounterfactualSpec

Reached = Callable[[Answers, Rows], Flags]
"""Tells of answers, and of the person (by number) behind each, whether they are what was sought."""

_GRID = 12
_KEPT = 4
"""Values of a column that are tried together with others, the best ones alone."""
_BEAM = 40
_WEIGHED = 20
"""Changes whose distance to observed rows is looked at, the cheapest ones."""
_BACK = 16


@dataclass
class Search:
    """One person's search."""

    person: int
    """Row of the crowd."""
    allowed: Flags
    """(p,) whether an option may be chosen."""
    columns: int = 0
    """Columns with an option that may be chosen."""
    searched: int = 0
    found: Rows | None = None
    """(d,) rows that the values of the changed row come from."""
    changed: tuple[int, ...] = ()
    """Columns."""
    distance: float | None = None
    """To the nearest observed row."""
    answers: tuple[int | None, Array | None] = (None, None)
    """Label and score of the changed row, as the model gave them at the end."""
    single: Array = field(default_factory=lambda: np.empty(0))
    """(p,) favour of each option alone, minus infinity where it is not allowed."""
    beam: NDArray[np.int64] = field(default_factory=lambda: np.empty((0, 0), dtype=np.int64))
    """(b, level) options taken together, best first."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """Values that columns can be changed to."""

    column: Rows
    """(p,)."""
    row: Rows
    """(p,) row of the crowd that holds the value."""
    rank: Rows
    """(p,) place of the value in its column where nothing tells which is better: the ends first, then the middle."""
    every: dict[int, Rows]
    """Column of numbers to rows that hold each of its observed values within the range, by rising value."""


def search(
    crowd: Crowd, persons: Rows, frozen: Flags, asked: CounterfactualSpec, reached: Reached, budget: int
) -> list[Search]:
    """Search for each person within a budget of predictions that all of them share.

    Parameters
    ----------
    persons : ndarray (m,) int64
        Rows of the crowd.
    frozen : ndarray (d,) bool
        Columns that never change.
    reached : callable
        What the changed row has to reach.
    budget : int
        Predictions for all persons; each has `asked.budget` of them at most.
    """
    options = options_of(crowd, frozen, asked, budget // max(1, len(persons)))
    searches = []
    for person in persons.tolist():
        allowed = _allowed(crowd, person, options, asked)
        searches.append(Search(person, allowed, columns=len(np.unique(options.column[allowed]))))
    pursuit = _Pursuit(crowd, options, asked, reached, searches, budget)
    for level in range(1, asked.changes + 1):
        pursuit.step(level)
    pursuit.take_back()
    pursuit.confirm()
    return searches


def options_of(crowd: Crowd, frozen: Flags, asked: CounterfactualSpec, each: int) -> Options:
    """Choose the values that columns can be changed to: up to twelve, spread evenly over the observed ones."""
    free = np.flatnonzero(~frozen)
    size = int(np.clip(min(each, asked.budget) // (2 * max(1, len(free))), 1, _GRID))
    column, row, rank, every = [], [], [], {}
    for j in free.tolist():
        rows = _observed_values(crowd, j, asked)
        if crowd.numeric[j]:
            every[j] = rows
            rows = rows[np.unique(np.linspace(0, len(rows) - 1, min(size, len(rows))).round().astype(np.int64))]
        rows = rows[: max(size, 1) if not crowd.numeric[j] else len(rows)]
        column.append(np.full(len(rows), j))
        row.append(rows)
        rank.append(_ends_first(len(rows)))
    empty = np.empty(0, dtype=np.int64)
    return Options(
        column=np.concatenate(column).astype(np.int64) if column else empty,
        row=np.concatenate(row).astype(np.int64) if row else empty,
        rank=np.concatenate(rank) if rank else empty,
        every=every,
    )


def _ends_first(size: int) -> Rows:
    # (size,) ranks in which the highest and the lowest come first, then whatever halves the widest gap.
    order: list[int] = [size - 1, 0][:size]
    while len(order) < size:
        known = sorted(order)
        low, high = max(pairwise(known), key=lambda gap: gap[1] - gap[0])
        order.append((low + high) // 2)
    ranks = np.empty(size, dtype=np.int64)
    ranks[order] = np.arange(size)
    return ranks


def _observed_values(crowd: Crowd, j: int, asked: CounterfactualSpec) -> Rows:
    # One row for each observed value: numbers by rising value and by their quantiles, others by falling frequency.
    held = crowd.encoded[: crowd.observed, j]
    distinct, first, counts = np.unique(held, return_index=True, return_counts=True)
    known = ~np.isnan(distinct)
    first, counts = first[known], counts[known]
    if not crowd.numeric[j]:
        return first[np.argsort(-counts, kind="stable")].astype(np.int64)
    ends = asked.ranges.get(crowd.names[j])
    if ends is not None:
        values = crowd.rows.iloc[first, j].to_numpy(dtype=np.float64)
        first = first[(values >= ends[0]) & (values <= ends[1])]
    return first.astype(np.int64)


def _allowed(crowd: Crowd, person: int, options: Options, asked: CounterfactualSpec) -> Flags:
    own, other = crowd.encoded[person, options.column], crowd.encoded[options.row, options.column]
    allowed = own != other
    for name, direction in asked.monotone.items():
        j = crowd.names.index(name)
        right = other > own if direction == "increasing" else other < own
        allowed &= (options.column != j) | right
    return np.asarray(allowed)


class _Pursuit:
    """The searches side by side, so that each step asks the model once for all of them."""

    def __init__(
        self,
        crowd: Crowd,
        options: Options,
        asked: CounterfactualSpec,
        reached: Reached,
        searches: list[Search],
        budget: int,
    ) -> None:
        self.crowd, self.options, self.asked, self.reached = crowd, options, asked, reached
        self.searches, self.left = searches, budget

    def step(self, level: int) -> None:
        """Try sets of `level` options for everybody whose decision has not turned yet."""
        open_ = [i for i, s in enumerate(self.searches) if s.found is None]
        if not open_:
            return
        share = self.left // len(open_) if level == 1 else self.left // (len(open_) * (self.asked.changes - level + 1))
        sets = [self._sets(self.searches[i], level, share) for i in open_]
        answers = self._ask(open_, sets)
        if answers is None:
            return
        turned = self.reached(answers, np.repeat(open_, [len(s) for s in sets]))
        favour = np.zeros(len(turned)) if answers.favour is None else answers.favour
        start = 0
        for i, tried in zip(open_, sets, strict=True):
            part = slice(start, start + len(tried))
            self._weigh(self.searches[i], tried, turned[part], favour[part], level)
            start += len(tried)

    def take_back(self) -> None:
        """Move changed numbers back towards the person, one column after another, as far as the decision turns."""
        for turn in range(self.asked.changes):
            moves = [(i, s.changed[turn]) for i, s in enumerate(self.searches) if len(s.changed) > turn]
            moves = [(i, j) for i, j in moves if self.crowd.numeric[j]]
            rows = [self._between(self.searches[i], j) for i, j in moves]
            sources = [np.repeat(self._found(i)[None], len(r), axis=0) for (i, _), r in zip(moves, rows, strict=True)]
            for source, (_, j), r in zip(sources, moves, rows, strict=True):
                source[:, j] = r
            if not any(map(len, sources)):
                continue
            who = np.repeat([i for i, _ in moves], list(map(len, rows)))
            turned = self.reached(self.crowd.ask(np.concatenate(sources)), who)
            start = 0
            for (i, j), r in zip(moves, rows, strict=True):
                holds = np.flatnonzero(turned[start : start + len(r)])
                self.searches[i].searched += len(r)
                if len(holds):
                    self._found(i)[j] = r[holds[0]]
                start += len(r)

    def confirm(self) -> None:
        """Ask the model about every change once more; what does not hold is not told."""
        done = [i for i, s in enumerate(self.searches) if s.found is not None]
        if not done:
            return
        answers = self.crowd.ask(np.stack([self._found(i) for i in done]))
        turned = self.reached(answers, np.array(done))
        for k, i in enumerate(done):
            search = self.searches[i]
            search.searched += 1
            if not turned[k]:
                search.found, search.changed = None, ()
                continue
            search.distance = float(self._nearest(search, self._found(i)[None])[0])
            search.answers = (
                None if answers.label is None else int(answers.label[k]),
                None if answers.score is None else answers.score[k],
            )

    def _found(self, i: int) -> Rows:
        found = self.searches[i].found
        assert found is not None
        return found

    def _sets(self, search: Search, level: int, share: int) -> NDArray[np.int64]:
        # (s, level) options to try together.
        room = max(0, min(share, self.asked.budget - search.searched))
        if level == 1:
            return np.flatnonzero(search.allowed)[:room, None]
        column = self.options.column
        kept = np.array(
            [p for j in dict.fromkeys(column.tolist()) for p in self._best(search, np.flatnonzero(column == j))],
            dtype=np.int64,
        )
        if not len(kept) or not len(search.beam):
            return np.empty((0, level), dtype=np.int64)
        beam = search.beam[: max(1, min(_BEAM, room // len(kept)))]
        sets = np.column_stack([np.repeat(beam, len(kept), axis=0), np.tile(kept, len(beam))])
        columns = np.sort(column[sets], axis=1)
        sets = sets[(np.diff(columns, axis=1) > 0).all(axis=1)]
        # The beam's order is kept, so that a budget cuts off the worst.
        _, first = np.unique(np.sort(sets, axis=1), axis=0, return_index=True)
        return sets[np.sort(first)][:room]

    def _best(self, search: Search, options: Rows) -> list[int]:
        order = options[np.lexsort((self.options.rank[options], -search.single[options]))][:_KEPT]
        return [int(p) for p in order if np.isfinite(search.single[p])]

    def _ask(self, who: list[int], sets: list[NDArray[np.int64]]) -> Answers | None:
        sources = [self._source(self.searches[i], tried) for i, tried in zip(who, sets, strict=True)]
        whole = np.concatenate(sources)
        self.left -= len(whole)
        for i, tried in zip(who, sets, strict=True):
            self.searches[i].searched += len(tried)
        return self.crowd.ask(whole) if len(whole) else None

    def _source(self, search: Search, sets: NDArray[np.int64]) -> Rows:
        source = np.full((len(sets), len(self.crowd.names)), search.person)
        for k in range(sets.shape[1]):
            source[np.arange(len(sets)), self.options.column[sets[:, k]]] = self.options.row[sets[:, k]]
        return source

    def _weigh(self, search: Search, tried: NDArray[np.int64], turned: Flags, favour: Array, level: int) -> None:
        if level == 1:
            search.single = np.full(len(self.options.column), -np.inf)
            search.single[tried[:, 0]] = favour
        if not turned.any():
            rank = self.options.rank[tried].sum(axis=1)
            search.beam = tried[np.lexsort((rank, -favour))[:_BEAM]]
            return
        hits = tried[turned]
        sources = self._source(search, hits)
        cost = self.crowd.apart(self.crowd.encoded[search.person][None], self._values(sources)).sum(axis=1)
        cheap = np.argsort(cost, kind="stable")[:_WEIGHED]
        # What lies near observed rows comes before what costs a little less.
        weight = cost[cheap] + len(self.crowd.names) * self._nearest(search, sources[cheap])
        best = cheap[np.argmin(weight)]
        search.found = sources[best]
        search.changed = tuple(sorted(int(j) for j in self.options.column[hits[best]]))

    def _values(self, sources: Rows) -> Array:
        return self.crowd.encoded[sources, np.arange(sources.shape[1])]

    def _nearest(self, search: Search, sources: Rows) -> Array:
        observed = np.arange(self.crowd.observed)
        own = self.crowd.distances(self.crowd.encoded[search.person][None], observed)[0]
        others = observed[own > 0] if (own > 0).any() else observed
        return np.asarray(self.crowd.distances(self._values(sources), others).min(axis=1))

    def _between(self, search: Search, j: int) -> Rows:
        # Observed values between the person's and the found one, nearest to the person first.
        assert search.found is not None
        rows = self.options.every[j]
        values, own = self.crowd.encoded[rows, j], self.crowd.encoded[search.person, j]
        end = self.crowd.encoded[search.found[j], j]
        if np.isnan(own):
            return rows[:0]
        inside = rows[(values > min(own, end)) & (values < max(own, end))]
        if end < own:
            inside = inside[::-1]
        spread = np.unique(np.linspace(0, len(inside) - 1, min(_BACK, len(inside))).round().astype(np.int64))
        return np.asarray(inside[spread] if len(inside) else inside)
