"""Mean absolute error parity: predictions miss by as much in every group."""

from audit.declarations.disparity import Disparity

DISPARITY = Disparity(
    name="mean_absolute_error_parity",
    label="Mean absolute error parity",
    metrics=("mean_absolute_error",),
    tasks=("regression",),
    description="How far the groups' mean absolute errors are apart.",
    formula="difference: max_g MAE_g - min_g MAE_g; ratio: min_g MAE_g / max_g MAE_g",
    source="Agarwal, Dudik and Wu 2019, arXiv:1905.12843",
)
