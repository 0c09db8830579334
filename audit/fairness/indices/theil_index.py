"""Theil index: how unequally decisions give each person what the true label deserves."""

from __future__ import annotations

from audit.declarations.index import Index
from audit.fairness.division import Division
from audit.fairness.inequality import theil, whole
from audit.records.measured import Measured


def compute(division: Division) -> tuple[Measured, ...]:
    """Return the one value of the grouping."""
    return (whole(division, theil),)


INDEX = Index(
    name="theil_index",
    label="Theil index",
    compute=compute,
    clustered=True,
    of="grouping",
    needs=("target", "selection"),
    equal=None,
    higher_is_better=False,
    tasks=("binary", "multiclass"),
    bounds=(0.0, None),
    description="Inequality of benefit between all persons of known groups, alpha 1: 0 where every decision is as "
    "deserved.",
    formula="mean(b / mean b * ln(b / mean b)), b = 1 + decision - outcome, 1 for the favourable label",
    source="Speicher et al. 2018, doi:10.1145/3219819.3220046",
)
