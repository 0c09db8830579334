"""Mantel-Haenszel odds ratio: the odds that a group is refused over the reference group's, among like cases."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from audit.declarations.index import Index
from audit.fairness.division import Array, Division, exactly
from audit.fairness.stratified import Stratified
from audit.fairness.within_strata import by_stratum
from audit.records.measured import Estimate, Measured, Undefined


def compute(division: Division) -> tuple[Measured, ...]:
    """Return one common odds ratio a group."""
    level = division.level
    return by_stratum(
        division,
        lambda strata: _told(strata.odds_ratio(level), level, "robins_breslow_greenland", strata),
        exactly(1.0, division),
        weighted=lambda strata, squares, rows: _told(
            strata.weighted_odds_ratio(squares, level), level, "linearised_log", rows
        ),
    )


def _told(
    found: tuple[Array, Array, Array], level: float, method: str, strata: Stratified
) -> Callable[[int], Measured]:
    ratio, low, high = found

    def told(g: int) -> Measured:
        if not np.isfinite(ratio[g]):
            return _ONE_SIDED
        return Estimate(
            value=float(ratio[g]),
            low=float(low[g]),
            high=float(high[g]),
            level=level,
            method=method,
            n=int(strata.rows[g]),
        )

    return told


_ONE_SIDED = Undefined(
    reason="In no stratum was somebody of one group refused and somebody of the other selected, each way round."
)

INDEX = Index(
    name="mantel_haenszel_odds_ratio",
    label="Denial odds ratio within strata",
    compute=compute,
    compares=True,
    needs=("selection", "strata"),
    equal=1.0,
    higher_is_better=False,
    tasks=("binary", "multiclass"),
    bounds=(0.0, None),
    description="Odds that the group is refused over those of the reference group, compared within each stratum and "
    "taken together; a stratum that holds only one of the two says nothing. Rows with sampling weights are "
    "counted by them.",
    formula="sum_i a_i d_i / t_i over sum_i b_i c_i / t_i",
    source="Mantel and Haenszel 1959, doi:10.1093/jnci/22.4.719; Robins, Breslow and Greenland 1986, "
    "doi:10.2307/2531052",
)
