"""Mean prediction parity: every group is given the same value on average."""

from audit.declarations.disparity import Disparity

DISPARITY = Disparity(
    name="mean_prediction_parity",
    label="Mean prediction parity",
    metrics=("mean_prediction",),
    tasks=("regression",),
    forms=("difference",),
    description="How far the groups' mean predicted values are apart, whatever the true values.",
    formula="max_g mean(prediction | g) - min_g mean(prediction | g)",
    source="Calders et al. 2013, doi:10.1109/ICDM.2013.114",
)
