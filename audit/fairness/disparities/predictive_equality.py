"""Predictive equality: every group has the same false positive rate."""

from audit.declarations.disparity import Disparity

DISPARITY = Disparity(
    name="predictive_equality",
    label="Predictive equality",
    metrics=("false_positive_rate",),
    description="How far the groups' false positive rates are apart.",
    formula="difference: max_g FPR_g - min_g FPR_g; ratio: min_g FPR_g / max_g FPR_g",
    source="Corbett-Davies et al. 2017, doi:10.1145/3097983.3098095",
)
