"""Turns rows into the curves and the confusion matrix that a report draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from audit.declarations.metric import Sample
from audit.estimation import intervals
from audit.estimation.clusters import effects_by_group
from audit.estimation.forms import Array, is_inclusion_weighted, is_positive, scores, truth, weights_of
from audit.estimation.one_vs_rest import one_vs_rest
from audit.records.sections import Confusion, Curve
from audit.records.spec import CalibrationSpec
from audit.subject.evidence import Evaluation, Subject

POINTS = 200
"""Points of a curve at most."""
BINS = 10
"""Bins of equal weight of a residual curve."""
SPREAD = 30
"""Bins of equal width of a score distribution."""


def curves_of(
    sample: Sample, subject: Subject, level: float, grouped: CalibrationSpec = CalibrationSpec()
) -> dict[str, dict[str, Curve]]:
    """Return every curve that these predictions allow, by name and class ("" for the only one)."""
    if sample.score is None or not np.isfinite(sample.score).all() or not weights_of(sample).sum() > 0:
        return {}
    if subject.task == "regression":
        return _of_values(sample, level) if sample.target is not None else {}
    parts = _by_class(sample, subject)
    if sample.target is None:
        return {"score_distribution": {name: _spread(part, None) for name, part in parts.items()}}
    # Bands of several classes, one over the other, could not be told apart.
    band = None if sample.positive is None else level
    found = {name: {c: curve(part, band) for c, part in _two_sided(parts).items()} for name, curve in _RANKED.items()}
    if sample.probability:
        found["calibration"] = {name: calibration(part, level, grouped) for name, part in parts.items()}
    if sample.positive is not None:
        found["threshold"] = thresholds(sample) if _two_sided(parts) else {}
        found["score_distribution"] = _by_truth(sample, subject)
    return {name: curves for name, curves in found.items() if curves}


def confusion_of(rows: Evaluation, subject: Subject) -> Confusion | None:
    """Return weights of true by predicted class in the subject's order; None without labels on either side."""
    sample, k = rows.sample, len(subject.classes)
    if sample.target is None or sample.label is None or k == 0:
        return None
    cell = sample.target.astype(np.int64) * k + sample.label
    counts = np.bincount(cell, weights=sample.weight, minlength=k * k).reshape(k, k)
    return Confusion(classes=subject.classes, counts=tuple(map(tuple, counts.astype(float).tolist())), scope=rows.scope)


def roc(sample: Sample, level: float | None = None) -> Curve:
    """True positive rate over false positive rate, from the strictest threshold to none.

    With a level, the band is Wilson's interval of the true positive rate at the threshold of each point.
    """
    at, positives, negatives = _ranked(sample)
    x, y = negatives / negatives[-1], positives / positives[-1]
    kept = _corners(x, y)
    band: dict[str, Any] = {}
    if level is not None:
        rows = _rows_behind(sample, is_positive(sample), level)
        low, high = intervals.wilson(y[kept] * rows, np.full(len(kept), rows), level)
        nobody = intervals.wilson(np.zeros(1), np.full(1, rows), level)[1]
        band = {"low": (0.0, *_numbers(low)), "high": (*_numbers(nobody), *_numbers(high)), "method": _plain(sample)}
    return Curve(
        x_label="False positive rate",
        y_label="True positive rate",
        x=(0.0, *_numbers(x[kept])),
        y=(0.0, *_numbers(y[kept])),
        at=(None, *_numbers(at[kept])),
        **band,
    )


def precision_recall(sample: Sample, level: float | None = None) -> Curve:
    """Precision over recall, from the strictest threshold to none.

    With a level, the band is Wilson's interval of the precision at the threshold of each point.
    """
    at, positives, negatives = _ranked(sample)
    kept = _thinned(len(at))
    called = positives + negatives
    band: dict[str, Any] = {}
    if level is not None:
        rows = called / _effect_above(sample, np.ones(len(scores(sample)), dtype=bool), level)
        if is_inclusion_weighted(sample) and sample.cluster is None:
            _, *squares = _ranked(replace(sample, weight=weights_of(sample) ** 2))
            rows = called**2 / (squares[0] + squares[1])
        low, high = intervals.wilson((positives / called * rows)[kept], rows[kept], level)
        band = {"low": _numbers(low), "high": _numbers(high), "method": _plain(sample)}
    return Curve(
        x_label="Recall",
        y_label="Precision",
        x=_numbers((positives / positives[-1])[kept]),
        y=_numbers((positives / called)[kept]),
        at=_numbers(at[kept]),
        **band,
    )


def calibration(sample: Sample, level: float, grouped: CalibrationSpec = CalibrationSpec()) -> Curve:
    """Observed frequency over mean probability, in bins of equal weight or width, with Wilson intervals."""
    place = _of_equal_weight if grouped.strategy == "quantile" else _of_equal_width
    home = place(scores(sample), weights_of(sample), grouped.bins)
    weight, positive = weights_of(sample), is_positive(sample).astype(np.float64)
    total, rows = _sum(home, weight), np.bincount(home)
    predicted, observed = _sum(home, weight * scores(sample)) / total, _sum(home, weight * positive) / total
    trials = total if sample.weight_kind == "frequency" else total**2 / _sum(home, weight**2)
    if sample.cluster is not None:
        # Of how far outcomes lie from their probabilities, in the rows of each bin.
        effect = effects_by_group([positive - scores(sample)], sample, home, len(rows), level)
        trials = np.where(np.isfinite(effect), total / effect, 1.0)
    low, high = intervals.wilson(observed * trials, trials, level)
    return Curve(
        x_label="Mean predicted probability",
        y_label="Share that is positive",
        x=_numbers(predicted),
        y=_numbers(observed),
        low=_numbers(low),
        high=_numbers(high),
        n=tuple(rows.tolist()),
        method=f"wilson{_suffix(sample)}",
    )


def thresholds(sample: Sample) -> dict[str, Curve]:
    """Precision, true positive rate and share predicted positive over the threshold."""
    at, positives, negatives = _ranked(sample)
    counted = positives + negatives
    kept = _thinned(len(at))[::-1]
    shown = {
        "Precision": positives / counted,
        "True positive rate": positives / positives[-1],
        "Predicted positive": counted / counted[-1],
    }
    return {
        name: Curve(x_label="Threshold", y_label="Share", x=_numbers(at[kept]), y=_numbers(y[kept]))
        for name, y in shown.items()
    }


_RANKED: dict[str, Callable[[Sample, float | None], Curve]] = {"roc": roc, "precision_recall": precision_recall}


def _rows_behind(sample: Sample, inside: NDArray[np.bool_], level: float) -> float:
    """Rows that a share of these rows rests on: Kish's number under sampling weights, independent ones of clusters."""
    weight = weights_of(sample)[inside]
    if sample.cluster is not None:
        return float(weight.sum()) / _effect_above(sample, inside, level)
    return float(weight.sum() ** 2 / (weight @ weight) if is_inclusion_weighted(sample) else weight.sum())


def _effect_above(sample: Sample, inside: NDArray[np.bool_], level: float) -> float:
    """Design effect of being above a place among the scores, or positive, over the rows inside; 1 without clusters."""
    if sample.cluster is None:
        return 1.0
    score, code = scores(sample), np.where(inside, 0, -1)
    places = np.unique(np.quantile(score, (0.1, 0.5, 0.9), method="inverted_cdf"))
    moves = (*((score >= place).astype(np.float64) for place in places), is_positive(sample).astype(np.float64))
    effect = float(effects_by_group(moves, sample, code, 1, level)[0])
    return effect if np.isfinite(effect) else max(float(weights_of(sample)[inside].sum()), 1.0)


def _suffix(sample: Sample) -> str:
    return "_clustered" if sample.cluster is not None else "_effective_n" if is_inclusion_weighted(sample) else ""


def _plain(sample: Sample) -> str:
    return "wilson" if sample.cluster is None else "wilson_clustered"


def _by_class(sample: Sample, subject: Subject) -> dict[str, Sample]:
    if sample.positive is not None:
        return {"": sample}
    return {name: one_vs_rest(sample, code) for code, name in enumerate(subject.classes)}


def _two_sided(parts: dict[str, Sample]) -> dict[str, Sample]:
    """Keep the classes that have rows on both sides; the others have no curve."""
    return {name: part for name, part in parts.items() if 0 < _share(part) < 1}


def _share(sample: Sample) -> float:
    return float(np.average(is_positive(sample), weights=sample.weight))


def _ranked(sample: Sample) -> tuple[Array, Array, Array]:
    """Each distinct score from the highest, with the weight of positives and of negatives at or above it."""
    score, weight, positive = scores(sample), weights_of(sample), is_positive(sample)
    order = np.argsort(-score, kind="stable")
    last = np.flatnonzero(np.diff(score[order], append=np.nan) != 0)
    # Each is summed on its own: a difference of sums would let rounding turn a staircase back.
    positives, negatives = (np.cumsum((weight * side)[order])[last] for side in (positive, ~positive))
    there = positives + negatives > 0
    return score[order][last][there], positives[there], negatives[there]


def _corners(x: Array, y: Array) -> NDArray[np.int64]:
    """Positions where a staircase turns, thinned evenly where there are too many."""
    turns = np.ones(len(x), dtype=bool)
    if len(x) > 2:
        before, after = np.diff(x), np.diff(y)
        turns[1:-1] = ~(((before[:-1] == 0) & (before[1:] == 0)) | ((after[:-1] == 0) & (after[1:] == 0)))
    kept = np.flatnonzero(turns)
    return kept[_thinned(len(kept))]


def _thinned(total: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, total - 1, min(total, POINTS - 1)).round().astype(np.int64))


def _of_equal_weight(values: Array, weight: Array, bins: int) -> NDArray[np.int64]:
    """(n,) bin of equal weight of each row, equal values together, numbered without gaps."""
    order = np.argsort(values, kind="stable")
    level, place = np.unique(values, return_inverse=True)
    below = np.cumsum(weight[order])[np.searchsorted(values[order], level, side="right") - 1]
    middle = below - np.bincount(place, weights=weight) / 2
    home = np.minimum((middle / below[-1] * bins).astype(np.int64), bins - 1)[place]
    return _without_gaps(home, weight, bins)


def _of_equal_width(values: Array, weight: Array, bins: int) -> NDArray[np.int64]:
    """(n,) bin of equal width between 0 and 1 of each row, each with its upper edge, numbered without gaps."""
    home = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], values).astype(np.int64)
    return _without_gaps(home, weight, bins)


def _without_gaps(home: NDArray[np.int64], weight: Array, bins: int) -> NDArray[np.int64]:
    kept = np.bincount(home, weights=weight, minlength=bins) > 0
    # A bin of rows without weight has no share; its rows go to the bin below.
    renumbered: NDArray[np.int64] = np.maximum(np.cumsum(kept) - 1, 0)[home]
    return renumbered


def _sum(home: NDArray[np.int64], values: Array) -> Array:
    return np.bincount(home, weights=values).astype(np.float64)


def _by_truth(sample: Sample, subject: Subject) -> dict[str, Curve]:
    target = np.asarray(sample.target)
    codes = [code for code in range(len(subject.classes)) if (target == code).any()]
    return {subject.classes[code]: _spread(sample, target == code) for code in codes}


def _spread(sample: Sample, rows: NDArray[np.bool_] | None) -> Curve:
    """Share of rows in bins of equal width; all classes share their edges."""
    score, weight = scores(sample), weights_of(sample)
    ends = (0.0, 1.0) if sample.probability else (float(score.min()), float(score.max()))
    inside = np.ones(len(score), dtype=bool) if rows is None else rows
    counts, edges = np.histogram(score[inside], bins=SPREAD, range=ends, weights=weight[inside])
    plain, _ = np.histogram(score[inside], bins=SPREAD, range=ends)
    return Curve(
        x_label="Predicted probability" if sample.probability else "Score",
        y_label="Share of rows",
        x=_numbers((edges[:-1] + edges[1:]) / 2),
        y=_numbers(counts / max(float(counts.sum()), np.finfo(float).tiny)),
        n=tuple(plain.tolist()),
    )


def _of_values(sample: Sample, level: float) -> dict[str, dict[str, Curve]]:
    """Residuals and true values in bins of equal weight of the prediction, with t intervals of their means."""
    predicted, actual = scores(sample), truth(sample)
    return {
        "predicted_actual": {"": _binned(sample, actual, "Mean true value", level)},
        "residuals": {"": _binned(sample, actual - predicted, "Mean of truth less prediction", level)},
    }


def _binned(sample: Sample, values: Array, y_label: str, level: float) -> Curve:
    weight = weights_of(sample)
    home = _of_equal_weight(scores(sample), weight, BINS)
    rows = np.bincount(home)
    x, y = (_sum(home, weight * v) / _sum(home, weight) for v in (scores(sample), values))
    sampling = sample.weight_kind == "sampling"
    if sample.cluster is not None:
        effect = effects_by_group([values], sample, home, len(rows), level)
        # As many independent rows; those of a single cluster are as one.
        weight, sampling = (
            weight / np.where(np.isfinite(effect), effect, np.maximum(_sum(home, weight), 1.0))[home],
            False,
        )
    parts = [intervals.mean_and_error(values[home == k], weight[home == k], sampling) for k in range(len(rows))]
    # One row says nothing about its spread; its interval is the point, and n shows why.
    half = np.array([stats.t.ppf(0.5 + level / 2, free) * error if free >= 1 else 0.0 for _, error, free in parts])
    return Curve(
        x_label="Mean predicted value",
        y_label=y_label,
        x=_numbers(x),
        y=_numbers(y),
        low=_numbers(y - half),
        high=_numbers(y + half),
        n=tuple(rows.tolist()),
    )


def _numbers(values: Array) -> tuple[float, ...]:
    return tuple(values.astype(float).tolist())
