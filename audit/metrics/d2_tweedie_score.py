"""D squared: the share of the Tweedie deviance that a regression explains."""

from __future__ import annotations

from typing import Any

from audit.declarations.argument import Argument
from audit.declarations.metric import Metric, Sample
from audit.estimation.deviance import explained, parts
from audit.estimation.forms import Array, Sums


def forms(power: float) -> dict[str, Any]:
    """Return what depends on the power."""

    def features(sample: Sample) -> Array:
        """(n, 4) ones, truth, the truth's own part of a deviance, and the deviance from the prediction."""
        return parts(sample, power)

    def share(sums: Array) -> Array:
        """(..., 4) sums -> share of the deviance from the mean that is explained."""
        return explained(sums, power)

    return {"compute": Sums(features, share, undefined="the target is constant")}


METRIC = Metric(
    name="d2_tweedie_score",
    label="D squared (Tweedie)",
    response="value",
    higher_is_better=True,
    tasks=("regression",),
    bounds=(None, 1.0),
    description="Share of the Tweedie deviance from the mean of these rows that the model explains: 0 for predicting "
    "that mean, below 0 for worse; R squared at power 0, for Poisson at 1, for gamma at 2.",
    formula="1 - sum d(truth, prediction) / sum d(truth, mean truth)",
    source="Hastie, Tibshirani and Wainwright (2015), Statistical Learning with Sparsity, 3.11; "
    "sklearn.metrics.d2_tweedie_score",
    arguments={"power": Argument(1.5)},
    vary=forms,
    **forms(1.5),
)
