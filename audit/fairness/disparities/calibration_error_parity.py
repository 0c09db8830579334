"""Calibration error parity: probabilities are equally well calibrated within every group."""

from audit.declarations.disparity import Disparity

DISPARITY = Disparity(
    name="calibration_error_parity",
    label="Calibration error parity",
    metrics=("expected_calibration_error",),
    tasks=("binary", "multiclass"),
    description="How far the groups' expected calibration errors are apart; small groups look worse by chance alone.",
    formula="difference: max_g ECE_g - min_g ECE_g; ratio: min_g ECE_g / max_g ECE_g",
    source="Kleinberg, Mullainathan and Raghavan 2016, arXiv:1609.05807 (calibration within groups)",
)
