"""Chooses the indices that suit the audited rows, and measures them in every group of one grouping."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from audit import guard
from audit.declarations.index import Index, Need
from audit.declarations.metric import Sample
from audit.estimation.seeds import child_seed
from audit.fairness.disaggregate import CLUSTERED_ROWS, Disaggregated, Rows
from audit.fairness.division import Array, Division
from audit.fairness.groups import Grouping
from audit.records.measured import Estimate, Measured, Undefined
from audit.records.observation import Observation, encoded
from audit.records.spec import Task

DRAWS = 1000
"""Most draws of an interval that is made of draws of every group at once."""


@dataclass(frozen=True)
class Given:
    """What indices are measured with beside the rows."""

    power: float
    strata: NDArray[np.int64] | None
    """(n,) stratum of each row, -1 where it is not known; None where none were named."""


def metrics_of(index: Index) -> tuple[str, ...]:
    """Return the metrics by group that an index reads."""
    return (*index.metrics, *(("selection_rate",) if "selection" in index.needs else ()))


def suited(
    known: Mapping[str, Index], task: Task, sample: Sample, measured: Collection[str], strata: bool
) -> tuple[Index, ...]:
    """Return the indices that these rows have all that it takes for.

    Parameters
    ----------
    known : mapping
        Name to index.
    measured : collection of str
        Names of metrics that are measured by group.
    strata : bool
        Whether strata were named.
    """
    held = _held(sample, strata)
    return tuple(
        index
        for index in known.values()
        if task in index.tasks and held.issuperset(index.needs) and all(name in measured for name in metrics_of(index))
    )


def observe_indices(
    indices: Iterable[Index],
    grouping: Grouping,
    results: Mapping[str, Disaggregated],
    rows: Rows,
    given: Given,
    references: Mapping[str | None, int | None],
) -> Iterator[Observation]:
    """Yield every index of every group, or of the grouping; one that compares, once for each reference group.

    Parameters
    ----------
    results : mapping
        Metric to its values by group.
    references : mapping
        What ids name as reference, None for that of the grouping, to the position of that group.
    """
    own = _division(grouping, results, rows, given, references[None])
    for index in indices:
        yield from _observed(index, own, rows, "")
    for name, position in references.items():
        if name is not None:
            other = replace(own, reference=position)
            for index in indices:
                if index.compares:
                    yield from _observed(index, other, rows, f";reference={encoded(name)}")


def said(groupings: Iterable[Grouping], indices: Iterable[Index], observations: Iterable[Observation]) -> Iterator[str]:
    """Yield what a reader has to know of these indices."""
    names = {index.name for index in indices}
    if any(name.endswith("p_value") for name in names):
        yield "p-values are two-sided and not adjusted for the number of groups; packs say where they adjust them."
    if "implied_false_positive_rate" not in names:
        return
    by_id = {observation.id: observation.measured for observation in observations}
    for grouping in groupings:
        gap = by_id.get(f"fairness/prevalence/{grouping.facts.key}/difference")
        if isinstance(gap, Estimate) and gap.low:
            yield (
                f"By {', '.join(grouping.facts.columns)}, base rates differ by more than chance explains. Unless "
                "predictions are perfect, precision, false negative rate and false positive rate cannot all three be "
                "equal between these groups (Chouldechova 2017): to ask for predictive parity and equalized odds "
                "together is to ask for what arithmetic excludes."
            )


def highest_score(grouping: Grouping, sample: Sample) -> int | None:
    """Return the position of the judged group with the highest mean score, the first of equals; None if there is none.

    Where nothing selects, that is the group which the others are held against.
    """
    if sample.score is None or sample.score.ndim != 1 or not np.isfinite(sample.score).all():
        return None
    division = Division(grouping=grouping, sample=sample, level=0.95, resamples=0, seed=0)
    size, mean, _ = division.moments
    return max((int(g) for g in grouping.judged if size[g] > 0), key=lambda g: (mean[g], -g), default=None)


def _held(sample: Sample, strata: bool) -> frozenset[Need]:
    scored = sample.score is not None and sample.score.ndim == 1 and bool(np.isfinite(sample.score).all())
    held: dict[Need, bool] = {
        "target": sample.target is not None,
        "label": sample.label is not None,
        "score": scored,
        "selection": sample.label is not None and sample.favourable is not None,
        "strata": strata,
    }
    return frozenset(need for need, there in held.items() if there)


def _division(
    grouping: Grouping, results: Mapping[str, Disaggregated], rows: Rows, given: Given, reference: int | None
) -> Division:
    selection = results.get("selection_rate")
    return Division(
        grouping=grouping,
        sample=rows.sample,
        level=rows.interval.level,
        resamples=min(rows.interval.resamples, DRAWS),
        seed=child_seed(rows.seed, f"fairness/{grouping.facts.key}/indices"),
        minimum=rows.minimum,
        power=given.power,
        selection=None if selection is None else selection.share,
        values={name: _floats(result) for name, result in results.items()},
        strata=given.strata,
        reference=reference,
    )


def _floats(result: Disaggregated) -> Array:
    return np.array([float(value) for value in result.values], dtype=np.float64)


def _observed(index: Index, division: Division, rows: Rows, suffix: str) -> Iterator[Observation]:
    found = _computed(index, division) if index.clustered or not division.clustered else _untold(index, division)
    if index.of == "grouping":
        name = ", ".join(division.grouping.facts.columns)
        yield _observation(index, f"{index.name}/{division.grouping.facts.key}", f"by {name}", found[0], rows)
        return
    for group, measured in zip(division.groups, found, strict=True):
        if not (index.compares and group.unknown):
            yield _observation(index, f"{index.name}{suffix}/{group.key}", group.label, measured, rows)


def _computed(index: Index, division: Division) -> tuple[Measured, ...]:
    """Return what an index finds; one from outside that fails, or forgets a group, leaves its figures undefined."""
    places = 1 if index.of == "grouping" else len(division.groups)
    found = guard.defined(f"{index.label} cannot be computed", _counted, index, division, places)
    return (found,) * places if isinstance(found, Undefined) else found


def _counted(index: Index, division: Division, places: int) -> tuple[Measured, ...]:
    found = index.compute(division)
    if len(found) != places:
        raise ValueError(f"{len(found)} values for {places} places")
    return found


def _untold(index: Index, division: Division) -> tuple[Measured, ...]:
    return (Undefined(reason=CLUSTERED_ROWS),) * (1 if index.of == "grouping" else len(division.groups))


def _observation(index: Index, id: str, of: str, measured: Measured, rows: Rows) -> Observation:
    return Observation(
        id=f"fairness/{id}",
        label=f"{index.label}: {of}",
        measured=measured,
        higher_is_better=index.higher_is_better,
        scope=rows.scope,
    )
