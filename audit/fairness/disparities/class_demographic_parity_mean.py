"""Demographic parity over classes, on average: every group is given each class equally often."""

from audit.declarations.disparity import Disparity, mean

DISPARITY = Disparity(
    name="class_demographic_parity_mean",
    label="Demographic parity over classes, mean gap",
    metrics=("predicted_positive_rate",),
    tasks=("multiclass",),
    per_class=True,
    forms=("difference",),
    difference=mean,
    description="The mean over classes of the gap between groups in the share that is given the class.",
    formula="mean_k [max_g P(prediction = k | g) - min_g P(prediction = k | g)]",
    source="Denis et al. 2024, arXiv:2109.13642 (demographic parity of many classes)",
)
