"""Adds noise to the numeric features and measures how far the model's answers follow."""

from __future__ import annotations

import numpy as np
import pandas as pd

from audit.declarations.check import Check, Finding, Setting
from audit.robustness.columns import as_in, finite, is_whole, kind_of, numbers, positions
from audit.robustness.perturbation import Change, Perturbation, Severity, perturbed, promises
from audit.subject.evidence import Evidence

SCALES = (0.05, 0.1, 0.2)
"""Standard deviations of the noise, in those of the column."""
LEADING = 0.1


def find(evidence: Evidence, setting: Setting) -> Finding:
    """Add Gaussian noise of 0.05, 0.1 and 0.2 standard deviations to every numeric feature, and of 0.1 to each alone.

    The spread of a column is its standard deviation, or its interquartile range over 1.349 where that is smaller, so
    that a few far values do not blow the noise up. Whole numbers stay whole, and no value leaves the column's range:
    the check of ranges does that.
    """
    features = evidence.headline.table.features
    learned = (evidence.subject.train or evidence.headline.table).features
    columns = positions(features, "numeric")
    spreads = {i: _spread(learned.iloc[:, i], features.iloc[:, i]) for i in columns}
    severities = tuple(
        Severity(
            argument="" if scale == LEADING else f";scale={scale}",
            label=f"noise of {scale} standard deviations",
            change=_noise(scale, spreads),
            columns=columns,
        )
        for scale in SCALES
    )
    alone = next(severity for severity in severities if not severity.argument)
    told = Perturbation(name="noise", refused="The model fails on noisy rows", severities=severities, alone=alone)
    return perturbed(told, evidence, setting)


def spread_of(values: pd.Series) -> float:
    """Return the spread that noise is measured in, 0 where nothing varies.

    Examples
    --------
    >>> spread_of(pd.Series([1.0, 2.0, 3.0, 4.0, 1000.0])) == 2 / 1.349
    True
    """
    held = finite(numbers(values))
    if len(held) < 2:
        return 0.0
    lower, upper = np.quantile(held, [0.25, 0.75])
    scaled = held / max(float(np.abs(held).max()), 1.0)  # squares of huge values overflow
    deviation = float(scaled.std(ddof=1)) * max(float(np.abs(held).max()), 1.0)
    robust = float(upper - lower) / 1.349
    return min(deviation, robust) if robust > 0 else deviation


def _spread(fitted: pd.Series, asked: pd.Series) -> float:
    return spread_of(fitted if kind_of(fitted) == "numeric" else asked)


def _noise(scale: float, spreads: dict[int, float]) -> Change:
    def change(column: pd.Series, position: int, rng: np.random.Generator) -> pd.Series:
        values, drawn = numbers(column), rng.standard_normal(len(column))
        held = finite(values)
        if not len(held):
            return column
        moved = values + scale * spreads[position] * drawn
        moved = np.rint(moved) if is_whole(values) else moved
        inside = np.clip(moved, held.min(), held.max())
        return as_in(column, np.where(np.isfinite(values), inside, values))

    return change


CHECK = Check(
    name="noise",
    label="Noise in numeric features",
    find=find,
    needs=("model", "features"),
    clustered=True,
    promises=promises("noise"),
    description=(
        "How many decisions change, how far scores move and how much the leading metric loses when Gaussian noise is "
        "added to numeric features."
    ),
)
