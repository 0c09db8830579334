"""Rounds the numeric features and measures how far the model's answers follow."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.declarations.check import Check, Finding, Setting
from audit.robustness.columns import as_in, numbers, positions
from audit.robustness.perturbation import Change, Perturbation, Severity, perturbed, promises
from audit.subject.evidence import Evidence

DIGITS = (2, 1)
"""Significant digits that are left; the first leads."""


def find(evidence: Evidence, setting: Setting) -> Finding:
    """Round every numeric feature to two significant digits and to one, and each alone to two."""
    columns = positions(evidence.headline.table.features, "numeric")
    severities = tuple(
        Severity(
            argument="" if digits == DIGITS[0] else f";digits={digits}",
            label=f"rounding to {digits} significant digit{'s' if digits > 1 else ''}",
            change=_round(digits),
            columns=columns,
        )
        for digits in DIGITS
    )
    told = Perturbation(
        name="rounding", refused="The model fails on rounded rows", severities=severities, alone=severities[0]
    )
    return perturbed(told, evidence, setting)


def rounded(values: NDArray[np.float64], digits: int) -> NDArray[np.float64]:
    """(n,) values to so many significant digits; what is missing or infinite stays.

    Examples
    --------
    >>> rounded(np.array([1234.0, -0.0456, 0.0, np.inf]), 2).tolist()
    [1200.0, -0.046, 0.0, inf]
    """
    held = np.isfinite(values) & (values != 0)
    safe = np.where(held, values, 1.0)
    place = digits - 1 - np.floor(np.log10(np.abs(safe)))
    # Beyond these powers of ten the scale itself is no finite number.
    inside = np.abs(place) < 300
    up, down = 10.0 ** np.clip(place, 0, 300), 10.0 ** np.clip(-place, 0, 300)
    near = np.where(place >= 0, np.rint(safe * np.where(place >= 0, up, 1.0)) / up, np.rint(safe / down) * down)
    kept: NDArray[np.float64] = np.where(held & inside & np.isfinite(near), near, values)
    return kept


def _round(digits: int) -> Change:
    def change(column: pd.Series, position: int, rng: np.random.Generator) -> pd.Series:
        del position, rng  # rounding is the same everywhere and leaves nothing to chance
        return as_in(column, rounded(numbers(column), digits))

    return change


CHECK = Check(
    name="rounding",
    label="Rounding of numeric features",
    find=find,
    needs=("model", "features"),
    clustered=True,
    promises=promises("rounding"),
    description=(
        "How many decisions change, how far scores move and how much the leading metric loses when numbers are "
        "rounded, as people round them who fill in a form."
    ),
)
