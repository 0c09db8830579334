"""Equal opportunity beside all rows: every group has the true positive rate of all rows."""

from audit.declarations.disparity import Disparity

DISPARITY = Disparity(
    name="equal_opportunity_to_overall",
    label="Equal opportunity, to all rows",
    metrics=("true_positive_rate",),
    beside="overall",
    usual=False,
    description="How far a group's true positive rate is from that of all rows, at most.",
    formula="difference: max_g |TPR_g - TPR|; ratio: min_g min(TPR_g / TPR, TPR / TPR_g)",
    source="Weerts et al. 2023, Journal of Machine Learning Research 24(257) (fairlearn, method to_overall)",
)
