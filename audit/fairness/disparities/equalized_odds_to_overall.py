"""Equalized odds beside all rows: every group has the true and false positive rates of all rows."""

from audit.declarations.disparity import Disparity

DISPARITY = Disparity(
    name="equalized_odds_to_overall",
    label="Equalized odds, to all rows",
    metrics=("true_positive_rate", "false_positive_rate"),
    beside="overall",
    usual=False,
    description="How far a group's true or false positive rate is from that of all rows, at most.",
    formula="difference: max over TPR and FPR of max_g |x_g - x|; ratio: min over both of min_g min(x_g / x, x / x_g)",
    source="Weerts et al. 2023, Journal of Machine Learning Research 24(257) (fairlearn, method to_overall)",
)
