"""Root mean squared error parity: predictions miss by as much, large misses above all, in every group."""

from audit.declarations.disparity import Disparity

DISPARITY = Disparity(
    name="root_mean_squared_error_parity",
    label="Root mean squared error parity",
    metrics=("root_mean_squared_error",),
    tasks=("regression",),
    description="How far the groups' root mean squared errors are apart; large misses weigh more.",
    formula="difference: max_g RMSE_g - min_g RMSE_g; ratio: min_g RMSE_g / max_g RMSE_g",
    source="Agarwal, Dudik and Wu 2019, arXiv:1905.12843",
)
