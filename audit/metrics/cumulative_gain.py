"""Cumulative gain: the share of all positives that stands among the highest scores."""

from __future__ import annotations

from typing import Any

from audit.declarations.argument import Argument
from audit.declarations.metric import Metric
from audit.estimation.cuts import captured, share_of_positives
from audit.estimation.forms import Array, Ranked, ratio


def forms(share: float) -> dict[str, Any]:
    """Return what depends on the share of rows that is looked at."""

    def gain(positives: Array, counted: Array) -> Array:
        """(..., m) cumulated positives and rows -> share of the positives above the cut."""
        return ratio(captured(positives, counted, share), positives[..., -1])

    return {"compute": Ranked(gain, "no row is truly positive", share_of_positives, "wilson_positives")}


METRIC = Metric(
    name="cumulative_gain",
    label="Cumulative gain",
    response="score",
    higher_is_better=True,
    tasks=("binary", "ranking_score"),
    bounds=(0.0, 1.0),
    description="Share of all positive rows that stands among the given share of rows with the highest scores; "
    "rows that tie at the cut count by the part of them that is needed, as they would on average in any order.",
    formula="TP(share) / P, share of all rows, highest scores first",
    source="Vuk and Curk (2006), ROC curve, lift chart and calibration plot, Metodološki zvezki 3(1), 89-108",
    arguments={"share": Argument(0.1, above=0, most=1)},
    vary=forms,
    **forms(0.1),
)
