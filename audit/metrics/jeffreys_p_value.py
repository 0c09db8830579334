"""Jeffreys test p-value: whether more positive rows occurred than the probabilities expect."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Tested
from audit.estimation.goodness import events_of, jeffreys


def p_value(sample: Sample) -> float:
    """Return the p-value."""
    return jeffreys(*events_of(sample))


METRIC = Metric(
    name="jeffreys_p_value",
    label="Jeffreys test p-value",
    compute=Tested(p_value),
    response="probability",
    higher_is_better=None,
    tasks=("binary",),
    bounds=(0.0, 1.0),
    description="Posterior probability, under Jeffreys' prior, that the true rate is at most the mean probability: "
    "a small one says that more happened than was expected. One-sided.",
    formula="F(mean p; D + 1/2, n - D + 1/2), F of the beta distribution",
    source="European Central Bank (2019), Instructions for reporting the validation results of internal models, "
    "section 2.5.3.1; Tasche (2013), arXiv:1006.2776",
)
