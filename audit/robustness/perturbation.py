"""Changes the rows that a model is asked about, and measures what becomes of its answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.declarations.check import CheckNotRunError, Finding, Setting
from audit.declarations.metric import Metric
from audit.errors import AuditError
from audit.estimation.clusters import as_independent
from audit.estimation.difference import oriented, paired_difference
from audit.estimation.estimate import subset
from audit.estimation.intervals import mean_and_error, student, wilson
from audit.records.measured import Estimate, Exact, Measured, Undefined
from audit.records.observation import Observation, Scope, encoded
from audit.records.spec import IntervalSpec
from audit.robustness.asking import Answers, ask, reason_of
from audit.robustness.columns import kind_of, mixed
from audit.robustness.headline import leading_metric
from audit.subject.evidence import Evidence, Predictions, Table
from audit.subject.gather import rows_of
from audit.subject.predict import sample_of

Change = Callable[[pd.Series, int, np.random.Generator], pd.Series]
"""Column, its place and a source of chance -> the column with other values."""

_ALL_AT_ONCE = 0.6
"""Part of the budget for all features at once; the rest goes to one feature at a time."""
_FEWEST = 20
"""Rows a feature under which one feature at a time is not worth asking."""
_RESAMPLES = 500


@dataclass(frozen=True, kw_only=True)
class Severity:
    """One way of changing rows."""

    argument: str
    """As in observation ids: ";scale=0.05"; "" for the one that leads."""
    label: str
    """What was done, in words: "noise of 0.05 standard deviations"."""
    change: Change
    columns: tuple[int, ...]
    """Places of the columns that it may change."""
    one_cell: bool = False
    """Whether each row is changed in one column, chosen by chance, rather than in all of them."""


@dataclass(frozen=True, kw_only=True)
class Perturbation:
    """A kind of change, in several severities."""

    name: str
    """As in observation ids: `noise` in `robustness/noise_flip_rate`."""
    refused: str
    """How it is said that the model gave no answer: "The model refuses missing values"."""
    severities: tuple[Severity, ...]
    """From mild to strong; the one without an argument leads."""
    alone: Severity
    """What is done to one feature at a time."""


def promises(name: str) -> tuple[str, ...]:
    """Return the ids that a check of this kind always tells.

    >>> promises("noise")[0]
    'robustness/noise_flip_rate'
    """
    return tuple(f"robustness/{name}_{measure}" for measure in ("flip_rate", "score_change", "metric_loss"))


def perturbed(perturbation: Perturbation, evidence: Evidence, setting: Setting) -> Finding:
    """Ask the model about rows changed in each severity, and in one feature at a time.

    Flip rate: share of rows whose decision changes. Score change: mean absolute change of the score; over several
    classes half the sum of the changes, so that it lies between 0 and 1 for probabilities. Metric loss: how much worse
    the metric that leads becomes on the same rows, an interval of paired differences.

    Raises
    ------
    CheckNotRunError
        There is no column to change, or the model answers in no severity.
    """
    if not any(severity.columns for severity in perturbation.severities):
        raise CheckNotRunError("The model reads no column of this kind.")
    before = _before(evidence, setting, len(perturbation.severities))
    results = [_result(s, perturbation, before, evidence, setting) for s in perturbation.severities if s.columns]
    if all(isinstance(result.answers, str) for result in results):
        raise CheckNotRunError(f"{perturbation.refused}: {results[0].answers}")
    ranked = sorted(results, key=lambda result: result.severity.argument != "")
    features = _one_at_a_time(perturbation, before, evidence, setting)
    return Finding(
        summary=_summary(ranked, features, before),
        observations=(*(o for result in results for o in result.observations), *features),
        table=_table(results, before),
    )


@dataclass(frozen=True)
class _Before:
    """Rows as they are, and what the model says of them."""

    table: Table
    """The rows drawn."""
    answers: Answers
    metric: Metric | None
    available: int
    scope: Scope


@dataclass(frozen=True)
class _Result:
    """What became of one severity."""

    severity: Severity
    answers: Answers | str
    """Or why the model gave none."""
    observations: tuple[Observation, ...]
    """Flip rate, score change, metric loss, answers that are not finite."""


def _before(evidence: Evidence, setting: Setting, severities: int) -> _Before:
    whole, subject = evidence.headline.table, evidence.subject
    held_out = evidence.headline.scope == "held_out"
    # Predictions out of fold come from other models than the one that is asked here: it is asked once more.
    copies = severities + (0 if held_out else 1)
    rows = _drawn(whole.n, max(1, int(setting.budget * _ALL_AT_ONCE) // copies), setting.seed)
    table = rows_of(whole, rows)
    table = replace(table, features=table.features.reset_index(drop=True))
    if held_out:
        answers = Answers(_of_rows(evidence.headline.predictions, rows), np.ones(len(rows), dtype=bool))
    else:
        found = ask(subject, table, table.features)
        if isinstance(found, AuditError):
            raise found
        answers = found
    metric = leading_metric(sample_of(subject, table, answers.predictions), subject.task, setting.metrics)
    return _Before(table, answers, metric, whole.n, "held_out" if held_out else "train")


def _drawn(n: int, most: int, seed: int) -> NDArray[np.int64]:
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, most, replace=False)).astype(np.int64)


def _of_rows(predictions: Predictions, rows: NDArray[np.int64] | slice) -> Predictions:
    label, score = predictions.label, predictions.score
    return replace(
        predictions, label=None if label is None else label[rows], score=None if score is None else score[rows]
    )


# --- all features at once ------------------------------------------------------------------------


def _result(
    severity: Severity, perturbation: Perturbation, before: _Before, evidence: Evidence, setting: Setting
) -> _Result:
    # The same chance in every severity: a stronger one is the same change, only larger.
    rows = _changed(before.table.features, severity, np.random.default_rng(setting.seed))
    found = ask(evidence.subject, before.table, rows)
    answers = reason_of(found) if isinstance(found, AuditError) else found
    measured = _measured(answers, before, evidence, setting)
    words = (
        "Decisions changed",
        "Mean change of the score",
        f"Loss of {before.metric.label if before.metric else 'the leading metric'}",
        "Predictions that are not finite",
    )
    observations = tuple(
        Observation(
            id=f"robustness/{perturbation.name}_{measure}{severity.argument}",
            label=f"{word}: {severity.label}",
            measured=value,
            higher_is_better=False,
            scope=before.scope,
        )
        for (measure, value), word in zip(measured.items(), words, strict=True)
    )
    return _Result(severity, answers, observations)


def _changed(features: pd.DataFrame, severity: Severity, rng: np.random.Generator) -> pd.DataFrame:
    rows = features.copy()
    chosen = rng.integers(0, len(severity.columns), len(rows)) if severity.one_cell else None
    for number, position in enumerate(severity.columns):
        column = features.iloc[:, position]
        where = np.ones(len(rows), dtype=bool) if chosen is None else chosen == number
        rows.isetitem(position, mixed(column, severity.change(column, position, rng), where).array)
    return rows


def _measured(answers: Answers | str, before: _Before, evidence: Evidence, setting: Setting) -> dict[str, Measured]:
    if isinstance(answers, str):
        lacking = Undefined(reason=answers)
        return dict.fromkeys(_MEASURES, lacking)
    return {
        "flip_rate": _flip_rate(answers, before, setting),
        "score_change": _score_change(answers, before, setting),
        "metric_loss": _metric_loss(answers, before, evidence, setting),
        "non_finite": Exact(value=int((~answers.finite).sum()), n=before.table.n),
    }


_MEASURES = ("flip_rate", "score_change", "metric_loss", "non_finite")


def _flip_rate(answers: Answers, before: _Before, setting: Setting) -> Measured:
    one, other = before.answers.predictions.label, answers.predictions.label
    if one is None or other is None:
        return Undefined(reason="The model gives values or scores and decides nothing.")
    # An answer that is no number is no decision either.
    return _share((one != other) | ~answers.finite, before.table, setting.level)


def _score_change(answers: Answers, before: _Before, setting: Setting) -> Measured:
    moved = _moved(before.answers.predictions, answers.predictions)
    if moved is None:
        return Undefined(reason="The model gives labels and no scores.")
    kept = answers.finite & before.answers.finite
    return _mean(moved, kept, before.table, setting.level)


def _metric_loss(answers: Answers, before: _Before, evidence: Evidence, setting: Setting) -> Measured:
    metric, kept = before.metric, answers.finite & before.answers.finite
    if metric is None:
        return Undefined(reason="No metric with a direction can be measured on these rows.")
    if not kept.any():
        return Undefined(reason="No prediction is finite.")
    whole = sample_of(evidence.subject, before.table, before.answers.predictions)
    changed = sample_of(evidence.subject, before.table, answers.predictions)
    ours, theirs = subset(whole, kept), subset(changed, kept)
    interval = IntervalSpec(level=setting.level, resamples=_RESAMPLES)
    loss = oriented(paired_difference(metric, ours, theirs, interval, setting.seed), metric.higher_is_better)
    if isinstance(loss, Estimate) and _equal(ours.label, theirs.label) and _equal(ours.score, theirs.score):
        # Where no answer moves there is nothing that could vary between rows.
        return loss.model_copy(update={"value": 0.0, "low": 0.0, "high": 0.0, "method": "no_prediction_changed"})
    return loss


def _equal(one: NDArray[np.generic] | None, other: NDArray[np.generic] | None) -> bool:
    return (one is None and other is None) or (one is not None and other is not None and np.array_equal(one, other))


def _moved(one: Predictions, other: Predictions) -> NDArray[np.float64] | None:
    """(n,) absolute change of the score; over several classes half the sum of the changes."""
    if one.score is None or other.score is None:
        return None
    change = np.abs(one.score - other.score)
    moved: NDArray[np.float64] = change if change.ndim == 1 else change.sum(axis=1) / 2
    return moved


def _weight(table: Table) -> NDArray[np.float64]:
    return np.ones(table.n) if table.weight is None else table.weight


def _share(hit: NDArray[np.bool_], table: Table, level: float) -> Measured:
    weight = _weight(table)
    total = float(weight.sum())
    if not total > 0:
        return Undefined(reason="The weights of the rows sum to zero.")
    sampling = table.weight is not None and table.weight_kind == "sampling"
    share = float(weight[hit].sum()) / total
    # Kish: the number of equally weighted rows with the same variance.
    effective = total**2 / float(weight @ weight) if sampling else total
    method = "wilson_effective_n" if sampling else "wilson"
    if table.cluster is not None:
        fewer = as_independent(hit.astype(np.float64), table.cluster, weight, level, sampling=sampling)
        effective, method = float(fewer.sum()), "wilson_clustered"
    low, high = (float(end) for end in wilson(np.array(share * effective), np.array(effective), level))
    n = int(np.count_nonzero(weight)) if sampling else round(total)
    return Estimate(
        value=share, low=min(max(low, 0.0), share), high=max(min(high, 1.0), share), level=level, method=method, n=n
    )


def _mean(moved: NDArray[np.float64], kept: NDArray[np.bool_], table: Table, level: float) -> Measured:
    moved, weight, method = moved[kept], _weight(table)[kept], "student_t"
    if not weight.sum() > 0:
        return Undefined(reason="No row with a finite prediction has a weight above zero.")
    sampling = table.weight is not None and table.weight_kind == "sampling"
    n = int(np.count_nonzero(weight)) if sampling else round(float(weight.sum()))
    if table.cluster is not None:
        weight = as_independent(moved, table.cluster[kept], weight, level, sampling=sampling)
        sampling, method = False, "student_t_clustered"
    mean, error, freedom = mean_and_error(moved, weight, sampling)
    if freedom <= 0:
        return Estimate(value=mean, low=0.0, high=None, level=level, method=method, n=n)
    low, high = student(mean, error, freedom, level)
    return Estimate(value=mean, low=max(low, 0.0), high=high, level=level, method=method, n=n)


# --- one feature at a time -----------------------------------------------------------------------


def _one_at_a_time(
    perturbation: Perturbation, before: _Before, evidence: Evidence, setting: Setting
) -> tuple[Observation, ...]:
    """Return how far the score moves, or else how many decisions change, with each feature, most sensitive first."""
    columns = perturbation.alone.columns
    rows = min(before.table.n, int(setting.budget * (1 - _ALL_AT_ONCE)) // max(len(columns), 1))
    if rows < min(_FEWEST, before.table.n):
        return ()
    part = _first(before, rows)
    scored = part.answers.predictions.score is not None
    measure = _score_change if scored else _flip_rate
    name = f"robustness/{perturbation.name}_{'score_change' if scored else 'flip_rate'}"
    word = "Mean change of the score" if scored else "Decisions changed"
    found = [
        Observation(
            id=f"{name}/{encoded(str(part.table.features.columns[position]))}",
            label=f"{word}: {perturbation.alone.label} in {part.table.features.columns[position]} alone",
            measured=Undefined(reason=answers) if isinstance(answers, str) else measure(answers, part, setting),
            higher_is_better=False,
            scope=part.scope,
        )
        for position, answers in _answers_alone(perturbation.alone, part, evidence, setting)
    ]
    return tuple(sorted(found, key=lambda o: (-_value(o.measured), o.id)))


def _first(before: _Before, rows: int) -> _Before:
    # Drawn rows stand in the order of the table, whose start may be unlike its rest: every so many is taken.
    taken = np.linspace(0, before.table.n - 1, rows).round().astype(np.int64)
    table = rows_of(before.table, taken)
    table = replace(table, features=table.features.reset_index(drop=True))
    answers = Answers(_of_rows(before.answers.predictions, taken), before.answers.finite[taken])
    return replace(before, table=table, answers=answers)


def _answers_alone(
    severity: Severity, part: _Before, evidence: Evidence, setting: Setting
) -> Iterator[tuple[int, Answers | str]]:
    """Ask about many changed copies in one call where their types agree, and one by one where that call fails."""
    features, subject = part.table.features, evidence.subject
    copies: dict[int, pd.DataFrame] = {}
    for position in severity.columns:
        column = features.iloc[:, position]
        rows = features.copy()
        changed = severity.change(column, position, np.random.default_rng((setting.seed, position)))
        rows.isetitem(position, changed.array)
        copies[position] = rows
    alike = [p for p, rows in copies.items() if _same_type(features.iloc[:, p], rows.iloc[:, p])]
    together = ask(subject, part.table, pd.concat([copies[p] for p in alike], ignore_index=True)) if alike else None
    for position, rows in copies.items():
        if isinstance(together, Answers) and position in alike:
            yield position, _part(together, alike.index(position), len(rows))
            continue
        found = ask(subject, part.table, rows)
        yield position, reason_of(found) if isinstance(found, AuditError) else found


def _same_type(one: pd.Series, other: pd.Series) -> bool:
    return one.dtype == other.dtype or kind_of(one) == kind_of(other) == "numeric"


def _part(answers: Answers, number: int, size: int) -> Answers:
    rows = slice(number * size, (number + 1) * size)
    return Answers(_of_rows(answers.predictions, rows), answers.finite[rows])


# --- in words -------------------------------------------------------------------------------------


def _value(measured: Measured) -> float:
    return -1.0 if isinstance(measured, Undefined) else float(measured.value)


def _summary(results: list[_Result], features: tuple[Observation, ...], before: _Before) -> str:
    told = next(result for result in results if not isinstance(result.answers, str))
    flips, moved = (o.measured for o in told.observations[:2])
    label = f"{told.severity.label[:1].upper()}{told.severity.label[1:]}"
    if isinstance(flips, Estimate):
        parts = [f"{label} changes {flips.value:.1%} of decisions"]
    else:
        parts = [
            f"{label} moves the prediction by {moved.value:.3g} on average" if isinstance(moved, Estimate) else label
        ]
    if features and _value(features[0].measured) > 0:
        names = {encoded(str(name)): str(name) for name in before.table.features.columns}
        parts.append(f"the model answers most to {names[features[0].id.rpartition('/')[2]]}")
    drawn = before.table.n < before.available
    rows = f"{before.table.n:,} of {before.available:,} rows, drawn at random" if drawn else f"{before.table.n:,} rows"
    seen = "; the model was fitted on them" if before.scope == "train" else ""
    refused = "".join(
        f" Refused: {r.severity.label} ({r.answers.rstrip('.')})." for r in results if isinstance(r.answers, str)
    )
    return f"{'; '.join(parts)} ({rows}{seen}).{refused}"


def _table(results: list[_Result], before: _Before) -> tuple[tuple[str, ...], ...]:
    loss = f"Loss of {before.metric.label}" if before.metric else "Loss"
    head = ("Change", "Decisions changed", "Mean change of score", loss, "Not finite")
    return (head, *((r.severity.label, *(_text(o) for o in r.observations)) for r in results))


def _text(observation: Observation) -> str:
    match observation.measured:
        case Estimate(value=value, low=low, high=high):
            ends = f"{'-∞' if low is None else f'{low:.4f}'} to {'∞' if high is None else f'{high:.4f}'}"
            return f"{value:.4f} ({ends})"
        case Exact(value=value):
            return f"{value}"
        case Undefined():
            return "undefined"
