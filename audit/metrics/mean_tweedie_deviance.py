"""Mean Tweedie deviance of a regression."""

from __future__ import annotations

from typing import Any

from audit.declarations.argument import Argument
from audit.declarations.metric import Metric, Sample
from audit.estimation.deviance import unit_deviances
from audit.estimation.forms import Array, Mean


def forms(power: float) -> dict[str, Any]:
    """Return what depends on the power."""

    def deviances(sample: Sample) -> Array:
        """(n,) unit deviances."""
        return unit_deviances(sample, power)

    return {"compute": Mean(deviances)}


METRIC = Metric(
    name="mean_tweedie_deviance",
    label="Mean Tweedie deviance",
    response="value",
    higher_is_better=False,
    tasks=("regression",),
    bounds=(0.0, None),
    description="Mean deviance from predicted means under a law whose variance is a power of its mean: squared error "
    "at 0, Poisson at 1, amounts with zeros between 1 and 2, gamma at 2, inverse Gaussian at 3.",
    formula="2 mean (max(y, 0)^(2-p) / ((1-p)(2-p)) - y mu^(1-p) / (1-p) + mu^(2-p) / (2-p))",
    source="Jørgensen (1987), doi:10.1111/j.2517-6161.1987.tb01685.x; sklearn.metrics.mean_tweedie_deviance",
    arguments={"power": Argument(1.5)},
    vary=forms,
    **forms(1.5),
)
