"""Accuracy parity beside all rows: every group has the accuracy of all rows."""

from audit.declarations.disparity import Disparity

DISPARITY = Disparity(
    name="accuracy_parity_to_overall",
    label="Accuracy parity, to all rows",
    metrics=("accuracy",),
    beside="overall",
    usual=False,
    tasks=("binary", "multiclass"),
    description="How far a group's accuracy is from that of all rows, at most.",
    formula="difference: max_g |accuracy_g - accuracy|; ratio: min_g min(accuracy_g / accuracy, accuracy / accuracy_g)",
    source="Weerts et al. 2023, Journal of Machine Learning Research 24(257) (fairlearn, method to_overall)",
)
