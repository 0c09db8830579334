"""Conditional use accuracy equality: positive and negative predictions are right equally often in every group."""

from audit.declarations.disparity import Disparity

DISPARITY = Disparity(
    name="conditional_use_accuracy_equality",
    label="Conditional use accuracy equality",
    metrics=("precision", "negative_predictive_value"),
    description="The wider of the gaps in precision and in negative predictive value between groups.",
    formula="difference: max(PPV difference, NPV difference); ratio: min(PPV ratio, NPV ratio)",
    source="Berk et al. 2018, doi:10.1177/0049124118782533",
)
