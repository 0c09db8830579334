"""Hosmer-Lemeshow statistic: the distance of counts from what probabilities expect, over groups."""

from __future__ import annotations

from typing import Any

from audit.declarations.argument import Argument
from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Tested
from audit.estimation.goodness import hosmer_lemeshow


def forms(groups: int, rows: str) -> dict[str, Any]:
    """Return what depends on the groups and on whether the model was fitted on these rows."""

    def statistic(sample: Sample) -> float:
        """Return the statistic."""
        return hosmer_lemeshow(sample, groups, rows == "fitted")[0]

    return {"compute": Tested(statistic)}


METRIC = Metric(
    name="hosmer_lemeshow",
    label="Hosmer-Lemeshow statistic",
    response="probability",
    higher_is_better=None,
    tasks=("binary",),
    bounds=(0.0, None),
    description="Squared distance of the number of positive rows from what the probabilities expect, over groups of "
    "equal size by probability, each by its variance. It grows with the number of rows.",
    formula="sum over groups of (O - E)^2 / (E (1 - E / n))",
    source="Hosmer and Lemeshow (1980), doi:10.1080/03610928008827941",
    arguments={
        "groups": Argument(10, least=2, most=1000),
        "rows": Argument("unseen", words=("unseen", "fitted")),
    },
    vary=forms,
    **forms(10, "unseen"),
)
