"""Compares the distribution of each feature in the test table with where the model comes from."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import chi2, ncx2

from audit.declarations.check import Check, Finding, Setting
from audit.estimation.bins import binned
from audit.records.measured import Estimate, Exact, Measured
from audit.records.observation import Observation, encoded
from audit.subject.evidence import Evidence

BINS = 10


def find(evidence: Evidence, setting: Setting) -> Finding:
    """Measure the population stability index of each feature from data.reference, or else train, to the test table.

    Bins are tenths of the baseline, or its ten most frequent values and the rest. A bin that is empty on one side
    counts as half a row there.
    """
    baseline, test = evidence.subject.reference or evidence.subject.train, evidence.subject.test
    assert baseline is not None and test is not None  # the check needs both
    shifts = [
        (str(name), *_shift(baseline.features.iloc[:, i], test.features.iloc[:, i], setting.level))
        for i, name in enumerate(baseline.features.columns)
    ]
    shifts.sort(key=lambda shift: (-shift[1].value, shift[0]))
    worst = shifts[0]
    beyond = [name for name, index, critical in shifts if index.value > critical]
    observations = (
        _observed("robustness/psi_max", f"Largest population stability index: {worst[0]}", worst[1]),
        Observation(
            id="robustness/psi_beyond_chance",
            label="Features whose index is beyond its critical value",
            measured=Exact(value=len(beyond), n=test.n),
            higher_is_better=False,
        ),
        *(
            observation
            for name, index, critical in shifts
            for observation in (
                _observed(f"robustness/psi/{encoded(name)}", f"Population stability index of {name}", index),
                _observed(
                    f"robustness/psi_critical/{encoded(name)}",
                    f"Index of {name} that chance alone exceeds once in {1 / (1 - setting.level):.0f}",
                    Exact(value=critical, n=test.n),
                ),
            )
        ),
    )
    return Finding(
        summary=(
            f"From {baseline.role} to test the population stability index is largest for {worst[0]} "
            f"({worst[1].value:.3f}); for {len(beyond)} of {len(shifts)} features it is beyond what chance explains."
        ),
        observations=observations,
        table=(
            ("Feature", "Index", "Critical value"),
            *((name, f"{index.value:.4f}", f"{critical:.4f}") for name, index, critical in shifts),
        ),
    )


def stability_index(expected: NDArray[np.float64], actual: NDArray[np.float64]) -> float:
    """Return the population stability index of two sets of shares.

    Parameters
    ----------
    expected, actual : ndarray (bins,)
        Positive shares that sum to 1.

    Examples
    --------
    >>> round(stability_index(np.full(4, 0.25), np.array([0.1, 0.2, 0.3, 0.4])), 6)
    0.228217
    """
    return float(((actual - expected) * np.log(actual / expected)).sum())


def critical_value(rows: int, others: int, bins: int, level: float) -> float:
    """Return the index that two samples of one distribution exceed with probability 1 - level.

    Without a shift the index times rows * others / (rows + others) follows a chi-square law with bins - 1 degrees.

    Examples
    --------
    >>> round(critical_value(200, 200, 10, 0.95), 3)
    0.169
    """
    return float((1 / rows + 1 / others) * chi2.ppf(level, bins - 1))


def index_interval(index: float, rows: int, others: int, bins: int, level: float) -> tuple[float, float]:
    """Return the interval of the index, from the noncentral chi-square law that it follows under a small shift.

    The index is too large on average, so the interval may reach far below it; it always holds it.
    """
    scale, freedom = 1 / rows + 1 / others, bins - 1
    x = index / scale
    low, high = (_noncentrality(x, freedom, tail) for tail in (0.5 + level / 2, 0.5 - level / 2))
    return min(low * scale, index), max(high * scale, index)


def _shift(baseline: pd.Series, test: pd.Series, level: float) -> tuple[Estimate, float]:
    before, after, bins = binned(baseline, test, BINS)
    counts = np.array([np.bincount(codes, minlength=bins) for codes in (before, after)], dtype=np.float64)
    counts = np.maximum(counts[:, counts.sum(axis=0) > 0], 0.5)
    shares = counts / counts.sum(axis=1, keepdims=True)
    index, size = stability_index(shares[0], shares[1]), counts.shape[1]
    if size == 1:
        return Estimate(value=0.0, low=0.0, high=0.0, level=level, method="noncentral_chi_square", n=len(test)), 0.0
    low, high = index_interval(index, len(baseline), len(test), size, level)
    estimate = Estimate(value=index, low=low, high=high, level=level, method="noncentral_chi_square", n=len(test))
    return estimate, critical_value(len(baseline), len(test), size, level)


def _noncentrality(x: float, freedom: int, tail: float) -> float:
    """Return the noncentrality under which x is that quantile; 0 where even none makes x too small."""
    if x <= 0 or chi2.cdf(x, freedom) <= tail:
        return 0.0
    upper = x + 40 * (np.sqrt(x) + 10)
    return float(brentq(lambda shift: ncx2.cdf(x, freedom, shift) - tail, 1e-12, upper))


def _observed(id: str, label: str, measured: Measured) -> Observation:
    return Observation(id=id, label=label, measured=measured, higher_is_better=False)


CHECK = Check(
    name="drift",
    label="Shift of features",
    find=find,
    needs=("test", "baseline", "features"),
    promises=("robustness/psi_max", "robustness/psi_beyond_chance"),
    description="How far each feature's distribution moved; 0.10 and 0.25 are conventions that ignore the rows.",
    source="Yurdakul and Naranjo, Statistical properties of the population stability index, J. Risk Model Validation",
)
