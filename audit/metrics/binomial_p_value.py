"""Binomial test p-value: whether more positive rows occurred than the probabilities expect."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Tested
from audit.estimation.goodness import binomial, events_of


def p_value(sample: Sample) -> float:
    """Return the p-value."""
    return binomial(*events_of(sample))


METRIC = Metric(
    name="binomial_p_value",
    label="Binomial test p-value",
    compute=Tested(p_value),
    response="probability",
    higher_is_better=None,
    tasks=("binary",),
    bounds=(0.0, 1.0),
    description="Chance of so many positive rows or more at the mean probability: a small one says that more "
    "happened than was expected. One-sided and exact for rows of one probability.",
    formula="P(Bin(n, mean p) >= D)",
    source="Basel Committee on Banking Supervision (2005), Working Paper 14, Studies on the validation of internal "
    "rating systems",
)
