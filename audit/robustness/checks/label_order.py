"""Tells whether the target depends on where a row stands in its file."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from audit.declarations.check import Check, CheckNotRunError, Finding, Setting
from audit.records.measured import Estimate, Exact, Measured, Undefined
from audit.records.observation import Observation
from audit.robustness.distances import holm
from audit.subject.evidence import Evidence, Table

LEAST_ROWS = 10


def find(evidence: Evidence, setting: Setting) -> Finding:
    """Compare the target with the position of its row, in each table: by ranks.

    Classes: Kruskal and Wallis's test, and the share of the variance of positions that lies between classes (epsilon
    squared). Numbers: Spearman's correlation. A sorted file is harmless by itself; cutting it into train and test, or
    into folds without shuffling, is not. P-values are adjusted over both tables (Holm).
    """
    subject = evidence.subject
    tables = [t for t in (subject.test, subject.train) if t is not None and t.target is not None]
    if not tables:
        raise CheckNotRunError("No table holds true labels.")
    found = [_trend(table, bool(subject.classes), setting.level) for table in tables]
    adjusted = holm([p for _, p in found])
    observations: list[Observation] = []
    told: list[str] = []
    for table, (effect, _), p in zip(tables, found, adjusted, strict=True):
        scope = "train" if table.role == "train" else "held_out"
        known = not isinstance(effect, Undefined)
        p_value: Measured = Exact(value=p, n=table.n) if known else effect
        for name, label, measured in (
            ("label_order", f"Dependence of the target on the row's position in {table.role}", effect),
            (
                "label_order_p_value;adjusted=holm",
                f"p-value of no dependence in {table.role}, adjusted (Holm)",
                p_value,
            ),
        ):
            observations.append(
                Observation.model_validate(
                    {"id": f"robustness/{name}/{table.role}", "label": label, "measured": measured, "scope": scope}
                )
            )
        told.append(_told(table, effect, p, setting.level))
    return Finding(summary=" ".join(told), observations=tuple(observations))


def _trend(table: Table, classes: bool, level: float) -> tuple[Measured, float]:
    assert table.target is not None
    n, target = table.n, table.target.astype(np.float64)
    if n < LEAST_ROWS or len(np.unique(target)) < 2:
        return Undefined(reason=f"A trend needs {LEAST_ROWS} rows and two different targets."), 1.0
    return _between_classes(target, n) if classes else _correlation(target, n, level)


def _between_classes(target: NDArray[np.float64], n: int) -> tuple[Measured, float]:
    """Epsilon squared H / (n - 1), and the p-value of H. Source: Kruskal and Wallis (1952); Kelley (1935)."""
    place = np.arange(1.0, n + 1)
    codes = pd.factorize(target)[0]
    size = np.bincount(codes)
    h = 12 / (n * (n + 1)) * float((np.bincount(codes, weights=place) ** 2 / size).sum()) - 3 * (n + 1)
    return Exact(value=float(np.clip(h / (n - 1), 0, 1)), n=n), float(stats.chi2.sf(max(h, 0.0), len(size) - 1))


def _correlation(target: NDArray[np.float64], n: int, level: float) -> tuple[Measured, float]:
    """Spearman's rho with the interval of Fisher's z, its error widened for ranks (Bonett and Wright 2000)."""
    ranks = stats.rankdata(target)
    rho = float(np.corrcoef(ranks, np.arange(n))[0, 1])
    half = float(stats.norm.ppf(0.5 + level / 2)) * float(np.sqrt((1 + rho**2 / 2) / (n - 3)))
    z = float(np.arctanh(np.clip(rho, -1 + 1e-12, 1 - 1e-12)))
    low, high = (float(np.tanh(z + sign * half)) for sign in (-1, 1))
    t = rho * np.sqrt((n - 2) / max(1 - rho**2, 1e-300))
    ends = (min(low, rho), max(high, rho))
    estimate = Estimate(value=rho, low=ends[0], high=ends[1], level=level, method="fisher_z", n=n)
    return estimate, float(2 * stats.t.sf(abs(t), n - 2))


def _told(table: Table, effect: Measured, p: float, level: float) -> str:
    if isinstance(effect, Undefined):
        return f"In {table.role} nothing can be told: {effect.reason[0].lower()}{effect.reason[1:]}"
    size = f"{effect.value:.3f} on a scale to 1, p {'< 0.001' if p < 0.001 else f'= {p:.3f}'}"
    found = "depends on" if p < 1 - level else "shows no dependence on"
    return f"In {table.role} the target {found} the row's position ({size})."


CHECK = Check(
    name="label_order",
    label="Target and the order of rows",
    find=find,
    needs=("target",),
    promises=(),
    description="Whether the file is sorted by its answers, or these drift along it; such a file must not be cut.",
    source="Kruskal and Wallis (1952), doi:10.1080/01621459.1952.10483441",
)
