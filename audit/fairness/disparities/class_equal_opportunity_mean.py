"""Equal opportunity over classes, on average: each true class is recognised equally often in every group."""

from audit.declarations.disparity import Disparity, mean

DISPARITY = Disparity(
    name="class_equal_opportunity_mean",
    label="Equal opportunity over classes, mean gap",
    metrics=("true_positive_rate",),
    tasks=("multiclass",),
    per_class=True,
    forms=("difference",),
    difference=mean,
    description="The mean over classes of the gap between groups in the share of the true class that is recognised.",
    formula="mean_k [max_g TPR_kg - min_g TPR_kg]",
    source="Putzel and Lee 2022, doi:10.1145/3531146.3533167",
)
