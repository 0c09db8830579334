"""Moves numeric features to the ends of the training range and beyond, and measures how far the answers follow."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.declarations.check import Check, Finding, Setting
from audit.robustness.columns import as_in, finite, is_whole, numbers, positions
from audit.robustness.perturbation import Change, Perturbation, Severity, perturbed, promises
from audit.subject.evidence import Evidence

BEYOND = 0.1
"""How far beyond an end, in widths of the range."""


def find(evidence: Evidence, setting: Setting) -> Finding:
    """Move one numeric feature of each row, chosen at random, to an end of its range and a tenth of it beyond.

    The range is that of the training table, or of the audited rows where there is none. Besides, every value beyond
    the training range is put back onto its end, which tells what such values do now. Whole numbers stay whole.
    """
    features = evidence.headline.table.features
    learned = (evidence.subject.train or evidence.headline.table).features
    ranges = {i: _range(learned.iloc[:, i]) for i in positions(features, "numeric")}
    columns = tuple(i for i, found in ranges.items() if found is not None)
    beyond = Severity(
        argument="",
        label="one value a tenth of the range beyond it",
        change=_moved(ranges, BEYOND),
        columns=columns,
        one_cell=True,
    )
    told = Perturbation(
        name="range",
        refused="The model fails on values beyond the training range",
        severities=(
            Severity(
                argument=";kind=clamp",
                label="values beyond the training range put back onto it",
                change=_clamped(ranges),
                columns=columns,
            ),
            Severity(
                argument=";kind=edge",
                label="one value at an end of its range",
                change=_moved(ranges, 0.0),
                columns=columns,
                one_cell=True,
            ),
            beyond,
        ),
        alone=beyond,
    )
    return perturbed(told, evidence, setting)


Ranges = dict[int, tuple[float, float] | None]


def _range(column: pd.Series) -> tuple[float, float] | None:
    """Smallest and largest finite value; None where there is none, or where the column holds no numbers here."""
    if not pd.api.types.is_numeric_dtype(column):
        return None
    held = finite(numbers(column))
    return (float(held.min()), float(held.max())) if len(held) else None


def _moved(ranges: Ranges, share: float) -> Change:
    def change(column: pd.Series, position: int, rng: np.random.Generator) -> pd.Series:
        found = ranges[position]
        assert found is not None  # only columns with a range are moved
        low, high = found
        step = share * (high / 2 - low / 2) * 2
        ends = np.array([low - step, high + step])
        if is_whole(numbers(column)):
            ends = np.array([np.floor(ends[0]), np.ceil(ends[1])])
        return as_in(column, np.nan_to_num(ends)[rng.integers(0, 2, len(column))])

    return change


def _clamped(ranges: Ranges) -> Change:
    def change(column: pd.Series, position: int, rng: np.random.Generator) -> pd.Series:
        del rng  # nothing is left to chance
        found = ranges[position]
        assert found is not None  # only columns with a range are moved
        inside: NDArray[np.float64] = np.clip(numbers(column), *found)
        return as_in(column, inside)

    return change


CHECK = Check(
    name="value_range",
    label="Values at and beyond the training range",
    find=find,
    needs=("model", "features"),
    clustered=True,
    promises=promises("range"),
    description=(
        "How many decisions change, how far scores move and how much the leading metric loses when one number of a row "
        "lies at or beyond the ends of what the model was fitted on."
    ),
)
