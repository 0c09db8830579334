"""Chouldechova's identity: whether the error rates reported of a group agree with its base rate and precision."""

from __future__ import annotations

import numpy as np

from audit.declarations.index import Index
from audit.fairness.division import Division
from audit.records.measured import Exact, Measured, Undefined


def compute(division: Division) -> tuple[Measured, ...]:
    """Return one residual a group."""
    base, precision, missed, raised = (division.values[name] for name in _METRICS)
    with np.errstate(divide="ignore", invalid="ignore"):
        implied = base / (1 - base) * (1 - precision) / precision * (1 - missed)
    return tuple(_residual(division, g, float(raised[g] - implied[g])) for g in range(len(division.groups)))


def _residual(division: Division, g: int, residual: float) -> Measured:
    if not np.isfinite(residual):
        return Undefined(reason="A rate of the identity has no value, or the precision is 0.")
    # What is left of rounding is nothing.
    return Exact(value=0.0 if abs(residual) < _ROUNDING else residual, n=division.groups[g].n)


_ROUNDING = 1e-12
_METRICS = ("prevalence", "precision", "false_negative_rate", "false_positive_rate")

INDEX = Index(
    name="chouldechova_residual",
    label="Residual of Chouldechova's identity",
    compute=compute,
    clustered=True,
    needs=("target", "label"),
    metrics=_METRICS,
    equal=0.0,
    description="Measured false positive rate less the one that base rate, precision and false negative rate imply; "
    "anything but 0 says that the reported rates do not belong together.",
    formula="FPR - p / (1 - p) * (1 - PPV) / PPV * (1 - FNR)",
    source="Chouldechova 2017, equation 2.6, doi:10.1089/big.2016.0047",
)
