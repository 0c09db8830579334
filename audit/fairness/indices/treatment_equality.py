"""Treatment equality: false negatives for each false positive in a group, over the same in the reference group."""

from __future__ import annotations

import numpy as np

from audit.declarations.index import Index
from audit.estimation.forms import is_positive
from audit.fairness.division import Array, Division, exactly
from audit.fairness.odds import odds_ratio, woolf
from audit.records.measured import Estimate, Measured, Undefined


def compute(division: Division) -> tuple[Measured, ...]:
    """Return one ratio a group."""
    missed, raised = _errors(division)
    return division.against(lambda g, r: _ratio(division, missed, raised, g, r), exactly(1.0, division))


def _errors(division: Division) -> tuple[Array, Array]:
    """(groups,) false negatives and false positives; under sampling weights as many as have the same variance."""
    sample = division.sample
    true, positive = is_positive(sample), np.asarray(sample.label == sample.positive)
    wrong = (true != positive).astype(np.float64)
    missed, errors = division.summed(wrong * true), division.summed(wrong)
    if division.clustered:
        shrink = 1 / division.effect("missed", true.astype(np.float64), wrong > 0)
        missed, errors = missed * shrink, errors * shrink
    elif not division.counted:
        squares = division.summed(division.weight * wrong)
        shrink = np.divide(errors, squares, out=np.zeros_like(errors), where=squares > 0)
        missed, errors = missed * shrink, errors * shrink
    return missed, errors - missed


def _ratio(division: Division, missed: Array, raised: Array, g: int, r: int) -> Measured:
    for p in (g, r):
        if missed[p] + raised[p] <= 0:
            return Undefined(reason=f"{division.groups[p].label}: no prediction is wrong.")
    cells = float(missed[g]), float(missed[g] + raised[g]), float(missed[r]), float(missed[r] + raised[r])
    value, (low, high) = odds_ratio(*cells), woolf(*cells, division.level)
    method = f"woolf{division.suffix}"
    return Estimate(value=value, low=low, high=high, level=division.level, method=method, n=division.rows(g, r))


INDEX = Index(
    name="treatment_equality",
    label="Treatment equality",
    compute=compute,
    clustered=True,
    compares=True,
    needs=("target", "label"),
    equal=1.0,
    bounds=(0.0, None),
    description="False negatives for each false positive in the group, over the same in the reference group; one half "
    "is added to each count where one of them is 0.",
    formula="(FN_g / FP_g) / (FN_r / FP_r)",
    source="Berk et al. 2018, doi:10.1177/0049124118782533",
)
