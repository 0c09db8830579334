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
from audit.records.measured import Estimate, Exact, Measured, Undefined
from audit.records.observation import Observation
from audit.records.plan import Plan
from audit.records.sections import CrossValidation, FoldFacts
from audit.records.spec import CrossValidationSpec, PerformanceSpec
from audit.subject.evidence import Evaluation, Evidence, Table
from audit.subject.folds import together

Folds = tuple[tuple[NDArray[np.int64], NDArray[np.int64]], ...]


def cross_validated(choice: Choice, evidence: Evidence, gauge: Gauge) -> list[Observation]:
    """Return each metric's figure in every fold of every repeat, and its mean over all of them."""
    rows = evidence.out_of_fold
    if rows is None or rows.fold is None:
        return []
    deals = [(evidence.folds, rows), *((repeat.folds, repeat.evaluation) for repeat in evidence.repeats)]
    parts = [_parts(folds, made) for folds, made in deals]
    every = tuple(fold for folds, _ in deals for fold in folds)
    found = []
    for metric in choice.metrics:
        figure = leading(metric, gauge.task)
        # What a test says of single folds has no mean.
        if applies(metric, rows.sample, gauge.task) or isinstance(form_of(figure.metric, rows.sample), Tested):
            continue
        single = [[gauge.measured(figure, part, beside=True) for part in some] for some in parts]
        mean = mean_of_folds(figure, [m for some in single for m in some], every, rows.sample, gauge.interval.level)
        found.append(_observation(figure, "cross_validated", f"{figure.label}, cross-validated", mean))
        for repeat, some in enumerate(single, start=1):
            found += _of_folds(figure, some, repeat)
        if len(deals) > 1:
            found += _of_repeats(figure, single, deals, gauge.interval.level)
    return found


def _parts(folds: Folds, made: Evaluation) -> list[Sample]:
    assert made.fold is not None
    return [subset(made.sample, np.flatnonzero(made.fold == k)) for k in range(1, len(folds) + 1)]


def _of_folds(figure: Figure, single: list[Measured], repeat: int) -> list[Observation]:
    again, told = (f"&repeat={repeat}", f" of repeat {repeat}") if repeat > 1 else ("", "")
    return [
        _observation(figure, f"cross_validated/fold={k}{again}", f"{figure.label}, fold {k}{told}", measured)
        for k, measured in enumerate(single, start=1)
    ]


def _of_repeats(
    figure: Figure, single: list[list[Measured]], deals: list[tuple[Folds, Evaluation]], level: float
) -> list[Observation]:
    """Return the mean of each repeat, and how far these means spread: how much hangs on the deal of the rows."""
    means = [
        mean_of_folds(figure, some, folds, made.sample, level)
        for some, (folds, made) in zip(single, deals, strict=True)
    ]
    found = [
        _observation(figure, f"cross_validated/repeat={r}", f"{figure.label}, cross-validated, repeat {r}", mean)
        for r, mean in enumerate(means, start=1)
    ]
    values = [m.value for m in means if isinstance(m, Estimate)]
    spread: Measured = Undefined(reason=f"{figure.label} has a mean in fewer than two repeats.")
    if len(values) > 1:
        spread = Exact(value=float(np.std(values, ddof=1)), n=rows_of(deals[0][1].sample))
    label = f"{figure.label}, standard deviation over {len(means)} repeats"
    return [
        *found,
        Observation(
            id=f"performance/{figure.name}/cross_validated/repeat_sd", label=label, measured=spread, scope="out_of_fold"
        ),
    ]


def facts_of(evidence: Evidence, plan: Plan) -> CrossValidation:
    """Say how cross-validation was done, or why it was not."""
    if evidence.out_of_fold is None:
        return CrossValidation(done=False, reason=evidence.no_cross_validation)
    spec = plan.spec.performance or PerformanceSpec()
    # Without held-out rows there is a cross-validation even where the spec switches it off: the usual one.
    how = spec.cross_validation or CrossValidationSpec()
    plain = how.by == "stratified" and evidence.subject.task == "regression"
    train = evidence.subject.train
    if train is not None:
        how = together(train, how)[1].model_copy(update={"column": how.column or _cluster_of(how.by, train, spec)})
        plain = plain and how.by == "stratified"
    return CrossValidation(
        done=True,
        by="plain" if plain else how.by,
        column=how.column or (plan.spec.data.time if how.by == "time" else None),
        folds=tuple(
            FoldFacts(fold=k, train_rows=len(fitted), test_rows=len(tested))
            for k, (fitted, tested) in enumerate(evidence.folds, start=1)
        ),
        repeats=1 + len(evidence.repeats),
    )


def _cluster_of(by: str, train: Table, spec: PerformanceSpec) -> str | None:
    """Return the column of clusters where folds keep them together."""
    return spec.interval.cluster if train.cluster is not None and by in ("stratified", "plain") else None


def mean_of_folds(figure: Figure, single: list[Measured], folds: Folds, sample: Sample, level: float) -> Measured:
    """Return the mean over folds, of one cross-validation or of several, with the interval of Nadeau and Bengio."""
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
