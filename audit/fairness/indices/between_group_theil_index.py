"""Between-group Theil index: the part of it that lies between the means of groups."""

from __future__ import annotations

from audit.declarations.index import Index
from audit.fairness.division import Division
from audit.fairness.inequality import between_groups, theil
from audit.records.measured import Measured


def compute(division: Division) -> tuple[Measured, ...]:
    """Return the one value of the grouping."""
    return (between_groups(division, theil),)


INDEX = Index(
    name="between_group_theil_index",
    label="Theil index between groups",
    compute=compute,
    clustered=True,
    of="grouping",
    needs=("target", "selection"),
    equal=0.0,
    higher_is_better=False,
    tasks=("binary", "multiclass"),
    bounds=(0.0, None),
    description="The part of the Theil index that the groups' mean benefits make; 0 where they are equal, and above "
    "it by chance.",
    formula="mean(b_g / mean b * ln(b_g / mean b)), b_g the mean benefit of each person's group",
    source="Speicher et al. 2018, doi:10.1145/3219819.3220046",
)
