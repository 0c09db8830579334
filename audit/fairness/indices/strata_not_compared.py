"""Strata not compared: how many hold a group or the reference group, but not both."""

from __future__ import annotations

from collections.abc import Callable

from audit.declarations.index import Index
from audit.fairness.division import Division
from audit.fairness.stratified import Stratified
from audit.fairness.within_strata import by_stratum
from audit.records.measured import Exact, Measured


def compute(division: Division) -> tuple[Measured, ...]:
    """Return one count a group."""
    return by_stratum(division, _told, whatever=True, weighted=lambda _, __, rows: _told(rows))


def _told(strata: Stratified) -> Callable[[int], Measured]:
    return lambda g: Exact(value=int(strata.alone[g]), n=int(strata.rows[g]))


INDEX = Index(
    name="strata_not_compared",
    label="Strata with one group only",
    compute=compute,
    clustered=True,
    compares=True,
    needs=("selection", "strata"),
    tasks=("binary", "multiclass"),
    bounds=(0, None),
    description="Strata that hold the group or the reference group but not both, and so say nothing of the two.",
    formula="number of strata i with either n_gi > 0 or n_ri > 0",
    source="Mantel and Haenszel 1959, doi:10.1093/jnci/22.4.719",
)
