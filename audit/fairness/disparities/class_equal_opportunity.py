"""Equal opportunity over classes: each true class is recognised equally often in every group."""

from audit.declarations.disparity import Disparity

DISPARITY = Disparity(
    name="class_equal_opportunity",
    label="Equal opportunity over classes, widest gap",
    metrics=("true_positive_rate",),
    tasks=("multiclass",),
    per_class=True,
    description="The widest gap between groups in the share of a true class that is recognised, over all classes.",
    formula="max_k [max_g TPR_kg - min_g TPR_kg]; ratio: min_k [min_g TPR_kg / max_g TPR_kg]",
    source="Putzel and Lee 2022, doi:10.1145/3531146.3533167",
)
