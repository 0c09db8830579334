"""Equalized odds: every group has the same true and false positive rate."""

from audit.declarations.disparity import Disparity

DISPARITY = Disparity(
    name="equalized_odds",
    label="Equalized odds",
    metrics=("true_positive_rate", "false_positive_rate"),
    description="The wider of the gaps in true positive rate and in false positive rate between groups.",
    formula="difference: max(TPR difference, FPR difference); ratio: min(TPR ratio, FPR ratio)",
    source="Hardt, Price and Srebro 2016, arXiv:1610.02413",
)
