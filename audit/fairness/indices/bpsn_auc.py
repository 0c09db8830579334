"""BPSN AUC: how well scores part the positives of all other groups from the negatives of one."""

from __future__ import annotations

from functools import partial

from audit.declarations.index import Index
from audit.fairness.cross_auc import across

INDEX = Index(
    name="bpsn_auc",
    label="AUC, positives elsewhere over negatives of the group",
    compute=partial(across, positives_inside=False),
    clustered=True,
    needs=("target", "score"),
    higher_is_better=True,
    tasks=("binary", "ranking_score"),
    bounds=(0.0, 1.0),
    description="Chance that a positive of any other group is scored above a negative of this one, ties counting one "
    "half; low where negatives of the group are scored too high.",
    formula="P(score of a positive outside g > score of a negative in g)",
    source="Borkan et al. 2019, doi:10.1145/3308560.3317593; Kallus and Zhou 2019, arXiv:1902.05826 (xAUC)",
)
