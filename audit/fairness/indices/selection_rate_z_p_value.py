"""Pooled Z test of equal selection: the p-value of each group beside the reference group."""

from __future__ import annotations

from math import erfc, sqrt

from audit.declarations.index import Index
from audit.fairness.division import Division, exactly
from audit.fairness.pooled import pooled_z
from audit.records.measured import Exact, Measured


def compute(division: Division) -> tuple[Measured, ...]:
    """Return one p-value a group."""
    return division.against(lambda g, r: _p_value(division, g, r), exactly(1.0, division))


def _p_value(division: Division, g: int, r: int) -> Measured:
    hits, of = division.effective
    z = pooled_z(float(hits[g]), float(of[g]), float(hits[r]), float(of[r]))
    # Where everybody was decided alike nothing speaks against equal rates.
    value = 1.0 if z is None else erfc(abs(z) / sqrt(2))
    return Exact(value=value, n=division.rows(g, r))


INDEX = Index(
    name="selection_rate_z_p_value",
    label="p-value of equal selection, pooled Z test",
    compute=compute,
    clustered=True,
    compares=True,
    needs=("selection",),
    equal=1.0,
    tasks=("binary", "multiclass"),
    bounds=(0.0, 1.0),
    description="Two-sided, whatever the size of the groups, and not adjusted for the number of groups; with few "
    "expected selections Fisher's test is the one to read.",
    formula="2 (1 - Phi(|Z|))",
    source="Agresti 2013, Categorical Data Analysis, section 3.2; Rao and Scott 1981, "
    "doi:10.1080/01621459.1981.10477633",
)
