"""A model fitted anew on changed rows, put on the ground in place of the one under audit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from audit.attribution.ground import predictor
from audit.declarations.attribution import Ground
from audit.declarations.attribution_check import AttributionCheckNotRunError, Audited
from audit.subject.evidence import Evidence, Table

Change = Callable[[pd.DataFrame, pd.Series], tuple[pd.DataFrame, pd.Series]]


def fittable(evidence: Evidence) -> Table:
    """Return the training table.

    Raises
    ------
    AttributionCheckNotRunError
        There is none with labels, or the model cannot be fitted anew.
    """
    model, train = evidence.subject.model, evidence.subject.train
    if train is None or train.target_raw is None:
        raise AttributionCheckNotRunError("There is no training table with labels (data.train).")
    if model is None or model.fit is None:
        why = evidence.subject.facts.refit_reason
        raise AttributionCheckNotRunError(f"The model cannot be fitted anew: {why}")
    return train


def refitted(audited: Audited, change: Change) -> Ground:
    """Fit a copy of the model on changed training rows, and return the ground with it in place of the model.

    Parameters
    ----------
    change
        (features, target) of the training table -> those that the copy is fitted on.
    """
    train, ground = fittable(audited.evidence), audited.ground
    assert ground.model.fit is not None and train.target_raw is not None
    model = ground.model.fit(*change(train.features, train.target_raw), train.weight)
    return on(ground, audited.evidence, replace(ground, model=model))


def on(like: Ground, evidence: Evidence, ground: Ground) -> Ground:
    """Return a ground whose predictions are those of its own model."""
    predict = predictor(like.subject, ground.model, evidence.headline.table)
    label, score = predict(ground.rows)
    if like.subject.task == "binary" and like.score is not None and score is not None:
        score = score.reshape(len(score), -1)
    return replace(ground, predict=predict, label=label, score=None if like.score is None else score)
