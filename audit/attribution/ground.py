"""Evidence to the rows, the background and the predictions that all attribution methods share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.attribution.choice import chosen_cases
from audit.declarations.attribution import Ground
from audit.estimation.seeds import child_seed
from audit.records.spec import AttributionSpec, AuditSpec
from audit.subject.evidence import Evaluation, Evidence, LoadedModel, Predictions, Subject, Table

_LEVEL = 0.95


def ground_of(evidence: Evidence, model: LoadedModel, spec: AuditSpec, asked: AttributionSpec) -> Ground:
    """Draw the rows that every method explains, and the background that stands for an absent feature.

    Parameters
    ----------
    evidence : Evidence
        Its held-out rows are explained; without any, the rows that the model was fitted on, under scope train.
    model : LoadedModel
        The model under audit.
    """
    subject, seen = evidence.subject, _seen(evidence, model)
    rng = np.random.default_rng(child_seed(spec.seed, "attribution"))
    sample = rng.permutation(seen.table.n)[: asked.rows]
    cases = chosen_cases(subject, seen, asked.local)
    extra = [row for row, _ in cases if row not in set(sample.tolist())]
    positions = np.concatenate([sample, np.array(extra, dtype=np.int64)]).astype(np.int64)
    place = {int(row): i for i, row in enumerate(positions)}
    score = seen.predictions.score
    source, name = _background(subject, seen.table)
    return Ground(
        subject=subject,
        model=model,
        scope=seen.scope,
        rows=seen.table.features.iloc[positions].reset_index(drop=True),
        sampled=len(sample),
        available=seen.table.n,
        target=None if seen.table.target is None else seen.table.target[positions],
        weight=np.ones(len(positions)) if seen.table.weight is None else seen.table.weight[positions],
        sampling_weights=seen.sample.weight_kind == "sampling",
        cluster=None if seen.table.cluster is None else seen.table.cluster[positions],
        label=None if seen.predictions.label is None else seen.predictions.label[positions],
        score=None if score is None else _columns(score)[positions],
        probability=seen.predictions.probability,
        classes=subject.classes if subject.task == "multiclass" else ("",),
        background=source.features.iloc[np.sort(rng.permutation(source.n)[: asked.background])].reset_index(drop=True),
        background_from=name,
        chosen=tuple((place[row], why) for row, why in cases),
        predict=predictor(subject, model, seen.table),
        level=spec.performance.interval.level if spec.performance else _LEVEL,
        seed=child_seed(spec.seed, "attribution"),
        sensitive=seen.table.sensitive.iloc[positions].reset_index(drop=True),
        budget=asked.budget,
        scale=asked.scale,
        groups=asked.groups,
        monotone=asked.monotone,
        refits=asked.refits,
        lime=asked.lime,
    )


def reduced(ground: Ground, rows: int, cases: int | None = None) -> Ground:
    """Return the ground with its first `rows` sampled rows, and its first `cases` single cases, or all of them."""
    chosen = ground.chosen[:cases]
    if rows >= ground.sampled and len(chosen) == len(ground.chosen):
        return ground
    rows = min(rows, ground.sampled)
    kept = list(range(rows)) + sorted({i for i, _ in chosen if i >= rows})
    place = {row: i for i, row in enumerate(kept)}
    return replace(
        ground,
        rows=ground.rows.iloc[kept].reset_index(drop=True),
        sampled=rows,
        target=None if ground.target is None else ground.target[kept],
        weight=ground.weight[kept],
        label=None if ground.label is None else ground.label[kept],
        score=None if ground.score is None else ground.score[kept],
        cluster=None if ground.cluster is None else ground.cluster[kept],
        chosen=tuple((place[i], why) for i, why in chosen),
        sensitive=ground.sensitive.iloc[kept].reset_index(drop=True),
    )


def _seen(evidence: Evidence, model: LoadedModel) -> Evaluation:
    if evidence.held_out is not None:
        return evidence.held_out
    if evidence.train is not None:
        return evidence.train
    # The out-of-fold predictions come from other fits; what is explained is this model.
    table = evidence.headline.table
    assert evidence.subject.predictions is not None
    predictions = evidence.subject.predictions(model, table)
    return replace(evidence.headline, scope="train", predictions=predictions)


def _background(subject: Subject, table: Table) -> tuple[Table, str]:
    return (subject.train, "train") if subject.train is not None and subject.train.n else (table, table.role)


def predictor(
    subject: Subject, model: LoadedModel, like: Table
) -> Callable[[pd.DataFrame], tuple[NDArray[np.int64] | None, NDArray[np.float64] | None]]:
    """Return a function of (m, d) rows to labels (m,) and scores (m, K), as `Ground.predict` is."""

    def predict(rows: pd.DataFrame) -> tuple[NDArray[np.int64] | None, NDArray[np.float64] | None]:
        table = replace(
            like,
            features=rows,
            target=None,
            target_raw=None,
            weight=None,
            sensitive=rows.iloc[:, :0],
            time=None,
            cv_group=None,
        )
        assert subject.predictions is not None
        found: Predictions = subject.predictions(model, table)
        return found.label, None if found.score is None else _columns(found.score)

    return predict


def _columns(score: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(score, dtype=np.float64).reshape(len(score), -1)
