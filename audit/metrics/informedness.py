"""Informedness: how much more often a positive row is predicted positive than a negative one is."""

from __future__ import annotations

from audit.declarations.metric import Metric, Sample
from audit.estimation.classes import averages
from audit.estimation.forms import Array, MeanRate, diagonal, ratio


def found_by_class(cells: Array, _: Sample) -> tuple[Array, Array]:
    """(..., 2, 2) cells -> rows of each class predicted correctly, and all its rows."""
    return diagonal(cells), cells.sum(axis=-1)


def beyond_chance(balanced: Array) -> Array:
    """Informedness of a balanced accuracy, an increasing map, so that the ends of its interval can be mapped too."""
    return 2 * balanced - 1


def of_cells(cells: Array, sample: Sample) -> Array:
    """(..., 2, 2) cells -> informedness, NaN where a class is absent."""
    beyond: Array = ratio(*found_by_class(cells, sample)).sum(axis=-1) - 1
    return beyond


METRIC = Metric(
    name="informedness",
    label="Informedness",
    compute=MeanRate(found_by_class, undefined="only one class is present", curve=beyond_chance),
    response="label",
    higher_is_better=True,
    tasks=("binary", "multiclass"),
    bounds=(-1.0, 1.0),
    description="True positive rate less false positive rate, also called Youden's J: 0 for guessing whatever the "
    "prevalence, 1 when every row is predicted correctly.",
    formula="TP / (TP + FN) + TN / (TN + FP) - 1",
    source="Youden (1950), doi:10.1002/1097-0142(1950)3:1<32::AID-CNCR2820030106>3.0.CO;2-3; Powers (2011)",
    per_class=True,
    averages=averages(of_cells, "skip", "fewer than two classes are present"),
)
