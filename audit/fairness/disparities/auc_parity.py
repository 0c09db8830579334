"""AUC parity: scores rank equally well within every group."""

from audit.declarations.disparity import Disparity

DISPARITY = Disparity(
    name="auc_parity",
    label="AUC parity",
    metrics=("roc_auc",),
    tasks=("binary", "multiclass", "ranking_score"),
    description="How far the areas under the groups' own ROC curves are apart: whether scores rank equally well "
    "within each.",
    formula="difference: max_g AUC_g - min_g AUC_g; ratio: min_g AUC_g / max_g AUC_g",
    source="Borkan et al. 2019, doi:10.1145/3308560.3317593 (subgroup AUC)",
)
