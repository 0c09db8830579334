"""Fisher's exact test of equal selection: the p-value of each group beside the reference group."""

from __future__ import annotations

import numpy as np
from scipy.stats import fisher_exact

from audit.declarations.index import Index
from audit.fairness.division import Division, exactly
from audit.records.measured import Exact, Measured, Undefined


def compute(division: Division) -> tuple[Measured, ...]:
    """Return one p-value a group."""
    return division.against(lambda g, r: _p_value(division, g, r), exactly(1.0, division))


def _p_value(division: Division, g: int, r: int) -> Measured:
    share = division.selection
    assert share is not None
    if not share.exact:
        return Undefined(reason="Rows with sampling weights are not whole persons, as this test needs.")
    table = np.array([[share.hits[p], share.of[p] - share.hits[p]] for p in (g, r)])
    return Exact(value=min(float(fisher_exact(table).pvalue), 1.0), n=division.rows(g, r))


INDEX = Index(
    name="selection_rate_fisher_p_value",
    label="p-value of equal selection, Fisher's exact test",
    compute=compute,
    compares=True,
    needs=("selection",),
    equal=1.0,
    tasks=("binary", "multiclass"),
    bounds=(0.0, 1.0),
    description="Two-sided, whatever the size of the groups, and not adjusted for the number of groups.",
    formula="sum of the hypergeometric chances of tables no likelier than this one",
    source="Fisher 1935, The Design of Experiments; Agresti 2013, section 3.5",
)
