"""Demographic parity: every group is selected at the same rate."""

from audit.declarations.disparity import Disparity

DISPARITY = Disparity(
    name="demographic_parity",
    label="Demographic parity",
    metrics=("selection_rate",),
    tasks=("binary", "multiclass"),
    description="How far the groups' shares of favourable decisions are apart, whatever the true labels.",
    formula="difference: max_g P(favourable | g) - min_g P(favourable | g); ratio: min_g / max_g",
    source="Dwork et al. 2012, doi:10.1145/2090236.2090255",
)
