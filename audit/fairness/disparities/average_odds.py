"""Average odds: true and false positive rates are on average the same in every group."""

from audit.declarations.disparity import Disparity, mean

DISPARITY = Disparity(
    name="average_odds",
    label="Average odds",
    metrics=("true_positive_rate", "false_positive_rate"),
    forms=("difference",),
    difference=mean,
    description="The mean of the gaps in true positive rate and in false positive rate between groups.",
    formula="(TPR difference + FPR difference) / 2, each taken as max_g - min_g",
    source="Bellamy et al. 2018, arXiv:1810.01943 (average absolute odds difference)",
)
