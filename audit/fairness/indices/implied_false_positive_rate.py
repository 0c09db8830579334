"""Implied false positive rate: what a group's base rate forces on predictions as precise as the reference group's."""

from __future__ import annotations

import numpy as np

from audit.declarations.index import Index
from audit.fairness.division import Division
from audit.records.measured import Exact, Measured, Undefined


def compute(division: Division) -> tuple[Measured, ...]:
    """Return one rate a group."""
    return division.against(lambda g, r: _implied(division, g, r), _itself(division))


def _itself(division: Division) -> Measured | None:
    return None if division.reference is None else _implied(division, division.reference, division.reference)


def _implied(division: Division, g: int, r: int) -> Measured:
    base, precision, missed = (division.values[name] for name in _METRICS)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = float(base[g] / (1 - base[g]) * (1 - precision[r]) / precision[r] * (1 - missed[r]))
    if not np.isfinite(rate):
        return Undefined(reason="A rate of the identity has no value, the precision is 0, or everybody is positive.")
    if rate > 1:
        return Undefined(
            reason="At this base rate no predictions have the reference group's precision and false negative rate both."
        )
    return Exact(value=rate, n=division.rows(g, r))


_METRICS = ("prevalence", "precision", "false_negative_rate")

INDEX = Index(
    name="implied_false_positive_rate",
    label="False positive rate that equal precision and misses would force",
    compute=compute,
    clustered=True,
    compares=True,
    needs=("target", "label"),
    metrics=_METRICS,
    bounds=(0.0, 1.0),
    description="The false positive rate that the group's base rate forces on predictions with the precision and the "
    "false negative rate of the reference group: as far as it differs from group to group, predictive parity, equal "
    "false negative rates and equal false positive rates cannot hold together.",
    formula="p_g / (1 - p_g) * (1 - PPV_r) / PPV_r * (1 - FNR_r)",
    source="Chouldechova 2017, equation 2.6, doi:10.1089/big.2016.0047",
)
