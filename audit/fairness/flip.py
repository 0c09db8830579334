"""Changes a sensitive column and nothing else, asks the model again, and tells whose decision and score moved.

A value of a group is put in the place of another one's: the value itself where a group is one value, and of a bin of
numbers the middle one of those that occur in it. What is told is a property of the model, not of people: a column that
it does not read cannot move it, whatever stands in for that column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.errors import AuditError
from audit.estimation.clusters import as_independent
from audit.estimation.drawn_rows import drawn_rows
from audit.estimation.intervals import wilson
from audit.estimation.means import seldom
from audit.estimation.seeds import child_seed
from audit.fairness.counts import counts_rows
from audit.fairness.disaggregate import Rows
from audit.fairness.groups import Grouping
from audit.guard import attempt
from audit.records.measured import Estimate, Measured, Undefined
from audit.records.observation import Observation, Scope, encoded
from audit.records.sections import FlipFacts, GroupFacts
from audit.records.spec import FlipSpec
from audit.subject.evidence import Evidence, LoadedModel, Predictions, Subject, Table

MOST_VALUES = 8
"""Groups that are flipped among, the largest; beyond them pairs are too many to read."""

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


def flip(
    evidence: Evidence, groupings: Iterable[Grouping], rows: Rows, asked: FlipSpec
) -> Iterator[tuple[FlipFacts, tuple[Observation, ...]]]:
    """Yield what changing each sensitive column does to the model's answers, or why that cannot be told.

    Parameters
    ----------
    evidence : Evidence
        The headline rows, and the model to ask again.
    groupings : iterable of Grouping
        The headline rows divided by one sensitive column each.
    rows : Rows
        The same rows and how they are measured.
    asked : FlipSpec
        Most rows to change.
    """
    for grouping in groupings:
        column = grouping.facts.columns[0]
        told = _why_not(evidence, grouping) or _flipped(evidence, grouping, rows, asked)
        if isinstance(told, str):
            yield FlipFacts(column=column, status="not_run", reason=told), _untold(evidence.subject, column, told, rows)
        else:
            yield _facts(told), tuple(_observed(told))


@dataclass(frozen=True)
class _Flip:
    """The answers to every change of one column."""

    column: str
    groups: tuple[GroupFacts, ...]
    """The groups flipped among."""
    stand_ins: tuple[str, ...]
    """The value put in for each group, as text."""
    home: NDArray[np.int64]
    """(m,) position of each row's own group."""
    weight: Array
    """(m,) weights."""
    cluster: NDArray[np.int64] | None
    """(m,) clusters; None where rows are independent."""
    before: Predictions
    after: tuple[Predictions, ...]
    """By group: the answers for all m rows with that group's value; a row of the group itself keeps its own."""
    rows: Rows
    scope: Scope
    available: int
    subject: Subject

    @property
    def size(self) -> int:
        """Number of groups."""
        return len(self.groups)

    @property
    def changed(self) -> Flags | None:
        """(m, groups) whether the decision is another; None where the model decides nothing."""
        if self.before.label is None:
            return None
        return np.stack([p.label != self.before.label for p in self.after if p.label is not None], axis=1)

    def turned(self, favourable: bool) -> Flags | None:
        """(m, groups) whether the decision turns to, or from, the favourable label; None where there is none."""
        good, before = self.subject.favourable, self.before.label
        if good is None or before is None:
            return None
        after = np.stack([p.label == good for p in self.after if p.label is not None], axis=1)
        was = (before == good)[:, None]
        return np.asarray(after & ~was if favourable else was & ~after)

    @property
    def shift(self) -> Array | None:
        """(m, groups) change of the score; None where it moves in no one direction."""
        before = _one_score(self.before, self.subject)
        if before is None:
            return None
        moved = [_one_score(p, self.subject) for p in self.after]
        return np.stack([score - before for score in moved if score is not None], axis=1)

    @property
    def spread(self) -> float:
        """How far apart scores are: what a change could have been where no row shows one."""
        score = self.before.score
        return 0.0 if score is None else float(np.ptp(score, axis=0).max())

    @property
    def distance(self) -> Array | None:
        """(m, groups) size of the change: of the score, or half the sum over classes of what each score moves."""
        if self.before.score is None:
            return None
        moved = [np.abs(p.score - self.before.score) for p in self.after if p.score is not None]
        return np.stack([m if m.ndim == 1 else m.sum(axis=1) / 2 for m in moved], axis=1)


# --- the changed rows ---------------------------------------------------------------------------


def _why_not(evidence: Evidence, grouping: Grouping) -> str:
    column = grouping.facts.columns[0]
    if evidence.subject.model is None or evidence.subject.predictions is None:
        return "There is no model to ask again, only its predictions."
    if column not in evidence.headline.table.features.columns:
        return f"The model does not read {column}: the answer is zero by construction; see its proxies."
    if sum(not group.unknown for group in grouping.groups) < 2:
        return f"All rows of known {column} are of one group: there is no other value to put in."
    return ""


def _flipped(evidence: Evidence, grouping: Grouping, rows: Rows, asked: FlipSpec) -> _Flip | str:
    column = grouping.facts.columns[0]
    chosen = _largest(grouping)
    place = np.full(len(grouping.groups), -1)
    place[chosen] = np.arange(len(chosen))
    home, table = place[grouping.codes], evidence.headline.table
    weight = table.weight
    drawn = drawn_rows(
        table.n,
        (home >= 0) * (np.ones(table.n) if weight is None else weight),
        counts_rows(rows.sample),
        asked.rows,
        child_seed(rows.seed, f"fairness/flip/{grouping.facts.key}"),
    )
    positions, mass = drawn
    if mass is None or not len(positions):
        return f"No row of known {column} has a weight."
    stand_ins = [_stand_in(table.features[column], home == g) for g in range(len(chosen))]
    answers = attempt(_ask, evidence.subject, table, column, positions, home[positions], stand_ins)
    if isinstance(answers, AuditError):
        return f"The model failed on changed rows: {answers}"
    return _Flip(
        column=column,
        groups=tuple(grouping.groups[g] for g in chosen),
        stand_ins=tuple(str(table.features[column].iloc[p]) for p in stand_ins),
        home=home[positions],
        weight=mass,
        cluster=None if table.cluster is None else table.cluster[positions],
        before=answers[0],
        after=answers[1],
        rows=rows,
        scope="held_out" if evidence.held_out is not None else "train",
        available=int(np.count_nonzero(home >= 0)),
        subject=evidence.subject,
    )


def _largest(grouping: Grouping) -> list[int]:
    known = [g for g, group in enumerate(grouping.groups) if not group.unknown]
    kept = sorted(known, key=lambda g: (-grouping.groups[g].n, g))[:MOST_VALUES]
    return sorted(kept)


def _stand_in(values: pd.Series, inside: Flags) -> int:
    """Return the row whose value stands for a group: the middle one of numbers, the commonest of anything else."""
    rows = np.flatnonzero(inside)
    held = values.iloc[rows]
    if pd.api.types.is_numeric_dtype(held) and not pd.api.types.is_bool_dtype(held):
        order = np.argsort(held.to_numpy(np.float64, na_value=np.inf), kind="stable")
        return int(rows[order[(len(order) - 1) // 2]])
    codes, _ = pd.factorize(held)
    return int(rows[np.argmax(codes == np.bincount(codes[codes >= 0]).argmax())])


def _ask(
    subject: Subject,
    table: Table,
    column: str,
    positions: NDArray[np.int64],
    home: NDArray[np.int64],
    stand_ins: list[int],
) -> tuple[Predictions, tuple[Predictions, ...]]:
    """Predict the rows as they are, and with each group's value in the rows of the others, in one call."""
    m, away = len(positions), [np.flatnonzero(home != g) for g in range(len(stand_ins))]
    source = np.concatenate([positions, *(positions[rows] for rows in away)])
    value = np.concatenate([positions, *(np.full(len(r), p) for r, p in zip(away, stand_ins, strict=True))])
    frame = table.features.iloc[source].reset_index(drop=True)
    frame[column] = table.features[column].iloc[value].reset_index(drop=True)
    assert subject.model is not None and subject.predictions is not None
    answers = _predicted(subject.predictions, subject.model, table, frame)
    before, after, start = _rows_of(answers, np.arange(m)), [], m
    for rows in away:
        where = np.arange(m)
        where[rows] = start + np.arange(len(rows))
        after.append(_rows_of(answers, where))
        start += len(rows)
    return before, tuple(after)


def _predicted(
    predict: Callable[[LoadedModel, Table], Predictions], model: LoadedModel, like: Table, frame: pd.DataFrame
) -> Predictions:
    bare = replace(
        like,
        features=frame,
        target=None,
        target_raw=None,
        weight=None,
        sensitive=frame.iloc[:, :0],
        time=None,
        cv_group=None,
    )
    return predict(model, bare)


def _rows_of(predictions: Predictions, rows: NDArray[np.int64]) -> Predictions:
    return replace(
        predictions,
        label=None if predictions.label is None else predictions.label[rows],
        score=None if predictions.score is None else predictions.score[rows],
    )


def _one_score(predictions: Predictions, subject: Subject) -> Array | None:
    """(n,) the score that has a direction: of the positive class, the value, or of the favourable one of several."""
    if predictions.score is None or predictions.score.ndim == 1:
        return predictions.score
    return None if subject.favourable is None else predictions.score[:, subject.favourable]


# --- what is told -------------------------------------------------------------------------------


def _facts(flip: _Flip) -> FlipFacts:
    worst = _widest(flip)
    return FlipFacts(
        column=flip.column,
        status="done",
        score=_score_name(flip.subject, flip.before),
        rows=len(flip.home),
        rows_available=flip.available,
        predictions=len(flip.home) * flip.size,
        groups=tuple(group.key for group in flip.groups),
        stand_ins=flip.stand_ins,
        worst=() if worst is None else (flip.groups[worst[0]].key, flip.groups[worst[1]].key),
    )


def _score_name(subject: Subject, before: Predictions) -> str:
    if before.score is None:
        return ""
    if not subject.classes:
        return "predicted value"
    kind = "probability" if before.probability else "score"
    good = subject.favourable if before.score.ndim == 2 else subject.positive
    return f"{kind} of {subject.classes[good]}" if good is not None else f"{kind} of each class"


def _untold(subject: Subject, column: str, reason: str, rows: Rows) -> tuple[Observation, ...]:
    decides = subject.task in ("binary", "multiclass")
    name, label = _RATE if decides else _DISTANCE
    id = f"fairness/{name}/{encoded(column)}"
    return (Observation(id=id, label=label.format(column=column), measured=Undefined(reason=reason), scope=rows.scope),)


_RATE = ("flip_rate", "Rows whose decision another value of {column} changes")
_DISTANCE = ("flip_absolute_score_change", "Mean size of the change of score by another value of {column}")


def _observed(flip: _Flip) -> Iterator[Observation]:
    column, key = flip.column, encoded(flip.column)
    any_change = None if flip.changed is None else _any(flip.changed)
    everyone = np.ones(len(flip.home), dtype=bool)
    if any_change is not None:
        yield _observation(flip, f"{_RATE[0]}/{key}", _RATE[1].format(column=column), _rate(flip, any_change, everyone))
    if flip.distance is not None:
        size = _size(flip, flip.distance)
        yield _observation(flip, f"{_DISTANCE[0]}/{key}", _DISTANCE[1].format(column=column), size)
    for g in range(flip.size):
        yield from _of_group(flip, g, any_change)
    for g in range(flip.size):
        yield from _of_pairs(flip, g)
    yield from _of_widest(flip)


def _of_group(flip: _Flip, g: int, any_change: Flags | None) -> Iterator[Observation]:
    group, inside = flip.groups[g], flip.home == g
    if any_change is not None:
        yield _observation(
            flip, f"flip_rate/{group.key}", f"Decision changes: {group.label}", _rate(flip, any_change, inside)
        )
    for favourable, name, words in ((True, "flip_gain_rate", "becomes"), (False, "flip_loss_rate", "stops being")):
        turned = flip.turned(favourable)
        if turned is not None:
            told = _rate(flip, _any(turned), inside)
            yield _observation(flip, f"{name}/{group.key}", f"Decision {words} favourable: {group.label}", told)
    if flip.shift is not None:
        told = _mean(flip, _over_others(flip.shift), inside)
        yield _observation(flip, f"flip_score_change/{group.key}", f"Mean change of score: {group.label}", told)


def _of_pairs(flip: _Flip, g: int) -> Iterator[Observation]:
    one, inside = flip.groups[g], flip.home == g
    for h, other in enumerate(flip.groups):
        if h == g:
            continue
        place, words = f"{one.key}/to={encoded(other.label)}", f"{one.label} → {other.label}"
        if flip.changed is not None:
            told = _rate(flip, flip.changed[:, h], inside)
            yield _observation(flip, f"flip_rate/{place}", f"Decision changes: {words}", told)
        if flip.shift is not None:
            told = _mean(flip, flip.shift[:, h], inside)
            yield _observation(flip, f"flip_score_change/{place}", f"Mean change of score: {words}", told)


def _of_widest(flip: _Flip) -> Iterator[Observation]:
    """Yield the pair that changes most; its interval allows for having been picked among all pairs (Bonferroni)."""
    widest = _widest(flip)
    if widest is None:
        return
    g, h = widest
    pairs, key = flip.size * (flip.size - 1), encoded(flip.column)
    words = f"{flip.groups[g].label} → {flip.groups[h].label}"
    if flip.shift is not None:
        told = _mean(flip, flip.shift[:, h], flip.home == g, pairs)
        yield _observation(flip, f"flip_score_change/{key}/maximum", f"Widest mean change of score: {words}", told)
    elif flip.changed is not None:
        told = _rate(flip, flip.changed[:, h], flip.home == g, pairs)
        yield _observation(flip, f"flip_rate/{key}/maximum", f"Most changed decisions: {words}", told)


def _widest(flip: _Flip) -> tuple[int, int] | None:
    """Return the pair of groups with the widest mean change of score, or where there is none of decisions."""
    moved = flip.shift if flip.shift is not None else flip.changed
    if moved is None:
        return None
    size = np.full((flip.size, flip.size), -1.0)
    for g in range(flip.size):
        inside = flip.home == g
        if inside.any():
            size[g] = np.abs(np.average(moved[inside].astype(np.float64), axis=0, weights=flip.weight[inside]))
    np.fill_diagonal(size, -1.0)
    g, h = divmod(int(size.argmax()), flip.size)
    return (g, h) if size[g, h] >= 0 else None


def _any(flags: Flags) -> Flags:
    return np.asarray(flags.any(axis=1))


def _over_others(moved: Array) -> Array:
    """(m, groups) changes -> (m,) their mean over the other groups; a row's own group moves nothing."""
    return np.asarray(moved.sum(axis=1) / (moved.shape[1] - 1))


def _rate(flip: _Flip, flags: Flags, inside: Flags, pairs: int = 1) -> Measured:
    weight = flip.weight[inside]
    total = float(weight.sum())
    if not total:
        return Undefined(reason="No row of this group was drawn.")
    sampling = not counts_rows(flip.rows.sample)
    trials = total**2 / float(weight @ weight) if sampling else total
    added = "_effective_n" if sampling else ""
    if flip.cluster is not None:
        hit = flags[inside].astype(np.float64)
        fewer = as_independent(hit, flip.cluster[inside], weight, _joint(flip, pairs), sampling=sampling)
        trials, added = float(fewer.sum()), "_clustered"
    share = float(weight @ flags[inside]) / total
    low, high = wilson(np.array(share * trials), np.array(trials), _joint(flip, pairs))
    method = f"wilson{added}" + ("_bonferroni" if pairs > 1 else "")
    return Estimate(
        value=share,
        low=min(float(low), share),
        high=max(float(high), share),
        level=flip.rows.interval.level,
        method=method,
        n=_n(weight, sampling),
    )


def _mean(flip: _Flip, values: Array, inside: Flags, pairs: int = 1) -> Measured:
    weight = flip.weight[inside]
    if not weight.sum():
        return Undefined(reason="No row of this group was drawn.")
    sampling, moved, kind = not counts_rows(flip.rows.sample), values[inside], ""
    n = _n(weight, sampling)
    if flip.cluster is not None:
        weight = as_independent(moved, flip.cluster[inside], weight, _joint(flip, pairs), sampling=sampling)
        sampling, kind = False, "_clustered"
    method, ends = seldom(moved, weight, sampling, _joint(flip, pairs), flip.spread)
    low, high = (float(end) if np.isfinite(end) else None for end in ends)
    return Estimate(
        value=float(weight @ moved) / float(weight.sum()),
        low=low,
        high=high,
        level=flip.rows.interval.level,
        method=method + kind + ("_bonferroni" if pairs > 1 else ""),
        n=n,
    )


def _size(flip: _Flip, distance: Array) -> Measured:
    """Mean of the sizes of changes, of which none is under zero."""
    told = _mean(flip, _over_others(distance), np.ones(len(flip.home), dtype=bool))
    if not isinstance(told, Estimate) or told.low is None:
        return told
    return told.model_copy(update={"low": max(told.low, 0.0)})


def _joint(flip: _Flip, pairs: int) -> float:
    return 1 - (1 - flip.rows.interval.level) / pairs


def _n(weight: Array, sampling: bool) -> int:
    return len(weight) if sampling else round(float(weight.sum()))


def _observation(flip: _Flip, place: str, label: str, measured: Measured) -> Observation:
    return Observation(id=f"fairness/{place}", label=label, measured=measured, scope=flip.scope)
