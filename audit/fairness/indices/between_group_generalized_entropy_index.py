"""Between-group generalized entropy index: the part of it that lies between the means of groups."""

from __future__ import annotations

from audit.declarations.index import Index
from audit.fairness.division import Division
from audit.fairness.inequality import between_groups, squared
from audit.records.measured import Measured


def compute(division: Division) -> tuple[Measured, ...]:
    """Return the one value of the grouping."""
    return (between_groups(division, squared),)


INDEX = Index(
    name="between_group_generalized_entropy_index",
    label="Generalized entropy index between groups",
    compute=compute,
    clustered=True,
    of="grouping",
    needs=("target", "selection"),
    equal=0.0,
    higher_is_better=False,
    tasks=("binary", "multiclass"),
    bounds=(0.0, None),
    description="The part of the generalized entropy index that the groups' mean benefits make; 0 where they are "
    "equal, and above it by chance.",
    formula="mean((b_g / mean b)^2 - 1) / 2, b_g the mean benefit of each person's group",
    source="Speicher et al. 2018, doi:10.1145/3219819.3220046",
)
