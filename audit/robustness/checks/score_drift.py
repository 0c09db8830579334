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
from audit.robustness.shift import MOST_ROWS, Shift, Side, drawn, shift_of, side_of, value_of
from audit.subject.evidence import Evaluation, Evidence, Predictions, Table
from audit.subject.gather import rows_of


def find(evidence: Evidence, setting: Setting) -> Finding:
    """Measure how far the model's scores moved to the test table, by the distances of the check of features.

    Compared with the predictions of data.reference where there is one, made for at most `robustness.budget` rows.

    Else with the training rows. A model is surer of rows that it was fitted on than of any other, which would look like
    a shift where there is none. So both sides are scored by the copies of cross-validation: each training row by the
    copy that was fitted without it, each held-out row by every copy, which weighs as many training rows as it has
    scored. Given the copies both sides are then draws from one distribution where the rows are, and as the mean of
    several copies varies no more than one of them, what chance gives is told rather too large than too small. Where
    there are no copies nothing is told.
    """
    if evidence.held_out is None:
        raise CheckNotRunError("There are no predictions of a held-out table.")
    before, after, words = _sides(evidence, evidence.held_out, setting)
    shifts = _shifts(before, after, evidence, setting)
    several = len(shifts) > 1
    told = [("", shifts[0][1]), *(shifts if several else [])]
    longest = max(before.table.n, after.table.n)
    rows = f", on {MOST_ROWS:,} rows drawn of a longer table" if longest > MOST_ROWS else ""
    return Finding(
        summary=f"{_sentence(shifts[0], several)} {words}{rows}.",
        observations=tuple(o for scope, shift in told for o in _observed(scope, shift, setting)),
    )


@dataclass(frozen=True)
class _Scored:
    """Rows of one table beside what a model, or each of several, says of them."""

    table: Table
    predictions: tuple[Predictions, ...]
    shares: tuple[float, ...] = (1.0,)
    """How much of each row its predictions stand for."""


def _shifts(before: _Scored, after: _Scored, evidence: Evidence, setting: Setting) -> list[tuple[str, Shift]]:
    """Scope and shift of each column of scores, largest first."""
    bridges, scopes = Bridges(setting.seed), _scopes(before, after, evidence)
    shifts = [
        (
            scope,
            shift_of(_side(before, k, evidence, setting), _side(after, k, evidence, setting), setting.level, bridges),
        )
        for k, scope in enumerate(scopes)
    ]
    return sorted(shifts, key=lambda pair: (-value_of(pair[1].index), pair[0]))


def _side(scored: _Scored, k: int, evidence: Evidence, setting: Setting) -> Side:
    """One column of scores; of several copies the scores of each follow those of the one before."""
    rows = drawn(scored.table, setting.seed)
    columns = [_column(p, k, evidence).iloc[rows] for p in scored.predictions]
    one = side_of(columns[0], scored.table, rows)
    if len(columns) == 1:
        return one
    return Side(
        column=pd.concat(columns, ignore_index=True),
        weight=None if one.weight is None else np.tile(one.weight, len(columns)),
        sampling=one.sampling,
        share=np.repeat(scored.shares, len(rows)),
    )


def _sides(evidence: Evidence, test: Evaluation, setting: Setting) -> tuple[_Scored, _Scored, str]:
    reference = evidence.subject.reference
    if reference is not None:
        base = _reference(evidence, reference, setting)
        words = f"Compared with predictions of {base.table.n:,} reference rows"
        return base, _Scored(test.table, (test.predictions,)), words
    crossed, copies = evidence.out_of_fold, evidence.copies
    if crossed is None or copies is None or crossed.fold is None:
        why = evidence.no_copies or "there are none."
        raise CheckNotRunError(
            "The model is surer of the training rows, on which it was fitted, than of others, and no copy of it that "
            f"was fitted without them can be asked: {why} Name rows that it has not seen under data.reference."
        )
    mass = np.ones(crossed.table.n) if crossed.table.weight is None else crossed.table.weight
    by_fold = np.bincount(crossed.fold, weights=mass, minlength=len(copies.predictions) + 1)[1:]
    total = float(by_fold.sum())
    shares = by_fold / total if total > 0 else np.full(len(by_fold), 1 / len(by_fold))
    words = "Both tables are scored by the copies of cross-validation, training rows by the one that has not seen them"
    return (
        _Scored(crossed.table, (crossed.predictions,)),
        _Scored(copies.table, copies.predictions, tuple(shares.tolist())),
        words,
    )


def _reference(evidence: Evidence, table: Table, setting: Setting) -> _Scored:
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
    return _Scored(kept, (_some(found.predictions, found.finite),))


def _some(predictions: Predictions, kept: NDArray[np.bool_]) -> Predictions:
    label, score = predictions.label, predictions.score
    return replace(
        predictions, label=None if label is None else label[kept], score=None if score is None else score[kept]
    )


def _scopes(before: _Scored, after: _Scored, evidence: Evidence) -> tuple[str, ...]:
    """Scope of each column of scores; one where the model gives but one, or labels alone."""
    one, other = before.predictions[0], after.predictions[0]
    if one.score is None or other.score is None:
        if one.label is None or other.label is None:
            raise CheckNotRunError("There are neither scores nor labels in both tables.")
        return ("",)
    return ("",) if one.score.ndim == 1 else tuple(f"/class={encoded(name)}" for name in evidence.subject.classes)


def _column(predictions: Predictions, k: int, evidence: Evidence) -> pd.Series:
    if predictions.score is not None:
        return pd.Series(predictions.score if predictions.score.ndim == 1 else predictions.score[:, k])
    assert predictions.label is not None  # the scopes say so
    return pd.Series(np.array(evidence.subject.classes, dtype=object)[predictions.label], dtype="object")


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
    yield _one(
        f"score_p_value{scope}",
        f"p-value of the {shift.test} test for the score{of}, not adjusted",
        shift.p_value,
        None,
    )


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
