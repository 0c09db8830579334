"""Counts decisions and outcomes by group in one pass, and reads the rates that are shares of rows from them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.declarations.metric import Metric, Sample
from audit.estimation.estimate import form_of
from audit.estimation.forms import Rate, cell_of, identity, size_of

Counts = NDArray[np.int64] | NDArray[np.float64]
"""Whole numbers of rows, or sums of sampling weights."""


@dataclass(frozen=True)
class Share:
    """A rate by group that is a share of rows: `hits` of `of`, (groups,) each."""

    hits: Counts
    of: Counts

    @property
    def exact(self) -> bool:
        """Whether both are whole numbers of rows."""
        return self.hits.dtype.kind == "i"

    def values(self) -> NDArray[Any]:
        """(groups,) objects: a Fraction each where rows were counted, else a float; NaN where there are no rows."""
        values = np.empty(len(self.of), dtype=object)
        values[:] = [self._value(g) for g in range(len(self.of))]
        return values

    def _value(self, g: int) -> Fraction | float:
        if not self.of[g]:
            return float("nan")
        return Fraction(int(self.hits[g]), int(self.of[g])) if self.exact else float(self.hits[g] / self.of[g])


def count_cells(sample: Sample, codes: NDArray[np.int64], groups: int) -> Counts:
    """Return (groups, K, K) counts of true class (row) by predicted class; the positive class of two stands last.

    A row of weight w counts w times. Where true or predicted classes are not known they count as the first class.
    """
    size = max(sample.classes, 1)
    cell = cell_of(sample) if sample.classes else np.zeros(size_of(sample), dtype=np.int64)
    sums = np.bincount(codes * size * size + cell, weights=sample.weight, minlength=groups * size * size)
    return whole(sums.reshape(groups, size, size), sample)


def read_share(metric: Metric, sample: Sample, cells: Counts) -> Share | None:
    """Return the rate by group as hits of trials, or None where the metric is no share of rows."""
    form = form_of(metric, sample)
    if not isinstance(form, Rate) or form.curve is not identity:
        return None
    hits, of = form.parts(cells.astype(np.float64), sample)
    return Share(whole(hits, sample), whole(of, sample))


def whole(sums: NDArray[np.float64] | NDArray[np.int64], sample: Sample) -> Counts:
    """Return sums as whole numbers, unless they are of sampling weights."""
    return np.rint(sums).astype(np.int64) if counts_rows(sample) else sums.astype(np.float64)


def counts_rows(sample: Sample) -> bool:
    """Say whether a weight counts equal rows."""
    return sample.weight is None or sample.weight_kind == "frequency"
