"""Demographic parity over classes: every group is given each class equally often."""

from audit.declarations.disparity import Disparity

DISPARITY = Disparity(
    name="class_demographic_parity",
    label="Demographic parity over classes, widest gap",
    metrics=("predicted_positive_rate",),
    tasks=("multiclass",),
    per_class=True,
    description="The widest gap between groups in the share that is given a class, over all classes.",
    formula="max_k [max_g P(prediction = k | g) - min_g P(prediction = k | g)]; ratio: min_k [min_g / max_g]",
    source="Denis et al. 2024, arXiv:2109.13642 (demographic parity of many classes)",
)
