"""Breslow-Day test: the p-value of one odds ratio for all strata."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from audit.declarations.index import Index
from audit.fairness.division import Division
from audit.fairness.stratified import Stratified
from audit.fairness.within_strata import by_stratum
from audit.records.measured import Exact, Measured, Undefined


def compute(division: Division) -> tuple[Measured, ...]:
    """Return one p-value a group."""
    return by_stratum(division, _told)


def _told(strata: Stratified) -> Callable[[int], Measured]:
    p = strata.homogeneity()
    return lambda g: Exact(value=float(p[g]), n=int(strata.rows[g])) if np.isfinite(p[g]) else _NOTHING


_NOTHING = Undefined(
    reason="Fewer than two strata hold both groups and both decisions, or no common odds ratio is defined."
)

INDEX = Index(
    name="breslow_day_p_value",
    label="p-value of one odds ratio in all strata",
    compute=compute,
    compares=True,
    needs=("selection", "strata"),
    tasks=("binary", "multiclass"),
    bounds=(0.0, 1.0),
    description="Where it is small the strata differ in how the groups differ, and one odds ratio for all hides that. "
    "With Tarone's correction; it says little where strata are small.",
    formula="sum_i (a_i - A_i)^2 / Var A_i less Tarone's term, A_i expected under the common odds ratio",
    source="Breslow and Day 1980, Statistical Methods in Cancer Research I, section 4.4; Tarone 1985, "
    "doi:10.1093/biomet/72.1.91",
)
