"""The area under the ROC curve over many classes: each against the rest, or each against each."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from audit.declarations.metric import Sample
from audit.estimation import intervals
from audit.estimation.estimate import subset
from audit.estimation.forms import (
    Array,
    Auc,
    Closed,
    Statistic,
    Weights,
    is_inclusion_weighted,
    one_against_rest,
    ratio,
    scores,
    weights_of,
)
from audit.estimation.one_vs_rest import one_vs_rest

Part = tuple[NDArray[np.int64], Sample, tuple[int, ...]]
"""Positions of rows, those rows as two classes, and the classes that the area is of."""


@dataclass(frozen=True)
class Areas(Closed):
    """A mean of areas, each of a class against the rest (ovr) or of a pair of classes, either way (ovo)."""

    multi_class: str
    average: str
    """macro: plain mean; weighted: each area counts as often as its class, or its pair of classes, occurs."""
    undefined: str = "fewer than two classes are present"

    def statistic(self, sample: Sample) -> Statistic:
        """Return the measure of these rows as a function of their weights."""
        parts = self._parts(sample)
        areas = [(rows, Auc().statistic(part), codes) for rows, part, codes in parts]
        classes = np.eye(max(sample.classes, 2))[_codes(sample)]

        def values(weights: Weights) -> Array:
            each = np.stack([statistic(weights[:, rows]) for rows, statistic, _ in areas], axis=-1)
            sizes = weights @ classes
            share = np.stack([sizes[:, list(codes)].sum(axis=-1) for *_, codes in areas], axis=-1)
            counted = np.where(np.isfinite(each), share if self.average == "weighted" else 1.0, 0.0)
            return ratio(np.where(counted > 0, each * counted, 0.0).sum(axis=-1), counted.sum(axis=-1))

        return values

    def ends_of(self, sample: Sample, level: float) -> tuple[str, tuple[float | None, float | None]]:
        """Return DeLong's interval; how often classes occur is part of what varies in a weighted mean."""
        weight, sampling = weights_of(sample), is_inclusion_weighted(sample)
        codes, total, value = _codes(sample), float(weight.sum()), self(sample)
        influence, whole, pull = np.zeros(len(weight)), 0.0, np.zeros(len(weight))
        for rows, part, of in self._parts(sample):
            area, own = intervals.auc_influence(
                one_against_rest(part)[0][0], one_against_rest(part)[0][1], weights_of(part), sampling
            )
            if not np.isfinite(own).all():
                continue
            members = np.isin(codes, of)
            share = float(weight[members].sum()) / total if self.average == "weighted" else 1.0
            whole += share
            influence[rows] += share * own
            pull += (area - value) * members if self.average == "weighted" else 0.0
        if not whole > 0:
            return "delong", (None, None)
        scale = weight / total if sampling else np.sqrt(weight) / total
        moved = (influence + scale * pull) / whole
        half = intervals.normal_quantile(level) * float(np.sqrt(moved @ moved))
        return "delong", (value - half, value + half)

    def _parts(self, sample: Sample) -> list[Part]:
        every = np.arange(len(scores(sample)))
        if scores(sample).ndim == 1:
            return [(every, sample, (0, 1))]
        if self.multi_class == "ovr":
            return [(every, one_vs_rest(sample, code), (code,)) for code in range(sample.classes)]
        found: list[Part] = []
        for one, other in combinations(range(sample.classes), 2):
            rows = np.flatnonzero(np.isin(_codes(sample), (one, other)))
            pair = subset(sample, rows)
            # Both ways round: the score of either class ranks the rows of the two.
            found += [(rows, one_vs_rest(pair, code), (one, other)) for code in (one, other)]
        return found


def _codes(sample: Sample) -> NDArray[np.int64]:
    assert sample.target is not None
    return sample.target.astype(np.int64)
