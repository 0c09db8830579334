"""Turns a division with strata into one value a group, or into the reason why strata say nothing."""

from __future__ import annotations

from collections.abc import Callable

from audit.fairness.division import Division
from audit.fairness.stratified import Stratified
from audit.records.measured import Measured, Undefined

Told = Callable[[Stratified], Callable[[int], Measured]]
"""From what was counted of all groups to what is told of the group at a position."""
Weighted = Callable[[Stratified, Stratified, Stratified], Callable[[int], Measured]]
"""The same, of rows with sampling weights."""


def by_stratum(
    division: Division,
    told: Told,
    itself: Measured | None = None,
    *,
    whatever: bool = False,
    weighted: Weighted | None = None,
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
    weighted : callable or None
        The same as `told` of rows with sampling weights: of them by weight, by its square and row by row; None where
        only whole persons can be told of.
    """
    if not division.counted and weighted is None:
        return division.against(lambda *_: _WEIGHTED)
    if division.reference is None:
        return division.against(lambda *_: _NOTHING)
    if division.counted or weighted is None:
        strata = division.stratified
        tell = told(strata)
    else:
        strata = division.weighted_strata[2]
        tell = weighted(*division.weighted_strata)
    return division.against(lambda g, _: tell(g) if strata.compared[g] or whatever else _NOTHING, itself)


_WEIGHTED = Undefined(
    reason="Rows with sampling weights are not whole persons, as this test needs: "
    "the interval of the odds ratio within strata allows for the weights."
)
_NOTHING = Undefined(reason="No stratum holds both groups.")
