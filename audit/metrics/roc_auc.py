"""Area under the ROC curve: how often a positive row is scored above a negative one."""

from __future__ import annotations

from typing import Any

from audit.declarations.argument import Argument
from audit.declarations.metric import Metric
from audit.estimation.forms import Auc
from audit.estimation.pairs import Areas


def forms(multi_class: str, average: str) -> dict[str, Any]:
    """Return what depends on how several classes are taken together."""
    plain = (multi_class, average) == ("ovr", "macro")
    # Of a single class there is but one area.
    return {"compute": Auc() if plain else Areas(multi_class, average), "per_class": plain}


METRIC = Metric(
    name="roc_auc",
    label="ROC AUC",
    response="score",
    higher_is_better=True,
    tasks=("binary", "multiclass", "ranking_score"),
    bounds=(0.0, 1.0),
    description="Chance that a random positive row is scored above a random negative one, ties counting one half; "
    "with several classes, the plain mean over each class against the rest (ovr), or over every pair of classes in "
    "which either one's score ranks the rows of both (ovo); weighted, each counts as often as its classes occur.",
    formula="P(s+ > s-) + P(s+ = s-) / 2",
    source="DeLong, DeLong and Clarke-Pearson (1988), doi:10.2307/2531595; pairs: Hand and Till (2001), "
    "doi:10.1023/A:1010920819831",
    arguments={
        "multi_class": Argument("ovr", words=("ovr", "ovo")),
        "average": Argument("macro", words=("macro", "weighted")),
    },
    vary=forms,
    **forms("ovr", "macro"),
)
