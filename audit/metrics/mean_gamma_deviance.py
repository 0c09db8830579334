"""Mean gamma deviance of a regression."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.deviance import unit_deviances
from audit.estimation.forms import Array, Mean


def deviances(sample: Sample) -> Array:
    """(n,) unit deviances."""
    return unit_deviances(sample, 2.0)


METRIC = Metric(
    name="mean_gamma_deviance",
    label="Mean gamma deviance",
    compute=Mean(deviances),
    response="value",
    higher_is_better=False,
    tasks=("regression",),
    bounds=(0.0, None),
    description="Mean deviance of amounts from predicted means under a gamma law: the same relative error counts "
    "the same at any size. Truths and predictions are above 0.",
    formula="2 mean (ln(mu / y) + y / mu - 1)",
    source="McCullagh and Nelder (1989), Generalized Linear Models, section 2.3",
)
