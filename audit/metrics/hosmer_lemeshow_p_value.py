"""Hosmer-Lemeshow p-value: the chance of such a distance if the probabilities were right."""

from __future__ import annotations

from typing import Any

from audit.declarations.argument import Argument
from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Tested
from audit.estimation.goodness import beyond, hosmer_lemeshow


def forms(groups: int, rows: str) -> dict[str, Any]:
    """Return what depends on the groups and on whether the model was fitted on these rows."""

    def p_value(sample: Sample) -> float:
        """Return the p-value."""
        return beyond(*hosmer_lemeshow(sample, groups, rows == "fitted"))

    return {"compute": Tested(p_value)}


METRIC = Metric(
    name="hosmer_lemeshow_p_value",
    label="Hosmer-Lemeshow p-value",
    response="probability",
    higher_is_better=None,
    tasks=("binary",),
    bounds=(0.0, 1.0),
    description="Chance of a Hosmer-Lemeshow statistic at least as large if the probabilities were right: a chi- "
    "square with as many degrees of freedom as groups, or two fewer on rows that the model was fitted "
    "on. Many rows make it small however little is wrong.",
    formula="P(chi2(G) >= H), or chi2(G - 2)",
    source="Hosmer and Lemeshow (1980), doi:10.1080/03610928008827941",
    arguments={
        "groups": Argument(10, least=2, most=1000),
        "rows": Argument("unseen", words=("unseen", "fitted")),
    },
    vary=forms,
    **forms(10, "unseen"),
)
