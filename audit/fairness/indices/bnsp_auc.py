"""BNSP AUC: how well scores part the positives of one group from the negatives of all others."""

from __future__ import annotations

from functools import partial

from audit.declarations.index import Index
from audit.fairness.cross_auc import across

INDEX = Index(
    name="bnsp_auc",
    label="AUC, positives of the group over negatives elsewhere",
    compute=partial(across, positives_inside=True),
    clustered=True,
    needs=("target", "score"),
    higher_is_better=True,
    tasks=("binary", "ranking_score"),
    bounds=(0.0, 1.0),
    description="Chance that a positive of this group is scored above a negative of any other, ties counting one "
    "half; low where positives of the group are scored too low.",
    formula="P(score of a positive in g > score of a negative outside g)",
    source="Borkan et al. 2019, doi:10.1145/3308560.3317593; Kallus and Zhou 2019, arXiv:1902.05826 (xAUC)",
)
