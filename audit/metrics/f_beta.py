"""F-beta: the harmonic mean of precision and recall, recall counting beta times as much."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from audit.declarations.argument import Argument
from audit.declarations.metric import Metric, Sample
from audit.estimation.classes import averages, correct
from audit.estimation.forms import Array, Count, Rate, ratio
from audit.estimation.harmonic import f1_forms


def f_beta(beta: float) -> Callable[[Array, Sample], Array]:
    """Return the measure for one beta."""

    def value(cells: Array, _: Sample) -> Array:
        """(..., 2, 2) cells -> F-beta, NaN where no row is positive in truth or prediction."""
        hits, missed, false = cells[..., 1, 1], cells[..., 1, 0], cells[..., 0, 1]
        return ratio((1 + beta**2) * hits, (1 + beta**2) * hits + beta**2 * missed + false)

    return value


def concerned(cells: Array) -> Array:
    """(..., 2, 2) cells -> rows that are positive in truth or prediction."""
    return cells[..., 1, 1] + cells[..., 1, 0] + cells[..., 0, 1]


def forms(beta: float) -> dict[str, Any]:
    """Return what depends on beta: the measure of two classes, and its averages over more.

    All counts of a row's errors come in pairs, one class missed and one falsely named, so that the micro average is
    the share of rows predicted correctly. At beta 1 it is F1, which has an interval of its own.
    """
    if beta == 1:
        return f1_forms()
    nothing = "no row is positive in truth or prediction"
    share = Rate(correct, undefined="there are no rows")
    return {
        "compute": Count(f_beta(beta), undefined=nothing),
        "averages": averages(f_beta(beta), "zero", "there are no rows", rests_on=concerned, micro=share),
    }


METRIC = Metric(
    name="f_beta",
    label="F-beta",
    response="label",
    higher_is_better=True,
    tasks=("binary", "multiclass"),
    bounds=(0.0, 1.0),
    description="Harmonic mean of precision and recall in which recall counts beta times as much; "
    "blind to true negatives.",
    formula="(1 + b^2) TP / ((1 + b^2) TP + b^2 FN + FP)",
    source="van Rijsbergen (1979), Information Retrieval, chapter 7",
    per_class=True,
    arguments={"beta": Argument(1.0, above=0)},
    vary=forms,
    **forms(1.0),
)
