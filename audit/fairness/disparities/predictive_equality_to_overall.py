"""Predictive equality beside all rows: every group has the false positive rate of all rows."""

from audit.declarations.disparity import Disparity

DISPARITY = Disparity(
    name="predictive_equality_to_overall",
    label="Predictive equality, to all rows",
    metrics=("false_positive_rate",),
    beside="overall",
    usual=False,
    description="How far a group's false positive rate is from that of all rows, at most.",
    formula="difference: max_g |FPR_g - FPR|; ratio: min_g min(FPR_g / FPR, FPR / FPR_g)",
    source="Weerts et al. 2023, Journal of Machine Learning Research 24(257) (fairlearn, method to_overall)",
)
