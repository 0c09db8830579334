"""False negative rate parity: a true positive is missed equally often in every group."""

from audit.declarations.disparity import Disparity

DISPARITY = Disparity(
    name="false_negative_rate_parity",
    label="False negative rate parity",
    metrics=("false_negative_rate",),
    description="How far the groups' false negative rates are apart; its ratio is not that of equal opportunity.",
    formula="difference: max_g FNR_g - min_g FNR_g; ratio: min_g FNR_g / max_g FNR_g",
    source="Verma and Rubin 2018, doi:10.1145/3194770.3194776",
)
