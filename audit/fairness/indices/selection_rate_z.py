"""Pooled Z of equal selection: how many standard errors a group's selection rate lies from the reference group's."""

from __future__ import annotations

from audit.declarations.index import Index
from audit.fairness.division import Division, exactly
from audit.fairness.pooled import pooled_z
from audit.records.measured import Exact, Measured, Undefined


def compute(division: Division) -> tuple[Measured, ...]:
    """Return one Z a group."""
    return division.against(lambda g, r: _z(division, g, r), exactly(0.0, division))


def _z(division: Division, g: int, r: int) -> Measured:
    hits, of = division.effective
    z = pooled_z(float(hits[g]), float(of[g]), float(hits[r]), float(of[r]))
    if z is None:
        return Undefined(reason="Everybody in both groups was decided alike: the rates have no standard error.")
    return Exact(value=z, n=division.rows(g, r))


INDEX = Index(
    name="selection_rate_z",
    label="Standard errors between selection rates",
    compute=compute,
    clustered=True,
    compares=True,
    needs=("selection",),
    equal=0.0,
    tasks=("binary", "multiclass"),
    description="Selection rate of the group less that of the reference group, in pooled standard errors; under "
    "sampling weights on the number of rows with the same variance, as Rao and Scott's correction does.",
    formula="(s_g - s_r) / sqrt(s (1 - s) (1 / n_g + 1 / n_r)), s the rate of both together",
    source="Hazelwood School District v. United States, 433 U.S. 299 (1977), note 14; Rao and Scott 1981, "
    "doi:10.1080/01621459.1981.10477633",
)
