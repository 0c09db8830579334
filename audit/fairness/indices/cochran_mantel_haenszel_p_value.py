"""Cochran-Mantel-Haenszel test: the p-value of equal selection among like cases."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from audit.declarations.index import Index
from audit.fairness.division import Division, exactly
from audit.fairness.stratified import Stratified
from audit.fairness.within_strata import by_stratum
from audit.records.measured import Exact, Measured, Undefined


def compute(division: Division) -> tuple[Measured, ...]:
    """Return one p-value a group."""
    return by_stratum(division, _told, exactly(1.0, division))


def _told(strata: Stratified) -> Callable[[int], Measured]:
    p = strata.no_difference()
    return lambda g: Exact(value=float(p[g]), n=int(strata.rows[g])) if np.isfinite(p[g]) else _NOTHING


_NOTHING = Undefined(reason="In every stratum that holds both groups everybody was decided alike.")

INDEX = Index(
    name="cochran_mantel_haenszel_p_value",
    label="p-value of equal selection within strata",
    compute=compute,
    compares=True,
    needs=("selection", "strata"),
    equal=1.0,
    tasks=("binary", "multiclass"),
    bounds=(0.0, 1.0),
    description="Two-sided, without correction for continuity, and not adjusted for the number of groups.",
    formula="(sum_i a_i - E a_i)^2 / sum_i Var a_i, chi-squared on 1 degree of freedom",
    source="Agresti 2013, Categorical Data Analysis, section 6.4.2",
)
