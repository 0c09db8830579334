"""Divides hand-made rows into groups, so that indices are tested without files or a measuring process."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from audit.declarations.metric import Sample
from audit.estimation.estimate import subset
from audit.fairness.counts import Share, counts_rows, whole
from audit.fairness.division import Division
from audit.fairness.groups import make_grouping
from audit.records.spec import SensitiveSpec

LEVEL, RESAMPLES, SEED = 0.95, 200, 7


def binary(n: int = 240, seed: int = 0) -> Sample:
    """Rows with ties in the score, both labels and both decisions."""
    rng = np.random.default_rng(seed)
    target = rng.permutation(np.arange(n) % 2)
    score = np.round(np.clip(rng.normal(0.35 + 0.3 * target, 0.25), 0.02, 0.98), 2)
    label = (score >= 0.5).astype(np.int64)
    return Sample(target=target, label=label, score=score, classes=2, positive=1, favourable=1, probability=True)


def names(n: int = 240, groups: str = "abc", seed: int = 1) -> np.ndarray:
    """(n,) names of groups."""
    return np.random.default_rng(seed).choice(list(groups), n).astype(object)


def strata(n: int = 240, seed: int = 2) -> np.ndarray:
    """(n,) strata, some of them not known."""
    return np.random.default_rng(seed).integers(-1, 4, n)


def divide(
    sample: Sample,
    group: np.ndarray,
    *,
    reference: str | None = "a",
    within: np.ndarray | None = None,
    power: float = 0.8,
    resamples: int = RESAMPLES,
) -> Division:
    """Divide rows as the audit does, each rate by mask arithmetic."""
    spec = SensitiveSpec(features=("g",), minimum_group=1)
    counted = counts_rows(sample)
    grouping = make_grouping(pd.DataFrame({"g": group}, dtype=object), ("g",), sample.weight, counted, spec)
    weight = np.ones(len(group)) if sample.weight is None else sample.weight
    chosen = sample.label == sample.favourable
    masks = [grouping.codes == g for g in range(len(grouping.groups))]
    hits, of = (np.array([weight[m & side].sum() for m in masks]) for side in (chosen, np.ones(len(group), bool)))
    true, said = sample.target == sample.positive, sample.label == sample.positive

    def rate(part: np.ndarray, whole_: np.ndarray) -> np.ndarray:
        parts = [(weight[m & part].sum(), weight[m & whole_].sum()) for m in masks]
        return np.array([p / w if w else np.nan for p, w in parts])

    return Division(
        grouping=grouping,
        sample=sample,
        level=LEVEL,
        resamples=resamples,
        seed=SEED,
        power=power,
        selection=Share(whole(hits, sample), whole(of, sample)),
        values={
            "prevalence": rate(true, true | ~true),
            "precision": rate(true & said, said),
            "false_negative_rate": rate(true & ~said, true),
            "false_positive_rate": rate(~true & said, ~true),
        },
        strata=strata(len(group)) if within is None else within,
        reference=next((i for i, g in enumerate(grouping.groups) if g.label == reference), None),
    )


def taken(sample: Sample, rows: np.ndarray) -> Sample:
    """Some rows of a sample, in that order."""
    return subset(sample, rows)


def weighted(sample: Sample, weight: np.ndarray, kind: str = "frequency") -> Sample:
    """The same rows under weights."""
    return replace(sample, weight=np.asarray(weight, dtype=float), weight_kind=kind)  # type: ignore[arg-type]
