"""Predictive parity: a positive prediction is right equally often in every group."""

from audit.declarations.disparity import Disparity

DISPARITY = Disparity(
    name="predictive_parity",
    label="Predictive parity",
    metrics=("precision",),
    description="How far the groups' precisions are apart; with unequal prevalence it excludes equalized odds.",
    formula="difference: max_g PPV_g - min_g PPV_g; ratio: min_g PPV_g / max_g PPV_g",
    source="Chouldechova 2017, doi:10.1089/big.2016.0047",
)
