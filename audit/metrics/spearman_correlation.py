"""Spearman's rank correlation between truth and prediction of a regression."""

from __future__ import annotations

from audit.declarations.metric import Metric
from audit.estimation.ranks import RankCorrelation

METRIC = Metric(
    name="spearman_correlation",
    label="Spearman correlation",
    compute=RankCorrelation(),
    response="value",
    higher_is_better=True,
    tasks=("regression",),
    bounds=(-1.0, 1.0),
    description="Correlation of the ranks of truth and prediction, those that tie sharing their middle rank: how well "
    "the model orders the rows, whatever the scale of its predictions.",
    formula="cor(rank truth, rank prediction)",
    source="Spearman (1904), doi:10.2307/1412159; interval: Bonett and Wright (2000), doi:10.1007/BF02294183",
)
