"""Detectable difference: the smallest shortfall in selection rate that this many rows could have found."""

from __future__ import annotations

from audit.declarations.index import Index
from audit.fairness.detectable import detectable
from audit.fairness.division import Division
from audit.records.measured import Exact, Measured, Undefined


def compute(division: Division) -> tuple[Measured, ...]:
    """Return one difference a group."""
    return division.against(lambda g, r: _smallest(division, g, r))


def _smallest(division: Division, g: int, r: int) -> Measured:
    hits, of = division.effective
    rate = float(hits[r] / of[r])
    short = detectable(rate, float(of[g]), float(of[r]), division.level, division.power)
    if short is None:
        return Undefined(
            reason="No shortfall could have been found with the power asked for: not even a group in which nobody is "
            "selected would stand out in so few rows."
        )
    return Exact(value=short, n=division.rows(g, r))


INDEX = Index(
    name="detectable_difference",
    label="Smallest difference that could have been found",
    compute=compute,
    clustered=True,
    compares=True,
    needs=("selection",),
    tasks=("binary", "multiclass"),
    bounds=(0.0, 1.0),
    description="How far below the reference group's selection rate the group's would have had to lie for the test of "
    "equal rates to find it with the power that the spec asks for, the reference group's rate taken as it is. Where no "
    "difference is significant, it says what could still be there.",
    formula="the least d with z_(1 - alpha/2) SE_0(d) + z_power SE_1(d) <= d",
    source="Fleiss, Levin and Paik 2003, Statistical Methods for Rates and Proportions, chapter 4",
)
