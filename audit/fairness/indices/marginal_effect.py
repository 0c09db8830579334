"""Marginal effect: how many points more often a group is refused than the reference group."""

from __future__ import annotations

import numpy as np

from audit.declarations.index import Index
from audit.estimation.intervals import mover, wilson
from audit.fairness.division import Division, exactly
from audit.records.measured import Estimate, Measured


def compute(division: Division) -> tuple[Measured, ...]:
    """Return one difference a group."""
    return division.against(lambda g, r: _effect(division, g, r), exactly(0.0, division))


def _effect(division: Division, g: int, r: int) -> Measured:
    hits, of = division.effective
    pair = [g, r]
    refused, trials = of[pair] - hits[pair], of[pair]
    low, high = wilson(refused, trials, division.level)
    share, sign = refused / trials, np.array([1.0, -1.0])
    ends, method = mover(share, low, high, sign), f"newcombe{division.suffix}"
    value = float(share @ sign)
    low_end, high_end = min(ends[0], value), max(ends[1], value)
    return Estimate(value=value, low=low_end, high=high_end, level=division.level, method=method, n=division.rows(g, r))


INDEX = Index(
    name="marginal_effect",
    label="Marginal effect",
    compute=compute,
    clustered=True,
    compares=True,
    needs=("selection",),
    equal=0.0,
    higher_is_better=False,
    tasks=("binary", "multiclass"),
    bounds=(-1.0, 1.0),
    description="Share of the group that is refused less that of the reference group, in the rows as they are: 0.05 is "
    "five points more.",
    formula="(1 - s_g) - (1 - s_r), s the selection rate",
    source="Interagency Fair Lending Examination Procedures 2009; Newcombe 1998, method 10",
)
