"""Lift: how many times as common positives are among the highest scores as among all rows."""

from __future__ import annotations

from typing import Any

from audit.declarations.argument import Argument
from audit.declarations.metric import Metric
from audit.estimation.cuts import captured, share_of_positives
from audit.estimation.forms import Array, Ranked, ratio


def forms(share: float) -> dict[str, Any]:
    """Return what depends on the share of rows that is looked at."""

    def lift(positives: Array, counted: Array) -> Array:
        """(..., m) cumulated positives and rows -> share of positives above the cut over that of all rows."""
        return ratio(captured(positives, counted, share), positives[..., -1]) / share

    def ends(value: float, positives: float, negatives: float, level: float) -> tuple[float, float]:
        """Return the interval of the share of positives above the cut, stretched."""
        low, high = share_of_positives(value * share, positives, negatives, level)
        return low / share, high / share

    compute = Ranked(lift, "no row is truly positive", ends, "wilson_positives")
    # No rate is more than one, so that the share alone bounds a lift.
    return {"compute": compute, "bounds": (0.0, 1 / share)}


METRIC = Metric(
    name="lift",
    label="Lift",
    response="score",
    higher_is_better=True,
    tasks=("binary", "ranking_score"),
    description="How many times as common positive rows are among the given share of rows with the "
    "highest scores as among all; "
    "rows that tie at the cut count by the part of them that is needed, as they would on average in any order.",
    formula="(TP(share) / P) / share, share of all rows, highest scores first",
    source="Vuk and Curk (2006), ROC curve, lift chart and calibration plot, Metodološki zvezki 3(1), 89-108",
    arguments={"share": Argument(0.1, above=0, most=1)},
    vary=forms,
    **forms(0.1),
)
