"""Accuracy parity: predictions are right equally often in every group."""

from audit.declarations.disparity import Disparity

DISPARITY = Disparity(
    name="accuracy_parity",
    label="Accuracy parity",
    metrics=("accuracy",),
    tasks=("binary", "multiclass"),
    description="How far the shares of right predictions are apart between groups.",
    formula="difference: max_g accuracy_g - min_g accuracy_g; ratio: min_g accuracy_g / max_g accuracy_g",
    source="Berk et al. 2018, doi:10.1177/0049124118782533",
)
