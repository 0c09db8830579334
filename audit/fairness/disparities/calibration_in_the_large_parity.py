"""Calibration-in-the-large parity: probabilities are off in the same direction, and as far, in every group."""

from audit.declarations.disparity import Disparity

DISPARITY = Disparity(
    name="calibration_in_the_large_parity",
    label="Calibration-in-the-large parity",
    metrics=("calibration_in_the_large",),
    forms=("difference",),
    description="How far the groups' mean outcomes less their mean predicted probabilities are apart.",
    formula="max_g (mean(y) - mean(p))_g - min_g (mean(y) - mean(p))_g",
    source="Kleinberg, Mullainathan and Raghavan 2016, arXiv:1609.05807 (calibration within groups)",
)
