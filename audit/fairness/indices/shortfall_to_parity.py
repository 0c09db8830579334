"""Shortfall to parity: how many more of a group would have to be selected to reach the reference group's rate."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

from audit.declarations.index import Index
from audit.fairness.division import Division, exactly
from audit.records.measured import Exact, Measured, Undefined


def compute(division: Division) -> tuple[Measured, ...]:
    """Return one whole number of persons a group."""
    return division.against(lambda g, r: _short(division, g, r), exactly(0, division))


def _short(division: Division, g: int, r: int) -> Measured:
    share = division.selection
    assert share is not None
    if not share.exact:
        return Undefined(reason="Rows with sampling weights are not whole persons.")
    wanted = ceil(_PART * int(share.of[g]) * Fraction(int(share.hits[r]), int(share.of[r])))
    return Exact(value=max(0, wanted - int(share.hits[g])), n=division.rows(g, r))


_PART = Fraction(1)

INDEX = Index(
    name="shortfall_to_parity",
    label="Selections short of the reference rate",
    compute=compute,
    clustered=True,
    compares=True,
    needs=("selection",),
    equal=0,
    higher_is_better=False,
    tasks=("binary", "multiclass"),
    bounds=(0, None),
    description="How many more persons of the group would have to be selected for its rate to reach that of the "
    "reference group.",
    formula="max(0, ceil(n_g s_r) - selected_g)",
    source="29 CFR 1607.4(D)",
)
