"""Turns copies of the model fitted on growing parts of each fold into a learning curve with bands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audit.estimation import intervals
from audit.estimation.difference import oriented
from audit.estimation.forms import rows_of
from audit.performance.choice import Choice, Figure, leading
from audit.performance.gauge import Gauge
from audit.records.measured import Estimate, Measured, Undefined
from audit.records.observation import Observation
from audit.records.sections import Curve
from audit.subject.evidence import Evidence, Lesson

Values = NDArray[np.float64]
"""(parts, folds) figures, the whole fold first; NaN where there is none."""


_MOST_SHARED = 0.95
"""Share of rows in common beyond which folds say next to nothing of how much tables differ."""


@dataclass(frozen=True)
class Learnt:
    """What a learning curve says."""

    observations: tuple[Observation, ...]
    curves: dict[str, dict[str, Curve]]
    """`learning` -> `training`, `validation` -> curve; empty where there is none."""
    notes: tuple[str, ...] = ()


def learnt(choice: Choice, evidence: Evidence, gauge: Gauge) -> Learnt:
    """Measure the headline metric of copies of the model that were fitted on growing parts of each fold.

    The parts of a fold are nested, each half of the next. Bands and intervals are those of Nadeau and Bengio over
    folds, with the correction of a whole fold for every part: smaller parts overlap less, so that theirs are wide
    rather than narrow. Those of figures on rows fitted on allow for the rows that two folds have in common, by which
    such figures hardly differ between folds however much they do between tables.

    Returns
    -------
    Learnt
        The curves `training` and `validation`; `performance/learning_curve/gain`, how much better the model predicts
        for the last doubling of its rows, and `performance/learning_curve/gap`, how much better it predicts the rows
        that it was fitted on. Both are in the unit of the headline metric; above zero is better on the first side.
    """
    if choice.headline is None:
        return _without("No metric could be measured that a learning curve would show.")
    if not evidence.lessons:
        reason = f"There is no learning curve: {evidence.no_lessons or 'the model was not fitted again.'}"
        return _without(reason, *((reason,) if evidence.out_of_fold is not None else ()))
    figure, lessons = leading(choice.headline, gauge.task), evidence.lessons
    seen, unseen = (_values(figure, lessons, gauge, of_seen=side) for side in (True, False))
    share = float(np.mean([len(tested) / len(fitted) for fitted, tested in evidence.folds]))
    n = sum(rows_of(lesson.unseen) for lesson in lessons if lesson.part == 0)
    gain = _difference(figure, unseen[0] - unseen[1], share, n, gauge)
    gap = _difference(figure, seen[0] - unseen[0], share, n, gauge)
    label = figure.label
    return Learnt(
        (
            _observation("gain", f"Gain in {label} from the last doubling of training rows", gain, better=True),
            _observation("gap", f"{label} on the rows fitted on less unseen rows, by fold", gap, better=False),
        ),
        _curves(
            figure,
            {
                "training": (seen, [rows_shared(evidence.folds, part) for part in range(len(seen))]),
                "validation": (unseen, [share] * len(unseen)),
            },
            lessons,
            gauge.interval.level,
        ),
    )


def rows_shared(folds: tuple[tuple[NDArray[np.int64], NDArray[np.int64]], ...], part: int) -> float:
    """Return what the rows that two folds were both fitted on add to the variance of a mean over folds.

    Figures whose correlation is r have a mean that varies by 1/k + r / (1 - r) of their variance within a sample, and r
    is the share of rows in common, halved as often as the rows were.

    >>> five = tuple((np.flatnonzero(np.arange(20) % 5 != k), np.arange(k, 20, 5)) for k in range(5))
    >>> [round(rows_shared(five, part), 3) for part in (0, 1)]
    [3.0, 0.6]
    """
    last = max(int(fitted.max()) for fitted, _ in folds)
    held = np.zeros((len(folds), last + 1), dtype=np.float32)
    for row, (fitted, _) in zip(held, folds, strict=True):
        row[fitted] = 1.0
    both = (held @ held.T).astype(np.float64)
    size = np.sqrt(np.diag(both))
    pairs = (both / np.outer(size, size))[np.triu_indices(len(folds), 1)]
    common = min(float(pairs.mean()) if len(pairs) else 0.0, _MOST_SHARED) / 2**part
    return float(common / (1 - common))


def fold_interval(by_fold: NDArray[np.float64], share: float, level: float) -> tuple[float, float]:
    """Return the interval of a mean over folds; `share` is what rows in common add to its variance."""
    return intervals.corrected_resampled_t(by_fold, share, level)


def _values(figure: Figure, lessons: tuple[Lesson, ...], gauge: Gauge, *, of_seen: bool) -> Values:
    parts, folds = 1 + max(lesson.part for lesson in lessons), max(lesson.fold for lesson in lessons)
    found = np.full((max(parts, 2), folds), np.nan)
    for lesson in lessons:
        value = gauge.value(figure, lesson.seen if of_seen else lesson.unseen)
        found[lesson.part, lesson.fold - 1] = np.nan if value is None else value
    return found


def _difference(figure: Figure, by_fold: NDArray[np.float64], share: float, n: int, gauge: Gauge) -> Measured:
    known = by_fold[np.isfinite(by_fold)]
    if len(known) < 2:
        return Undefined(reason=f"{figure.label} can be compared in {len(known)} folds; an interval needs two.")
    low, high = fold_interval(known, share, gauge.interval.level)
    level, method = gauge.interval.level, "nadeau_bengio_t"
    found = Estimate(value=float(known.mean()), low=low, high=high, level=level, method=method, n=n)
    return oriented(found, figure.metric.higher_is_better)


def _curves(
    figure: Figure, sides: dict[str, tuple[Values, list[float]]], lessons: tuple[Lesson, ...], level: float
) -> dict[str, dict[str, Curve]]:
    drawn = {name: _curve(figure, values, lessons, shares, level) for name, (values, shares) in sides.items()}
    return {"learning": drawn} if any(len(curve.x) > 1 for curve in drawn.values()) else {}


def _curve(figure: Figure, values: Values, lessons: tuple[Lesson, ...], shares: list[float], level: float) -> Curve:
    points: list[tuple[float, float, float, float]] = []
    for part in range(len(values) - 1, -1, -1):
        known = values[part][np.isfinite(values[part])]
        if len(known) > 1:
            low, high = fold_interval(known, shares[part], level)
            rows = [lesson.rows for lesson in lessons if lesson.part == part]
            points.append((float(np.mean(rows)), float(known.mean()), *_within(figure, low, high)))
    x, y, lows, highs = zip(*points, strict=True) if points else ((), (), (), ())
    return Curve(x_label="Training rows", y_label=figure.label, x=x, y=y, low=lows, high=highs)


def _within(figure: Figure, low: float, high: float) -> tuple[float, float]:
    least, most = figure.metric.bounds
    return low if least is None else max(low, least), high if most is None else min(high, most)


def _without(reason: str, *notes: str) -> Learnt:
    undefined = Undefined(reason=reason)
    return Learnt(
        (
            _observation("gain", "Gain from the last doubling of training rows", undefined, better=True),
            _observation("gap", "Rows fitted on less unseen rows, by fold", undefined, better=False),
        ),
        {},
        notes,
    )


def _observation(name: str, label: str, measured: Measured, *, better: bool) -> Observation:
    return Observation(
        id=f"performance/learning_curve/{name}",
        label=label,
        measured=measured,
        higher_is_better=better,
        scope="out_of_fold",
    )
