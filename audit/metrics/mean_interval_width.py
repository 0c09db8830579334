"""Mean width of prediction intervals."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.forms import Array, Mean, supplied_interval


def widths(sample: Sample) -> Array:
    """(n,) width of each interval."""
    low, high, _ = supplied_interval(sample)
    return high - low


METRIC = Metric(
    name="mean_interval_width",
    label="Mean interval width",
    compute=Mean(widths),
    response="interval",
    higher_is_better=False,
    tasks=("regression",),
    bounds=(0.0, None),
    description="Width of the supplied prediction intervals on average, in the unit of the target; narrower is better "
    "where the coverage is right.",
    formula="mean (high - low)",
    source="Gneiting and Raftery (2007), doi:10.1198/016214506000001437",
    needs_target=False,
)
