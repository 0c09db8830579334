"""The audited rows divided into groups, as an index sees them: counts, effective sizes and moments, each made once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from audit.declarations.metric import Sample
from audit.estimation.clusters import effects_by_group
from audit.estimation.forms import is_inclusion_weighted, weights_of
from audit.fairness.counts import Share
from audit.fairness.groups import Grouping
from audit.fairness.stratified import Stratified, stratify
from audit.records.measured import Exact, Measured, Undefined
from audit.records.sections import GroupFacts

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Ranks:
    """Where scores stand, lowest first."""

    places: int
    """Distinct scores."""
    place: NDArray[np.int64]
    """(n,) place of each row's score."""
    group: NDArray[np.int64]
    """(k,) group of each pair of a group and a place that occurs, by group and then by place."""
    home: NDArray[np.int64]
    """(n,) position of each row's pair."""


@dataclass(frozen=True, kw_only=True)
class Division:
    """One way of dividing the audited rows, and the group that the others are held against."""

    grouping: Grouping
    sample: Sample
    level: float
    """Confidence level of intervals, in (0.5, 1); one less it is the level of tests."""
    resamples: int
    """Draws, where an interval is made of draws."""
    seed: int
    minimum: int = 1
    """Rows under which a group is shown, not judged."""
    power: float = 0.8
    """Chance with which a difference is to be found, in [0.5, 1)."""
    selection: Share | None = None
    """(groups,) favourable decisions of all decisions; None where no label is favourable."""
    values: Mapping[str, Array] = field(default_factory=dict)
    """Metric to its (groups,) values; NaN where undefined."""
    strata: NDArray[np.int64] | None = None
    """(n,) stratum of each row, -1 where it is not known; None where none were named."""
    reference: int | None = None
    """Position of the group that others are held against; None where there is none."""
    reckoned: dict[str, Array] = field(default_factory=dict, compare=False, repr=False)
    """Design effects of clusters by name, reckoned once for all indices."""

    @property
    def groups(self) -> tuple[GroupFacts, ...]:
        """The groups, in the order of `codes`."""
        return self.grouping.groups

    @property
    def codes(self) -> NDArray[np.int64]:
        """(n,) position of each row's group."""
        return self.grouping.codes

    @property
    def counted(self) -> bool:
        """Whether rows, or frequencies of rows, were counted: under sampling weights there are no whole persons."""
        return not is_inclusion_weighted(self.sample)

    @property
    def clustered(self) -> bool:
        """Whether rows come in clusters, so that they are not independent."""
        return self.sample.cluster is not None

    @property
    def suffix(self) -> str:
        """What the name of a method ends in that takes so many equal independent rows for these."""
        return "_clustered" if self.clustered else "" if self.counted else "_effective_n"

    @cached_property
    def weight(self) -> Array:
        """(n,) weights, one where none were given."""
        return weights_of(self.sample)

    def summed(self, values: Array | None = None) -> Array:
        """(groups,) weighted sums of (n,) values by group; of ones by default."""
        return self._summed(self.weight if values is None else self.weight * values)

    @cached_property
    def effective(self) -> tuple[Array, Array]:
        """(groups,) selected, and (groups,) rows: as counted, or as many as have the variance of the weighted rate.

        That variance is linearised; where it is nil, because everybody in a group was decided alike, Kish's number of
        equally weighted rows stands for it.
        """
        assert self.selection is not None
        hits, of = self.selection.hits.astype(np.float64), self.selection.of.astype(np.float64)
        if self.clustered:
            effect = self.effect("selected", self._selected.astype(np.float64))
            return hits / effect, of / effect
        if self.selection.exact:
            return hits, of
        rate = np.divide(hits, of, out=np.zeros_like(hits), where=of > 0)
        squares, rows = self._summed(self.weight**2), self._summed((self.weight > 0).astype(np.float64))
        # Sum of w^2 (y - p)^2 by group, of y that is 0 or 1.
        chosen = self._summed(self.weight**2 * self._selected)
        spread = chosen * (1 - rate) ** 2 + (squares - chosen) * rate**2
        kish = np.divide(of**2, squares, out=np.zeros_like(of), where=squares > 0)
        variance = spread * np.divide(rows, (rows - 1) * of**2, out=np.zeros_like(of), where=(rows > 1) & (of > 0))
        size = np.divide(rate * (1 - rate), variance, out=kish, where=(variance > 0) & (rate > 0) & (rate < 1))
        return rate * size, size

    @cached_property
    def moments(self) -> tuple[Array, Array, Array]:
        """(groups,) effective rows, mean and variance (divided by n - 1) of the score; NaN where there are too few."""
        score = self.sample.score
        assert score is not None and score.ndim == 1
        # Counted from the middle of all, so that squares lose no digits.
        middle = float(np.average(score, weights=self.weight)) if self.weight.sum() > 0 else 0.0
        away, total = score - middle, self.summed()
        with np.errstate(divide="ignore", invalid="ignore"):
            size = total if self.counted else total**2 / self._summed(self.weight**2)
            size = total / self.effect("score", score) if self.clustered else size
            mean = self.summed(away) / total
            square = self.summed((away - mean[self.codes]) ** 2) / total
            variance = np.where(size > 1, square * size / (size - 1), np.nan)
        return np.nan_to_num(size), mean + middle, variance

    def effect(self, name: str, move: Array, inside: NDArray[np.bool_] | None = None) -> Array:
        """(groups,) design effect of the mean of (n,) numbers in each group, over the rows that are inside.

        A single cluster is as one row. What has the same name is reckoned once.
        """
        if name not in self.reckoned:
            self.reckoned[name] = self._effect(move, inside)
        return self.reckoned[name]

    def whole_effect(self, name: str, moves: Sequence[Array], inside: NDArray[np.bool_]) -> float:
        """Design effect of the means of (n,) numbers over all rows that are inside, whatever their group."""
        if name not in self.reckoned:
            found = effects_by_group(moves, self.sample, np.where(inside, 0, -1), 1, self.level)
            rows = max(float(self.weight[inside].sum()), 1.0)
            self.reckoned[name] = np.where(np.isfinite(found), found, rows)
        return float(self.reckoned[name][0])

    def _effect(self, move: Array, inside: NDArray[np.bool_] | None) -> Array:
        codes = self.codes if inside is None else np.where(inside, self.codes, -1)
        found = effects_by_group([move], self.sample, codes, len(self.groups), self.level)
        rows = self.summed(None if inside is None else inside.astype(np.float64))
        return np.where(np.isfinite(found), found, np.maximum(rows, 1.0))

    @cached_property
    def ranks(self) -> Ranks:
        """Places of the scores, among all rows and inside each group."""
        score = self.sample.score
        assert score is not None and score.ndim == 1
        distinct, place = np.unique(score, return_inverse=True)
        inside, home = np.unique(self.codes * len(distinct) + place, return_inverse=True)
        return Ranks(len(distinct), place, inside // len(distinct), home)

    @cached_property
    def stratified(self) -> Stratified:
        """Every group beside the reference group in every stratum; there must be both."""
        assert self.strata is not None and self.reference is not None
        weight = np.rint(self.weight)
        return stratify(self.codes, len(self.groups), self.strata, self._selected, weight, self.reference)

    @cached_property
    def weighted_strata(self) -> tuple[Stratified, Stratified, Stratified]:
        """The same of weighted rows: by weight, by the square of it, and row by row."""
        assert self.strata is not None and self.reference is not None
        weights = (self.weight, self.weight**2, (self.weight > 0).astype(np.float64))
        by_weight, by_square, by_row = (
            stratify(self.codes, len(self.groups), self.strata, self._selected, weight, self.reference)
            for weight in weights
        )
        return by_weight, by_square, by_row

    def against(self, one: Callable[[int, int], Measured], itself: Measured | None = None) -> tuple[Measured, ...]:
        """Return what `one` says of each group beside the reference group.

        Parameters
        ----------
        one : callable
            Of the positions of a group and of the reference group.
        itself : Measured or None
            What the reference group is told of itself, exact where two of its kind would be equal; None for nothing.
        """
        return tuple(self._against(g, one, itself) for g in range(len(self.groups)))

    def no_reference(self) -> Undefined:
        """Say that no group can be the one that others are held against."""
        return Undefined(reason=f"There is no reference group: no group of at least {self.minimum} rows has a value.")

    def rows(self, *positions: int) -> int:
        """Return the rows behind a comparison of these groups."""
        return sum(self.groups[g].n for g in {*positions})

    def _against(self, g: int, one: Callable[[int, int], Measured], itself: Measured | None) -> Measured:
        if self.reference is None:
            return self.no_reference()
        for position in (g, self.reference):
            if not self._held[position]:
                return Undefined(reason=f"{self.groups[position].label}: there are no rows.")
        if g == self.reference:
            return itself or Undefined(reason=f"{self.groups[g].label} is the group that others are held against.")
        return one(g, self.reference)

    @cached_property
    def _held(self) -> Array:
        return self.summed()

    @cached_property
    def _selected(self) -> NDArray[np.bool_]:
        assert self.sample.label is not None
        return np.asarray(self.sample.label == self.sample.favourable)

    def _summed(self, values: Array) -> Array:
        return np.bincount(self.codes, weights=values, minlength=len(self.groups)).astype(np.float64)


def exactly(value: float, division: Division) -> Exact | None:
    """Return what the reference group is told of itself: the value of equal groups, without an interval."""
    reference = division.reference
    return None if reference is None else Exact(value=value, n=division.groups[reference].n)
