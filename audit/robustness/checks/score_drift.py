"""Compares what the model says of the test table with what it says of the rows that it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.declarations.check import Check, CheckNotRunError, Finding, Setting
from audit.errors import AuditError
from audit.records.measured import Estimate, Exact, Measured
from audit.records.observation import Observation, encoded
from audit.robustness.asking import ask, reason_of
from audit.robustness.distances import Bridges
from audit.robustness.shift import MOST_ROWS, Shift, drawn, shift_of, side_of, value_of
from audit.subject.evidence import Evaluation, Evidence, Predictions, Table
from audit.subject.gather import rows_of


def find(evidence: Evidence, setting: Setting) -> Finding:
    """Measure how far the model's scores moved to the test table, by the distances of the check of features.

    Compared with the predictions of data.reference where there is one, made for at most `robustness.budget` rows; else
    with those of the training rows, in two ways where both are there, of which the smaller shift is told. The model's
    own answers on rows that it was fitted on are surer than others, and out-of-fold answers come from other models:
    either looks like a shift where there is none, while a shift of the rows shows in both.
    """
    test = evidence.held_out
    if test is None:
        raise CheckNotRunError("There are no predictions of a held-out table.")
    bridges = Bridges(setting.seed)
    found = [(base, _shifts(base, test, evidence, setting, bridges)) for base in _bases(evidence, setting)]
    base, shifts = min(found, key=lambda pair: value_of(pair[1][0][1].index))
    several = len(shifts) > 1
    told = [("", shifts[0][1]), *(shifts if several else [])]
    rows = f", on {MOST_ROWS:,} rows drawn of a longer table" if max(base.table.n, test.table.n) > MOST_ROWS else ""
    beside = "; the other comparison, with {}, shows more".format(
        " and ".join(b.words for b, _ in found if b is not base)
    )
    return Finding(
        summary=f"{_sentence(shifts[0], several)} Compared with {base.words}{rows}{beside if len(found) > 1 else ''}.",
        observations=tuple(o for scope, shift in told for o in _observed(scope, shift, setting)),
    )


def _shifts(
    base: _Base, test: Evaluation, evidence: Evidence, setting: Setting, bridges: Bridges
) -> list[tuple[str, Shift]]:
    """Scope and shift of each column of scores, largest first."""
    rows, others = drawn(base.table, setting.seed), drawn(test.table, setting.seed)
    shifts = [
        (
            scope,
            shift_of(
                side_of(one.iloc[rows], base.table, rows),
                side_of(other.iloc[others], test.table, others),
                setting.level,
                bridges,
            ),
        )
        for scope, one, other in _columns(base.predictions, test.predictions, evidence)
    ]
    return sorted(shifts, key=lambda pair: (-value_of(pair[1].index), pair[0]))


@dataclass(frozen=True)
class _Base:
    """Predictions that those of the test table are compared with."""

    table: Table
    predictions: Predictions
    words: str


def _bases(evidence: Evidence, setting: Setting) -> list[_Base]:
    if evidence.subject.reference is not None:
        return [_reference(evidence, evidence.subject.reference, setting)]
    found = []
    if evidence.train is not None:
        words = "the model's predictions of the training rows, on which it was fitted"
        found.append(_Base(evidence.train.table, evidence.train.predictions, words))
    if evidence.out_of_fold is not None:
        words = "out-of-fold predictions of the training rows"
        found.append(_Base(evidence.out_of_fold.table, evidence.out_of_fold.predictions, words))
    if not found:
        raise CheckNotRunError("The training rows were not predicted.")
    return found


def _reference(evidence: Evidence, table: Table, setting: Setting) -> _Base:
    rows = np.arange(table.n)
    if table.n > setting.budget:
        rows = np.sort(np.random.default_rng(setting.seed).choice(table.n, setting.budget, replace=False))
    part = rows_of(table, rows)
    part = replace(part, features=part.features.reset_index(drop=True))
    found = ask(evidence.subject, part, part.features)
    if isinstance(found, AuditError):
        raise CheckNotRunError(f"The model does not predict data.reference: {reason_of(found)}")
    kept = rows_of(part, np.flatnonzero(found.finite))
    if not kept.n:
        raise CheckNotRunError("No prediction of data.reference is finite.")
    return _Base(kept, _some(found.predictions, found.finite), f"predictions of {kept.n:,} reference rows")


def _some(predictions: Predictions, kept: NDArray[np.bool_]) -> Predictions:
    label, score = predictions.label, predictions.score
    return replace(
        predictions, label=None if label is None else label[kept], score=None if score is None else score[kept]
    )


def _columns(one: Predictions, other: Predictions, evidence: Evidence) -> list[tuple[str, pd.Series, pd.Series]]:
    """Scope and both sides of each column of scores; of the labels where the model gives no scores."""
    classes = evidence.subject.classes
    if one.score is not None and other.score is not None:
        if one.score.ndim == 1:
            return [("", pd.Series(one.score), pd.Series(other.score))]
        return [
            (f"/class={encoded(name)}", pd.Series(one.score[:, k]), pd.Series(other.score[:, k]))
            for k, name in enumerate(classes)
        ]
    if one.label is None or other.label is None:
        raise CheckNotRunError("There are neither scores nor labels in both tables.")
    words = np.array(classes, dtype=object)
    return [("", pd.Series(words[one.label], dtype="object"), pd.Series(words[other.label], dtype="object"))]


def _sentence(worst: tuple[str, Shift], several: bool) -> str:
    scope, shift = worst
    what = f"The model's scores (most of {scope.rpartition('=')[2]})" if several else "The model's scores"
    index, critical = (m.value if isinstance(m, Estimate | Exact) else 0.0 for m in (shift.index, shift.index_critical))
    return f"{what} have a population stability index of {index:.3f}, where chance alone gives up to {critical:.3f}."


def _observed(scope: str, shift: Shift, setting: Setting) -> Iterator[Observation]:
    of = f" of class {scope.rpartition('=')[2]}" if scope else ""
    chance = f"that chance alone exceeds once in {1 / (1 - setting.level):.0f}"
    yield _one(f"psi_score{scope}", f"Population stability index of the score{of}", shift.index)
    yield _one(f"psi_score_critical{scope}", f"Index of the score{of} {chance}", shift.index_critical)
    yield _one(f"jensen_shannon_score{scope}", f"Jensen-Shannon distance of the score{of}", shift.divergence)
    label = f"Jensen-Shannon distance of the score{of} {chance}"
    yield _one(f"jensen_shannon_score_critical{scope}", label, shift.divergence_critical)
    if shift.ordered:
        yield _one(f"ks_score{scope}", f"Kolmogorov-Smirnov statistic of the score{of}", shift.widest)
        label = f"Wasserstein distance of the score{of}, in standard deviations"
        yield _one(f"wasserstein_score{scope}", label, shift.moved)
        yield _one(f"wasserstein_score_critical{scope}", f"{label}, {chance}", shift.moved_critical)
    yield _one(f"score_p_value{scope}", f"p-value of the {shift.test} test for the score{of}", shift.p_value, None)


def _one(name: str, label: str, measured: Measured, better: bool | None = False) -> Observation:
    return Observation(id=f"robustness/{name}", label=label, measured=measured, higher_is_better=better)


CHECK = Check(
    name="score_drift",
    label="Shift of the score",
    find=find,
    needs=("test", "baseline", "model", "predictions"),
    promises=("robustness/psi_score", "robustness/psi_score_critical"),
    description=(
        "How far the distribution of the model's scores moved; it moves when features that matter to the model do."
    ),
)
