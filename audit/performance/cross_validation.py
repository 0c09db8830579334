"""Turns out-of-fold predictions into figures by fold, and their mean with an interval that knows the folds overlap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audit.declarations.metric import Sample
from audit.estimation import intervals
from audit.estimation.estimate import applies, form_of, subset
from audit.estimation.forms import Tested, rows_of
from audit.performance.choice import Choice, Figure, leading
from audit.performance.gauge import Gauge
from audit.records.measured import Estimate, Measured, Undefined
from audit.records.observation import Observation
from audit.records.plan import Plan
from audit.records.sections import CrossValidation, FoldFacts
from audit.records.spec import CrossValidationSpec, PerformanceSpec
from audit.subject.evidence import Evidence

Folds = tuple[tuple[NDArray[np.int64], NDArray[np.int64]], ...]


def cross_validated(choice: Choice, evidence: Evidence, gauge: Gauge) -> list[Observation]:
    """Return each metric's figure in every fold, and its mean over folds."""
    rows = evidence.out_of_fold
    if rows is None or rows.fold is None:
        return []
    parts = [subset(rows.sample, np.flatnonzero(rows.fold == k)) for k in range(1, len(evidence.folds) + 1)]
    found = []
    for metric in choice.metrics:
        figure = leading(metric, gauge.task)
        # What a test says of single folds has no mean.
        if applies(metric, rows.sample, gauge.task) or isinstance(form_of(figure.metric, rows.sample), Tested):
            continue
        single = [gauge.measured(figure, part, beside=True) for part in parts]
        mean = _mean(figure, single, evidence.folds, rows.sample, gauge.interval.level)
        found.append(_observation(figure, "cross_validated", f"{figure.label}, cross-validated", mean))
        found += [
            _observation(figure, f"cross_validated/fold={k}", f"{figure.label}, fold {k}", measured)
            for k, measured in enumerate(single, start=1)
        ]
    return found


def facts_of(evidence: Evidence, plan: Plan) -> CrossValidation:
    """Say how cross-validation was done, or why it was not."""
    if evidence.out_of_fold is None:
        return CrossValidation(done=False, reason=evidence.no_cross_validation)
    spec = plan.spec.performance or PerformanceSpec()
    # Without held-out rows there is a cross-validation even where the spec switches it off: the usual one.
    how = spec.cross_validation or CrossValidationSpec()
    plain = how.by == "stratified" and evidence.subject.task == "regression"
    return CrossValidation(
        done=True,
        by="plain" if plain else how.by,
        column=how.column or (plan.spec.data.time if how.by == "time" else None),
        folds=tuple(
            FoldFacts(fold=k, train_rows=len(fitted), test_rows=len(tested))
            for k, (fitted, tested) in enumerate(evidence.folds, start=1)
        ),
    )


def _mean(figure: Figure, single: list[Measured], folds: Folds, sample: Sample, level: float) -> Measured:
    known = [(m.value, pair) for m, pair in zip(single, folds, strict=True) if isinstance(m, Estimate)]
    if len(known) < 2:
        return Undefined(reason=f"{figure.label} has a value in {len(known)} of {len(folds)} folds; a mean needs two.")
    values = np.array([value for value, _ in known])
    test_share = float(np.mean([len(tested) / len(fitted) for _, (fitted, tested) in known]))
    low, high = intervals.corrected_resampled_t(values, test_share, level)
    least, most = figure.metric.bounds
    return Estimate(
        value=float(values.mean()),
        low=low if least is None else max(low, least),
        high=high if most is None else min(high, most),
        level=level,
        method="nadeau_bengio_t",
        n=rows_of(sample),
    )


def _observation(figure: Figure, aggregate: str, label: str, measured: Measured) -> Observation:
    return Observation(
        id=f"performance/{figure.name}/{aggregate}",
        label=label,
        measured=measured,
        higher_is_better=figure.metric.higher_is_better,
        scope="out_of_fold",
    )
