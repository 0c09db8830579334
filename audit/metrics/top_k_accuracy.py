"""Top-k accuracy: the share of rows whose true class is among the k classes with the highest scores."""

from __future__ import annotations

from typing import Any

import numpy as np

from audit.declarations.argument import Argument
from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Share, scores


def forms(k: int) -> dict[str, Any]:
    """Return what depends on the number of classes that are looked at."""

    def among(sample: Sample) -> Array:
        """(n,) 1 where the true class is among the k highest; a part where it ties for the last places."""
        given = scores(sample)
        assert sample.target is not None
        own = given[np.arange(len(given)), sample.target.astype(np.int64)][:, None]
        above, level = (given > own).sum(axis=1), (given == own).sum(axis=1)
        chance: Array = np.clip((k - above) / level, 0.0, 1.0)
        return chance

    return {"compute": Share(among)}


METRIC = Metric(
    name="top_k_accuracy",
    label="Top-k accuracy",
    response="score",
    higher_is_better=True,
    tasks=("multiclass",),
    bounds=(0.0, 1.0),
    description="Share of rows whose true class is among the k with the highest scores; where it ties for the last "
    "places, it counts by the chance of being drawn.",
    formula="mean 1(rank of the true class <= k)",
    source="Russakovsky et al. (2015), doi:10.1007/s11263-015-0816-y; sklearn.metrics.top_k_accuracy_score",
    arguments={"k": Argument(2, least=1)},
    vary=forms,
    **forms(2),
)
