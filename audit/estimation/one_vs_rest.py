"""Turns rows of many classes into binary rows: one class against the rest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from audit.declarations.metric import Sample


def one_vs_rest(sample: Sample, code: int) -> Sample:
    """Return the same rows with class `code` as 1, the positive class, and every other class as 0."""
    score = sample.score
    return replace(
        sample,
        target=None if sample.target is None else np.where(sample.target == code, 1, 0),
        label=None if sample.label is None else np.where(sample.label == code, 1, 0),
        score=score[:, code] if score is not None and score.ndim == 2 else score,
        classes=2,
        positive=1,
        favourable=None,
    )
