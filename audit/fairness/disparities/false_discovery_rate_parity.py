"""False discovery rate parity: a positive prediction is wrong equally often in every group."""

from audit.declarations.disparity import Disparity

DISPARITY = Disparity(
    name="false_discovery_rate_parity",
    label="False discovery rate parity",
    metrics=("false_discovery_rate",),
    description="How far the shares of positive predictions that are wrong are apart between groups.",
    formula="difference: max_g FDR_g - min_g FDR_g; ratio: min_g FDR_g / max_g FDR_g",
    source="Verma and Rubin 2018, doi:10.1145/3194770.3194776",
)
