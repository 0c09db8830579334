"""Area under the ROC curve: how often a positive row is scored above a negative one."""

from __future__ import annotations

from audit.declarations.metric import Metric
from audit.estimation.forms import Auc

METRIC = Metric(
    name="roc_auc",
    label="ROC AUC",
    compute=Auc(),
    response="score",
    higher_is_better=True,
    tasks=("binary", "multiclass", "ranking_score"),
    bounds=(0.0, 1.0),
    description="Chance that a random positive row is scored above a random negative one, ties counting one half; "
    "with several classes, the plain mean over each class against the rest.",
    formula="P(s+ > s-) + P(s+ = s-) / 2",
    source="DeLong, DeLong and Clarke-Pearson (1988), doi:10.2307/2531595",
    per_class=True,
)
