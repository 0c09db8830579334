"""Mean error parity: predictions are off in the same direction, and as far, in every group."""

from audit.declarations.disparity import Disparity

DISPARITY = Disparity(
    name="mean_error_parity",
    label="Mean error parity",
    metrics=("mean_error",),
    tasks=("regression",),
    forms=("difference",),
    description="How far the groups' mean errors are apart: whether one group is put higher than it is and another "
    "lower.",
    formula="max_g mean(prediction - y | g) - min_g mean(prediction - y | g)",
    source="Calders et al. 2013, doi:10.1109/ICDM.2013.114",
)
