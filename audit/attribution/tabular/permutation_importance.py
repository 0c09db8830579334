"""How much worse the model predicts when one column is shuffled, all shuffles in a few large batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.attribution.coalitions import assembled, batches
from audit.attribution.observe import mean_of_rows, observed
from audit.declarations.attribution import Attributed, AttributionMethod, Ground, MethodNotRunError
from audit.estimation.clusters import by_cluster, few_clusters
from audit.estimation.intervals import auc_influence, normal_quantile
from audit.records.measured import Estimate
from audit.records.sections import AttributionMethodFacts
from audit.subject.evidence import Capability

_LABEL = "Permutation importance"
_REPEATS = 5
_SMALLEST = 1e-15

Predicted = tuple[NDArray[np.int64] | None, NDArray[np.float64] | None]
Losses = Callable[[Predicted], NDArray[np.float64]]


def attribute(ground: Ground) -> Attributed:
    """Shuffle each column of the sampled rows five times and measure what the predictions lose."""
    if ground.target is None:
        raise MethodNotRunError("It needs true labels; the table has none.")
    n, d = _affordable(ground), ground.rows.shape[1]
    part = _first(ground, n)
    if n < 2:
        raise MethodNotRunError("It needs at least two rows to shuffle.")
    scale, found = _importances(part)
    order = sorted(range(d), key=lambda j: (-found[j].value, j))
    names = [str(name) for name in ground.rows.columns]
    facts = AttributionMethodFacts(
        name="permutation_importance",
        label=_LABEL,
        status="done",
        game="loss of the predictions when one column is shuffled among the rows",
        scale=scale,
        rows=n,
        rows_available=ground.available,
        notes=_notes(ground, n),
        features=tuple(names[j] for j in order),
    )
    label = f"{_LABEL} ({scale})"
    return Attributed(
        facts=facts,
        observations=tuple(observed("permutation_importance", names[j], "", label, found[j], ground) for j in order),
        importance=np.array([estimate.value for estimate in found]),
    )


def _affordable(ground: Ground) -> int:
    return min(ground.sampled, max(2, ground.budget // (_REPEATS * ground.rows.shape[1])))


def _first(ground: Ground, rows: int) -> Ground:
    return replace(ground, rows=ground.rows.iloc[:rows], sampled=rows)


def _notes(ground: Ground, rows: int) -> tuple[str, ...]:
    notes = [f"{_REPEATS} shuffles a column; the interval is over rows, each the mean of its shuffles."]
    if rows < ground.sampled:
        notes.append(f"Rests on {rows} of the {ground.sampled} sampled rows, to stay within the budget of predictions.")
    notes.append("Columns that say the same share their importance: each can look unimportant beside the other.")
    return tuple(notes)


def _importances(ground: Ground) -> tuple[str, list[Estimate]]:
    n = ground.sampled
    before: Predicted = (
        None if ground.label is None else ground.label[:n],
        None if ground.score is None else ground.score[:n],
    )
    shuffled = _shuffled_predictions(ground)
    if _ranked(ground):
        return "decrease in area under the ROC curve", _by_area(ground, before, shuffled)
    scale, losses = _losses(ground)
    start = losses(before)
    return scale, [
        mean_of_rows(np.mean([losses(predicted) - start for predicted in repeats], axis=0), ground)
        for repeats in shuffled
    ]


def _shuffled_predictions(ground: Ground) -> list[list[Predicted]]:
    # One list of repeats a column; many shuffled copies of the table go through one call of the model.
    n, d = ground.rows.shape
    rng = np.random.default_rng(ground.seed)
    jobs = [(j, rng.permutation(n)) for j in range(d) for _ in range(_REPEATS)]
    found: list[list[Predicted]] = [[] for _ in range(d)]
    for run in batches(len(jobs), n * d):
        part = jobs[run]
        label, score = ground.predict(_shuffled(ground.rows, part))
        for i, (j, _) in enumerate(part):
            rows = slice(i * n, (i + 1) * n)
            found[j].append((None if label is None else label[rows], None if score is None else score[rows]))
    return found


def _shuffled(rows: pd.DataFrame, jobs: list[tuple[int, NDArray[np.int64]]]) -> pd.DataFrame:
    """Return one copy of the rows a job below the other, in each of which one column is shuffled."""
    n, d = rows.shape
    kinds = set(rows.dtypes)
    plain = len(kinds) == 1 and all(isinstance(kind, np.dtype) and kind.kind in "fiub" for kind in kinds)
    values = rows.to_numpy() if plain else np.broadcast_to(np.arange(n)[:, None], (n, d))
    copies = np.empty((len(jobs), n, d), dtype=values.dtype)
    copies[:] = values
    for copy, (j, permutation) in zip(copies, jobs, strict=True):
        copy[:, j] = values[permutation, j]
    every = copies.reshape(-1, d)
    # Plain numbers are copied as they are; of anything else, the places that they are to be taken from.
    return pd.DataFrame(every, columns=rows.columns) if plain else assembled(rows, every)


def _ranked(ground: Ground) -> bool:
    # Scores that are no probabilities have no loss of their own, only an order.
    return (
        ground.score is not None
        and not ground.probability
        and len(ground.classes) == 1
        and bool(ground.subject.classes)
    )


def _losses(ground: Ground) -> tuple[str, Losses]:
    assert ground.target is not None
    target = ground.target[: ground.sampled]
    if not ground.subject.classes:
        return "increase in mean absolute error", lambda predicted: np.abs(_score(predicted)[:, 0] - target)
    if ground.score is None or not ground.probability:
        return "increase in error rate", lambda predicted: (_label(predicted) != target).astype(np.float64)
    if len(ground.classes) == 1:
        truth = target == ground.subject.positive
        return "increase in log loss", lambda predicted: _log_loss(np.where(truth, *_both(_score(predicted)[:, 0])))
    codes = target.astype(np.int64)
    return "increase in log loss", lambda predicted: _log_loss(_score(predicted)[np.arange(len(codes)), codes])


def _score(predicted: Predicted) -> NDArray[np.float64]:
    assert predicted[1] is not None
    return predicted[1]


def _label(predicted: Predicted) -> NDArray[np.int64]:
    if predicted[0] is not None:
        return predicted[0]
    return np.asarray(_score(predicted).argmax(axis=1), dtype=np.int64)


def _both(score: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return score, 1 - score


def _log_loss(given: NDArray[np.float64]) -> NDArray[np.float64]:
    return -np.log(np.clip(given, _SMALLEST, 1.0))


def _by_area(ground: Ground, before: Predicted, shuffled: list[list[Predicted]]) -> list[Estimate]:
    assert ground.target is not None
    truth = ground.target[: ground.sampled] == ground.subject.positive
    if truth.all() or not truth.any():
        raise MethodNotRunError("The area under the ROC curve needs rows of both classes.")
    weight = ground.weight[: ground.sampled]

    def area(predicted: Predicted) -> tuple[float, NDArray[np.float64]]:
        return auc_influence(truth, _score(predicted)[:, 0], weight, ground.sampling_weights)

    start, start_influence = area(before)
    return [_drop(start, start_influence, [area(predicted) for predicted in repeats], ground) for repeats in shuffled]


def _drop(
    start: float, start_influence: NDArray[np.float64], repeats: list[tuple[float, NDArray[np.float64]]], ground: Ground
) -> Estimate:
    value = float(np.mean([start - area for area, _ in repeats]))
    influence = np.mean([start_influence - part for _, part in repeats], axis=0)
    method, spread = "delong", influence
    if ground.cluster is not None:
        own, weight = ground.cluster[: ground.sampled], ground.weight[: ground.sampled]
        rows = influence if ground.sampling_weights else influence * np.sqrt(weight)
        spread, method = by_cluster(rows, own) * few_clusters(own, weight, ground.level), "delong_clustered"
    half = normal_quantile(ground.level) * float(np.sqrt(spread @ spread))
    known = bool(np.isfinite(half))
    return Estimate(
        value=value,
        low=value - half if known else None,
        high=value + half if known else None,
        level=ground.level,
        method=method,
        n=ground.sampled,
    )


METHOD = AttributionMethod(
    name="permutation_importance",
    label=_LABEL,
    game="loss of the predictions when one column is shuffled among the rows",
    attribute=attribute,
    needs=frozenset({Capability.PREDICT}),
    needs_labels=True,
    order=20,
)
