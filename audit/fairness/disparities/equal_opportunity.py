"""Equal opportunity: every group has the same true positive rate."""

from audit.declarations.disparity import Disparity

DISPARITY = Disparity(
    name="equal_opportunity",
    label="Equal opportunity",
    metrics=("true_positive_rate",),
    description="How far the groups' true positive rates are apart.",
    formula="difference: max_g TPR_g - min_g TPR_g; ratio: min_g TPR_g / max_g TPR_g",
    source="Hardt, Price and Srebro 2016, arXiv:1610.02413",
)
