"""Within-group Theil index: the part of it that lies within groups."""

from __future__ import annotations

from audit.declarations.index import Index
from audit.fairness.division import Division
from audit.fairness.inequality import theil, within_groups
from audit.records.measured import Measured


def compute(division: Division) -> tuple[Measured, ...]:
    """Return the one value of the grouping."""
    return (within_groups(division, theil),)


INDEX = Index(
    name="within_group_theil_index",
    label="Theil index within groups",
    compute=compute,
    clustered=True,
    of="grouping",
    needs=("target", "selection"),
    equal=None,
    higher_is_better=False,
    tasks=("binary", "multiclass"),
    bounds=(0.0, None),
    description="The part of the Theil index that is left within groups.",
    formula="Theil index less its part between groups",
    source="Speicher et al. 2018, doi:10.1145/3219819.3220046",
)
