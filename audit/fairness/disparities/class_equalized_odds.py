"""Equalized odds over classes: each class has the same true and false positive rate in every group."""

from audit.declarations.disparity import Disparity

DISPARITY = Disparity(
    name="class_equalized_odds",
    label="Equalized odds over classes",
    metrics=("true_positive_rate", "false_positive_rate"),
    tasks=("multiclass",),
    per_class=True,
    description="The widest gap between groups in the true or the false positive rate of a class against the rest.",
    formula="max_k max(TPR_k difference, FPR_k difference); ratio: min_k min(TPR_k ratio, FPR_k ratio)",
    source="Putzel and Lee 2022, doi:10.1145/3531146.3533167",
)
