"""Turns a division with strata into one value a group, or into the reason why strata say nothing."""

from __future__ import annotations

from collections.abc import Callable

from audit.fairness.division import Division
from audit.fairness.stratified import Stratified
from audit.records.measured import Measured, Undefined

Told = Callable[[Stratified], Callable[[int], Measured]]
"""From what was counted of all groups to what is told of the group at a position."""


def by_stratum(
    division: Division, told: Told, itself: Measured | None = None, *, whatever: bool = False
) -> tuple[Measured, ...]:
    """Return one value a group beside the reference group.

    Parameters
    ----------
    division : Division
        Groups with a selection and strata.
    told : callable
        Computes all groups at once, and returns what tells each.
    itself : Measured or None
        What the reference group is told of itself.
    whatever : bool
        Whether there is something to tell where no stratum holds both groups.
    """
    if not division.counted:
        return division.against(lambda *_: _WEIGHTED)
    if division.reference is None:
        return division.against(lambda *_: _NOTHING)
    strata = division.stratified
    tell = told(strata)
    return division.against(lambda g, _: tell(g) if strata.compared[g] or whatever else _NOTHING, itself)


_WEIGHTED = Undefined(reason="Rows with sampling weights are not whole persons, as a comparison within strata needs.")
_NOTHING = Undefined(reason="No stratum holds both groups.")
