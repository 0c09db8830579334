"""Ranks the scores of one group against those of all others: the area under the ROC curve across groups."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from audit.estimation.forms import is_positive
from audit.estimation.intervals import normal_quantile
from audit.fairness.division import Division
from audit.records.measured import Estimate, Measured, Undefined

Array = NDArray[np.float64]


def across(division: Division, *, positives_inside: bool) -> tuple[Measured, ...]:
    """Measure how well scores part the positives of a group from the negatives of all others, or the other way round.

    Parameters
    ----------
    division : Division
        Groups with labels and one score a row.
    positives_inside : bool
        Whether the positives are those of the group, and the negatives those of the others.

    Returns
    -------
    tuple of Measured
        One area a group, with the score-type interval of Newcombe 2006, method 5, doi:10.1002/sim.2324.
    """
    positive = is_positive(division.sample)
    of, weight, groups = division.codes, division.weight, len(division.groups)
    inside = positive if positives_inside else ~positive
    won = _won(division, inside, below=positives_inside)
    mine, others = (np.bincount(of, weights=weight * side, minlength=groups) for side in (inside, ~inside))
    sizes = [_sizes(division, side) for side in (inside, ~inside)]
    rest = others.sum() - others
    known = (mine > 0) & (rest > 0)
    area = np.divide(won, mine * rest, out=np.full(groups, np.nan), where=known)
    return tuple(
        _measured(division, g, float(area[g]), float(sizes[0][0][g]), float(sizes[1][1][g])) for g in range(groups)
    )


def newcombe_area(area: float, one: float, other: float, level: float) -> tuple[float, float]:
    """Return the score-type interval of an area that rests on `one` positive and `other` negative rows.

    Examples
    --------
    >>> low, high = newcombe_area(0.8, 40, 60, 0.95)
    >>> low < 0.8 < high
    True
    """
    z, extra = normal_quantile(level), (one + other) / 2 - 1

    def excess(theta: float) -> float:
        spread = 1 + extra * (1 - theta) / (2 - theta) + extra * theta / (1 + theta)
        return float((area - theta) ** 2 - z**2 * theta * (1 - theta) * spread / (one * other))

    low = 0.0 if area <= 1e-9 else float(brentq(excess, 1e-12, area))
    high = 1.0 if area >= 1 - 1e-9 else float(brentq(excess, area, 1 - 1e-12))
    return low, high


def _won(division: Division, inside: NDArray[np.bool_], *, below: bool) -> Array:
    """(groups,) weight of the pairs, a row of the group and one of the other class elsewhere, that are in order."""
    ranks, weight, groups = division.ranks, division.weight, len(division.groups)
    everyone = np.bincount(ranks.place, weights=weight * ~inside, minlength=ranks.places).astype(np.float64)
    beaten = _beyond(everyone, below)[ranks.place]
    # The group's own rows of the other class do not count.
    own = np.bincount(ranks.home, weights=weight * ~inside, minlength=len(ranks.group))
    start = np.searchsorted(ranks.group, np.arange(groups))
    before = np.concatenate([[0.0], np.cumsum(own)])
    under = before[:-1] - before[start[ranks.group]] + own / 2
    theirs = under if below else np.bincount(ranks.group, weights=own, minlength=groups)[ranks.group] - under
    return division.summed(inside * (beaten - theirs[ranks.home]))


def _beyond(at: Array, below: bool) -> Array:
    """(k,) weight below each place, or above it, ties counting one half."""
    under = np.cumsum(at) - at / 2
    return under if below else at.sum() - under


def _sizes(division: Division, side: NDArray[np.bool_]) -> tuple[Array, Array]:
    """(groups,) rows on one side inside each group, and outside it; under sampling weights Kish's numbers.

    Of clusters as many independent rows as tell as much of the mean rank of their scores.
    """
    mine = division.summed(side.astype(np.float64))
    if division.clustered:
        place = division.ranks.place.astype(np.float64)
        name = f"rank/{np.array_equal(side, is_positive(division.sample))}"
        inner, outer = division.effect(name, place, side), division.whole_effect(f"{name}/all", [place], side)
        return mine / inner, (mine.sum() - mine) / outer
    if division.counted:
        return mine, mine.sum() - mine
    square = division.summed(division.weight * side)
    outside, squares = mine.sum() - mine, square.sum() - square
    return _kish(mine, square), _kish(outside, squares)


def _kish(total: Array, squares: Array) -> Array:
    return np.divide(total**2, squares, out=np.zeros_like(total), where=squares > 0)


def _measured(division: Division, g: int, area: float, one: float, other: float) -> Measured:
    if not np.isfinite(area):
        return Undefined(
            reason=f"{division.groups[g].label}: there are no rows of one label inside, or of the other outside."
        )
    area = min(max(area, 0.0), 1.0)
    low, high = newcombe_area(area, one, other, division.level)
    n, method = sum(group.n for group in division.groups), "newcombe" + ("_clustered" if division.clustered else "")
    return Estimate(value=area, low=min(low, area), high=max(high, area), level=division.level, method=method, n=n)
