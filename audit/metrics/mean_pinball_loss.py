"""Pinball loss of a regression that predicts a quantile."""

from __future__ import annotations

from typing import Any

import numpy as np

from audit.declarations.argument import Argument
from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Mean, scores, truth


def forms(alpha: float) -> dict[str, Any]:
    """Return what depends on the quantile."""

    def losses(sample: Sample) -> Array:
        """(n,) shortfall times alpha, or excess times 1 - alpha."""
        short = truth(sample) - scores(sample)
        loss: Array = np.maximum(alpha * short, (alpha - 1) * short)
        return loss

    return {"compute": Mean(losses)}


METRIC = Metric(
    name="mean_pinball_loss",
    label="Pinball loss",
    response="value",
    higher_is_better=False,
    tasks=("regression",),
    bounds=(0.0, None),
    description="Mean loss of a prediction of the quantile alpha, least when a share alpha of the rows lies below it, "
    "in the unit of the target; half the mean absolute error at 0.5.",
    formula="mean max(alpha (truth - prediction), (alpha - 1)(truth - prediction))",
    source="Koenker and Bassett (1978), doi:10.2307/1913643",
    arguments={"alpha": Argument(0.5, above=0, below=1)},
    vary=forms,
    **forms(0.5),
)
