"""Demographic parity beside all rows: every group is selected at the rate of all rows."""

from audit.declarations.disparity import Disparity

DISPARITY = Disparity(
    name="demographic_parity_to_overall",
    label="Demographic parity, to all rows",
    metrics=("selection_rate",),
    beside="overall",
    usual=False,
    tasks=("binary", "multiclass"),
    description="How far a group's share of favourable decisions is from that of all rows, at most.",
    formula="difference: max_g |p_g - p|; ratio: min_g min(p_g / p, p / p_g), of p = P(favourable)",
    source="Weerts et al. 2023, Journal of Machine Learning Research 24(257) (fairlearn, method to_overall)",
)
