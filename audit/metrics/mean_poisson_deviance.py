"""Mean Poisson deviance of a regression."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.deviance import unit_deviances
from audit.estimation.forms import Array, Mean


def deviances(sample: Sample) -> Array:
    """(n,) unit deviances."""
    return unit_deviances(sample, 1.0)


METRIC = Metric(
    name="mean_poisson_deviance",
    label="Mean Poisson deviance",
    compute=Mean(deviances),
    response="value",
    higher_is_better=False,
    tasks=("regression",),
    bounds=(0.0, None),
    description="Mean deviance of counts from predicted means under a Poisson law; 0 when every prediction is "
    "right. Predictions are above 0.",
    formula="2 mean (y ln(y / mu) - y + mu)",
    source="McCullagh and Nelder (1989), Generalized Linear Models, section 2.3",
)
