"""False omission rate parity: a negative prediction is wrong equally often in every group."""

from audit.declarations.disparity import Disparity

DISPARITY = Disparity(
    name="false_omission_rate_parity",
    label="False omission rate parity",
    metrics=("false_omission_rate",),
    description="How far the shares of negative predictions that are wrong are apart between groups.",
    formula="difference: max_g FOR_g - min_g FOR_g; ratio: min_g FOR_g / max_g FOR_g",
    source="Verma and Rubin 2018, doi:10.1145/3194770.3194776",
)
