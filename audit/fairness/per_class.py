"""Measures each class against the rest in every group, and the gaps that disparities over classes take together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from audit.declarations.disparity import Disparity, Form
from audit.declarations.metric import Metric, Sample
from audit.estimation.estimate import unmeasurable
from audit.estimation.one_vs_rest import one_vs_rest
from audit.fairness.disaggregate import (
    Gap,
    Rows,
    combine_gaps,
    disaggregate,
    group_cells,
    measure_gaps,
    observe_gaps,
    observe_groups,
)
from audit.fairness.groups import Grouping
from audit.records.observation import Observation, encoded

Classes = tuple[str, ...]


def of_classes(disparities: Iterable[Disparity], known: Mapping[str, Metric], sample: Sample) -> tuple[Disparity, ...]:
    """Return the disparities over classes that these rows have labels for."""
    return tuple(d for d in disparities if not any(unmeasurable(known[name], sample) for name in d.metrics))


def observe_classes(
    disparities: Iterable[Disparity], known: Mapping[str, Metric], classes: Classes, grouping: Grouping, rows: Rows
) -> Iterator[Observation]:
    """Yield the metrics of these disparities by group and class, their gaps, and the disparities themselves.

    Parameters
    ----------
    disparities : iterable of Disparity
        Those that are `per_class`.
    known : mapping
        Name to metric of two classes.
    classes : tuple of str
        Names of the classes, by code.
    """
    wanted = tuple(disparities)
    gaps: dict[str, list[dict[Form, Gap]]] = {}
    for name in dict.fromkeys(name for disparity in wanted for name in disparity.metrics):
        gaps[name] = []
        for code, text in enumerate(classes):
            single = replace(rows, sample=one_vs_rest(rows.sample, code))
            metric = replace(known[name], label=f"{known[name].label}, class {text}")
            result = disaggregate(metric, grouping, group_cells(grouping, single.sample), single)
            gaps[name].append(measure_gaps(result))
            for observation in (*observe_groups(result), *observe_gaps(result, gaps[name][-1])):
                yield observation.model_copy(update={"id": f"{observation.id}/class={encoded(text)}"})
    for disparity in wanted:
        parts = [of_class for name in disparity.metrics for of_class in gaps[name]]
        yield from combine_gaps(disparity, grouping, parts, rows)
