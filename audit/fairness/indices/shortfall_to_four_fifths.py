"""Shortfall to four fifths: how many more of a group would have to be selected for its impact ratio to be 0.8."""

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


_PART = Fraction(4, 5)

INDEX = Index(
    name="shortfall_to_four_fifths",
    label="Selections short of four fifths",
    compute=compute,
    clustered=True,
    compares=True,
    needs=("selection",),
    equal=0,
    higher_is_better=False,
    tasks=("binary", "multiclass"),
    bounds=(0, None),
    description="How many more persons of the group would have to be selected for its rate to reach four fifths of "
    "that of the reference group.",
    formula="max(0, ceil(4/5 n_g s_r) - selected_g)",
    source="29 CFR 1607.4(D)",
)
