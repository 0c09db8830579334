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
    rather than narrow.

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
        _curves(figure, {"training": seen, "validation": unseen}, lessons, share, gauge.interval.level),
    )


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
    low, high = intervals.corrected_resampled_t(known, share, gauge.interval.level)
    level, method = gauge.interval.level, "nadeau_bengio_t"
    found = Estimate(value=float(known.mean()), low=low, high=high, level=level, method=method, n=n)
    return oriented(found, figure.metric.higher_is_better)


def _curves(
    figure: Figure, sides: dict[str, Values], lessons: tuple[Lesson, ...], share: float, level: float
) -> dict[str, dict[str, Curve]]:
    drawn = {name: _curve(figure, values, lessons, share, level) for name, values in sides.items()}
    return {"learning": drawn} if any(len(curve.x) > 1 for curve in drawn.values()) else {}


def _curve(figure: Figure, values: Values, lessons: tuple[Lesson, ...], share: float, level: float) -> Curve:
    points: list[tuple[float, float, float, float]] = []
    for part in range(len(values) - 1, -1, -1):
        known = values[part][np.isfinite(values[part])]
        if len(known) > 1:
            low, high = intervals.corrected_resampled_t(known, share, level)
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
