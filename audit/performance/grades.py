"""Turns probabilities into grades, and tests in each whether as much happened as was expected."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from audit import catalogue
from audit.declarations.metric import Sample
from audit.estimation.estimate import applies, estimate_by_group
from audit.estimation.forms import is_positive, scores, weights_of
from audit.performance.choice import OF_GRADES
from audit.performance.gauge import Gauge
from audit.records.measured import Estimate, Exact
from audit.records.observation import Observation, encoded
from audit.records.sections import GradeFacts
from audit.records.spec import GradesSpec
from audit.subject.evidence import Evaluation, Evidence

MOST_GRADES = 200


def graded(
    evidence: Evidence, spec: GradesSpec | None, gauge: Gauge
) -> tuple[tuple[GradeFacts, ...], list[Observation], tuple[str, ...]]:
    """Measure observed rate, mean probability and both tests in each grade of the headline rows.

    Returns
    -------
    The grades from the lowest mean probability to the highest, their observations, and why there are none.
    """
    rows = evidence.headline
    if spec is None:
        return (), [], ()
    lacking = applies(catalogue.load("metrics", "jeffreys_p_value"), rows.sample, gauge.task)
    if lacking:
        return (), [], (f"Grades were not tested: {lacking}",)
    labels, codes = _in_order(rows.sample, *_grades(rows, spec))
    if not labels or len(labels) > MOST_GRADES:
        found = f"{len(labels)} grades are more than {MOST_GRADES}" if labels else "no row has a grade"
        return (), [], (f"Grades were not tested: {found}.",)
    facts = tuple(_facts(rows.sample, codes == code, label) for code, label in enumerate(labels))
    without = int(np.count_nonzero(codes < 0))
    notes = (f"{without} rows are in no grade: they are part of the whole, and of no grade.",) if without else ()
    told = list(_measured(rows, facts, codes, gauge))
    return facts, [*told, _inversions(told[: len(facts)], rows)], notes


def _grades(rows: Evaluation, spec: GradesSpec) -> tuple[list[str], NDArray[np.int64]]:
    """Names of grades, and the (n,) grade of each row, -1 for none."""
    if spec.edges is None:
        texts = rows.table.grade
        assert texts is not None
        known = np.array([text is not None for text in texts], dtype=bool)
        names, inverse = np.unique(texts[known].astype(str), return_inverse=True)
        codes = np.full(len(texts), -1, dtype=np.int64)
        codes[known] = inverse
        return names.tolist(), codes
    edges, given = np.array(spec.edges), scores(rows.sample)
    codes = np.searchsorted(edges, given, side="right").astype(np.int64) - 1
    codes[given == edges[-1]] = len(edges) - 2
    codes[(given < edges[0]) | (given > edges[-1])] = -1
    return [f"{low:g} to {high:g}" for low, high in pairwise(edges)], codes


def _in_order(sample: Sample, names: list[str], codes: NDArray[np.int64]) -> tuple[list[str], NDArray[np.int64]]:
    """Grades that hold weight, by mean probability; equal ones by name."""
    weight, given = weights_of(sample), scores(sample)
    inside = codes >= 0
    total = np.bincount(codes[inside], weights=weight[inside], minlength=len(names))
    summed = np.bincount(codes[inside], weights=(weight * given)[inside], minlength=len(names))
    held = [code for code in range(len(names)) if total[code] > 0]
    order = sorted(held, key=lambda code: (summed[code] / total[code], names[code]))
    place = np.full(len(names) + 1, -1, dtype=np.int64)
    place[order] = np.arange(len(order))
    return [names[code] for code in order], place[codes]


def _facts(sample: Sample, inside: NDArray[np.bool_], label: str) -> GradeFacts:
    weight = weights_of(sample)[inside]
    events = float(weight @ is_positive(sample)[inside])
    return GradeFacts(key=f"grade={encoded(label)}", label=label, n=round(float(weight.sum())), events=events)


def _measured(
    rows: Evaluation, facts: tuple[GradeFacts, ...], codes: NDArray[np.int64], gauge: Gauge
) -> Iterator[Observation]:
    for name in OF_GRADES:
        metric = catalogue.load("metrics", name)
        found = estimate_by_group(metric, rows.sample, codes, len(facts), gauge.interval, gauge.seed)
        for fact, measured in zip(facts, found, strict=True):
            yield Observation(
                id=f"performance/{name}/{fact.key}",
                label=f"{metric.label}, grade {fact.label}",
                measured=measured,
                higher_is_better=metric.higher_is_better,
                scope=rows.scope,
            )


def _inversions(prevalences: list[Observation], rows: Evaluation) -> Observation:
    rates = [o.measured for o in prevalences if isinstance(o.measured, Estimate)]
    falls = sum(after.value < before.value for before, after in pairwise(rates))
    return Observation(
        id="performance/grade_inversions",
        label="Grades with a lower observed rate than the grade before, by mean probability",
        measured=Exact(value=falls, n=sum(rate.n for rate in rates)),
        higher_is_better=False,
        scope=rows.scope,
    )
