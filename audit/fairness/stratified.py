"""Compares groups within strata: the common odds ratio of denial, tests of no difference and of homogeneity."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from audit.estimation.intervals import normal_quantile

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Stratified:
    """Every group beside a reference group in every stratum that holds the group; (k,) each, k pairs of the two.

    In each pair a denied and b selected of the group stand beside c denied and d selected of the reference group.
    """

    group: NDArray[np.int64]
    groups: int
    a: Array
    b: Array
    c: Array
    d: Array
    alone: NDArray[np.int64]
    """(groups,) strata that hold the group or the reference group, but not both."""

    @cached_property
    def compared(self) -> NDArray[np.int64]:
        """(groups,) strata in which both stand."""
        return np.bincount(self.group, minlength=self.groups)

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """(groups,) rows in those strata."""
        return np.rint(self._by_group(self._total)).astype(np.int64)

    def odds_ratio(self, level: float) -> tuple[Array, Array, Array]:
        """(groups,) common odds ratio of denial and both ends of its interval; NaN where it is not defined.

        Notes
        -----
        sum(a d / t) / sum(b c / t), Mantel and Haenszel 1959, doi:10.1093/jnci/22.4.719; variance of its logarithm by
        Robins, Breslow and Greenland 1986, doi:10.2307/2531052.
        """
        t = self._total
        r, s, p, q = self.a * self.d / t, self.b * self.c / t, (self.a + self.d) / t, (self.b + self.c) / t
        r_all, s_all = self._by_group(r), self._by_group(s)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = r_all / s_all
            variance = (
                self._by_group(p * r) / (2 * r_all**2)
                + self._by_group(p * s + q * r) / (2 * r_all * s_all)
                + self._by_group(q * s) / (2 * s_all**2)
            )
            ratio = np.where((r_all > 0) & (s_all > 0), ratio, np.nan)
            reach = normal_quantile(level) * np.sqrt(variance)
            return ratio, ratio * np.exp(-reach), ratio * np.exp(reach)

    def weighted_odds_ratio(self, squares: Stratified, level: float) -> tuple[Array, Array, Array]:
        """(groups,) common odds ratio of weighted rows and both ends of its interval; NaN where it is not defined.

        Parameters
        ----------
        squares : Stratified
            The same rows, each counted by the square of its weight.
        level : float
            Confidence level in (0, 1).

        Notes
        -----
        The estimate is Mantel and Haenszel's of weighted counts; the variance of its logarithm is linearised, the sum
        of the squares of what each row adds to it (Taylor linearisation of rows drawn independently: Binder 1983,
        doi:10.2307/1402588), whatever the strata.
        """
        t = self._total
        r, s = self.a * self.d / t, self.b * self.c / t
        r_all, s_all = self._by_group(r), self._by_group(s)
        known = (r_all > 0) & (s_all > 0)
        r_sum, s_sum = (np.where(known, total, np.nan)[self.group] for total in (r_all, s_all))
        shrink = (s / s_sum - r / r_sum) / t
        pulls = (
            (self.d / t / r_sum + shrink, squares.a),
            (-self.c / t / s_sum + shrink, squares.b),
            (-self.b / t / s_sum + shrink, squares.c),
            (self.a / t / r_sum + shrink, squares.d),
        )
        variance = self._by_group(sum((pull**2 * square for pull, square in pulls), np.zeros(len(t))))
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(known, r_all / s_all, np.nan)
            reach = normal_quantile(level) * np.sqrt(variance)
            return ratio, ratio * np.exp(-reach), ratio * np.exp(reach)

    def no_difference(self) -> Array:
        """(groups,) p-value of the Cochran-Mantel-Haenszel test, without correction; NaN where nothing varies.

        Notes
        -----
        Agresti 2013, Categorical Data Analysis, section 6.4.2.
        """
        t, of, denied = self._total, self.a + self.b, self.a + self.c
        expected = of * denied / t
        variance = of * (t - of) * denied * (t - denied) / (t**2 * np.maximum(t - 1, 1))
        return _chi2(self._by_group(self.a - expected) ** 2, self._by_group(variance), np.ones(self.groups))

    def homogeneity(self) -> Array:
        """(groups,) p-value of the Breslow-Day test with Tarone's correction; NaN under two strata that can tell.

        Notes
        -----
        Breslow and Day 1980, Statistical Methods in Cancer Research I, section 4.4; Tarone 1985,
        doi:10.1093/biomet/72.1.91.
        """
        ratio, _, _ = self.odds_ratio(0.95)
        t, of, denied = self._total, self.a + self.b, self.a + self.c
        common = ratio[self.group]
        # A stratum in which nobody, or everybody, was denied says nothing of an odds ratio.
        telling = (denied > 0) & (denied < t) & np.isfinite(common)
        fitted = _fitted(common[telling], of[telling], denied[telling], t[telling])
        n, m = of[telling], denied[telling]
        variance = 1 / (1 / fitted + 1 / (n - fitted) + 1 / (m - fitted) + 1 / (t[telling] - n - m + fitted))
        away, home = self.a[telling] - fitted, self.group[telling]

        def summed(values: Array) -> Array:
            return np.bincount(home, weights=values, minlength=self.groups).astype(np.float64)

        spread = summed(variance)
        shift = np.divide(summed(away) ** 2, spread, out=np.zeros(self.groups), where=spread > 0)
        freedom = np.bincount(home, minlength=self.groups).astype(np.float64) - 1
        return _chi2(summed(away**2 / variance) - shift, np.ones(self.groups), freedom)

    @cached_property
    def _total(self) -> Array:
        return self.a + self.b + self.c + self.d

    def _by_group(self, values: Array) -> Array:
        return np.bincount(self.group, weights=values, minlength=self.groups).astype(np.float64)


def stratify(
    codes: NDArray[np.int64],
    groups: int,
    strata: NDArray[np.int64],
    selected: NDArray[np.bool_],
    weight: Array,
    beside: int,
) -> Stratified:
    """Count the selected and the denied of each group, and of the reference group, in each stratum.

    Parameters
    ----------
    codes : (n,) position of each row's group
    strata : (n,) stratum of each row, -1 for a row in none
    selected : (n,) whether the decision is favourable
    weight : (n,) rows that each row stands for
    beside : position of the reference group
    """
    inside = (strata >= 0) & (weight > 0)
    codes, strata, selected, weight = codes[inside], strata[inside], selected[inside], weight[inside]
    width = int(strata.max(initial=-1)) + 1
    pairs, place = np.unique(codes * width + strata, return_inverse=True)
    of = np.bincount(place, weights=weight, minlength=len(pairs)).astype(np.float64)
    hits = np.bincount(place, weights=weight * selected, minlength=len(pairs)).astype(np.float64)
    group, stratum = np.divmod(pairs, max(width, 1))
    other_of, other_hits = np.zeros(width), np.zeros(width)
    theirs = group == beside
    other_of[stratum[theirs]], other_hits[stratum[theirs]] = of[theirs], hits[theirs]
    both = other_of[stratum] > 0
    held, shared = np.bincount(group, minlength=groups), np.bincount(group[both], minlength=groups)
    chosen = stratum[both]
    return Stratified(
        group=group[both],
        groups=groups,
        a=of[both] - hits[both],
        b=hits[both],
        c=other_of[chosen] - other_hits[chosen],
        d=other_hits[chosen],
        alone=held + int(theirs.sum()) - 2 * shared,
    )


def _fitted(common: Array, of: Array, denied: Array, total: Array) -> Array:
    """Denied of the group that a common odds ratio makes expect, by the quadratic that both margins leave."""
    rest = total - of - denied
    square, linear = 1 - common, rest + common * (of + denied)
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(np.maximum(linear**2 + 4 * square * common * of * denied, 0))
        # Written so that nothing cancels, and right for a ratio of 1 too.
        return np.asarray(2 * common * of * denied / (linear + root))


def _chi2(square: Array, variance: Array, freedom: Array) -> Array:
    known = (variance > 0) & (freedom >= 1)
    statistic = np.divide(square, variance, out=np.full(len(square), np.nan), where=known)
    return np.where(known, chi2.sf(np.maximum(statistic, 0), np.maximum(freedom, 1)), np.nan)
