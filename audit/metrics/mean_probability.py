"""Mean probability of the positive class."""

from __future__ import annotations

from audit.declarations.metric import Metric
from audit.estimation.forms import Mean, scores

METRIC = Metric(
    name="mean_probability",
    label="Mean probability",
    compute=Mean(scores),
    response="probability",
    higher_is_better=None,
    tasks=("binary",),
    bounds=(0.0, 1.0),
    description="Probability of the positive class on average; with the prevalence it tells calibration in the large.",
    formula="mean p",
    source="Van Calster et al. (2019), doi:10.1186/s12916-019-1466-7",
    needs_target=False,
)
