"""Tells whether values are missing by chance: or with the target, by group, or unlike in train, or together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.declarations.check import Check, CheckNotRunError, Finding, Setting
from audit.records.measured import Estimate, Exact, Measured
from audit.records.observation import Observation, encoded
from audit.robustness.distances import chi_square_p, holm
from audit.robustness.shares import by_code, difference, marked, mean_difference, weights_of
from audit.subject.evidence import Evidence, Subject, Table

LEAST_ROWS = 5
"""Rows with and rows without a value that a test needs."""
MOST_FEATURES = 200
"""Features whose missing values are compared in pairs."""
TOGETHER = 0.9
"""Rows that two features miss together, over rows that either misses, from which they count as missing together."""
_WHAT = (
    "Features that are missing with the target",
    "Features and sensitive columns where gaps differ by group",
    "Features missing more or less often than in train",
)
Gaps = dict[str, NDArray[np.bool_]]


@dataclass(frozen=True)
class _Tested:
    """One feature, or a feature and a sensitive column, and one question."""

    name: str
    by: str
    """Sensitive column; empty for other questions."""
    size: Measured | None
    p_value: float


def find(evidence: Evidence, setting: Setting) -> Finding:
    """Test each feature with missing values, each family of tests adjusted on its own (Holm).

    With the target: chi-square of classes, Welch's t of numbers, in train or else in the headline rows. By group:
    chi-square over the groups of each sensitive column. Train to test: chi-square of both shares. So each of the three
    counts is above 0 in at most the share 1 - level of audits where values are missing by chance.
    """
    subject, here = evidence.subject, evidence.headline.table
    learned = subject.train if subject.train is not None and subject.train.target is not None else here
    there = None if subject.train is None or subject.train is here or subject.test is None else subject.train
    if not any(t.features.isna().to_numpy().any() for t in (here, learned)):
        raise CheckNotRunError("No feature has a missing value.")
    gaps, known = _gaps(here), _gaps(learned)
    by_target = _adjusted(_with_target(known, learned, subject, setting.level))
    by_group = _adjusted(_with_groups(gaps, here))
    moved = _adjusted(() if there is None else _with_train(here, there, setting.level))
    together = _together(gaps)
    counts = [sum(t.p_value < 1 - setting.level for t in family) for family in (by_target, by_group, moved)]
    tests = zip(("missing_with_target", "missing_by_group", "missing_shift"), _WHAT, counts, strict=True)
    observations = (
        *(_observed(name, label, Exact(value=count, n=here.n)) for name, label, count in tests),
        _observed(
            "missing_together", "Pairs of features that are missing together", Exact(value=len(together), n=here.n)
        ),
        *_sizes(
            "missing_target_difference", f"Target of {learned.role} where {{}} is missing less where not", by_target
        ),
        *_sizes("missing_share_shift", "Missing share of {} in test less that in train", moved),
    )
    return Finding(
        summary=(
            f"Values are missing with the target in {counts[0]} of {len(by_target)} features tested, by group in "
            f"{counts[1]} of {len(by_group)} pairs, otherwise than in train in {counts[2]} of {len(moved)}; "
            f"{len(together)} pairs of features are missing together{_named(together)}."
        ),
        observations=observations,
        table=_table(by_target, by_group, moved),
    )


def _gaps(table: Table) -> Gaps:
    """Mask of each feature that misses enough values, and has enough, to be tested."""
    masks = {str(name): table.features.iloc[:, i].isna().to_numpy() for i, name in enumerate(table.features.columns)}
    return {name: mask for name, mask in masks.items() if LEAST_ROWS <= mask.sum() <= table.n - LEAST_ROWS}


def _with_target(gaps: Gaps, table: Table, subject: Subject, level: float) -> list[_Tested]:
    if table.target is None:
        return []
    found = []
    for name, mask in gaps.items():
        if subject.classes:
            codes = table.target.astype(np.int64)
            counts = np.array([by_code(codes, len(subject.classes), table, rows) for rows in (mask, ~mask)])
            size = None
            if subject.positive is not None:
                positive = codes == subject.positive
                size = difference(marked(positive, table, mask), marked(positive, table, ~mask), level)
            found.append(_Tested(name, "", size, chi_square_p(counts)))
        else:
            values = table.target.astype(np.float64)
            weights = weights_of(table, mask), weights_of(table, ~mask)
            gap, p = mean_difference(values[mask], values[~mask], weights, level)
            found.append(_Tested(name, "", gap, p))
    return found


def _with_groups(gaps: Gaps, table: Table) -> list[_Tested]:
    found = []
    for i, column in enumerate(table.sensitive.columns):
        codes, groups = pd.factorize(table.sensitive.iloc[:, i])
        for name, mask in gaps.items():
            counts = np.array([by_code(codes.astype(np.int64), len(groups), table, rows) for rows in (mask, ~mask)])
            found.append(_Tested(name, str(column), None, chi_square_p(counts)))
    return found


def _with_train(here: Table, there: Table, level: float) -> list[_Tested]:
    found = []
    for i, name in enumerate(here.features.columns):
        parts = [marked(t.features.iloc[:, i].isna().to_numpy(), t) for t in (here, there)]
        counts = np.array([[part.hits, part.trials - part.hits] for part in parts])
        if counts.sum(axis=0).min() >= LEAST_ROWS:
            found.append(_Tested(str(name), "", difference(parts[0], parts[1], level), chi_square_p(counts)))
    return found


def _adjusted(family: Sequence[_Tested]) -> list[_Tested]:
    adjusted = holm([t.p_value for t in family])
    return [_Tested(t.name, t.by, t.size, p) for t, p in zip(family, adjusted, strict=True)]


def _together(gaps: Gaps) -> list[tuple[str, str]]:
    names = sorted(gaps, key=lambda name: (-int(gaps[name].sum()), name))[:MOST_FEATURES]
    if len(names) < 2:
        return []
    masks = np.array([gaps[name] for name in names], dtype=np.float32)
    both = (masks @ masks.T).astype(np.float64)
    alone = np.diag(both)
    overlap = both / (alone[:, None] + alone - both)
    return [(names[i], names[j]) for i, j in combinations(range(len(names)), 2) if overlap[i, j] >= TOGETHER]


def _named(pairs: Sequence[tuple[str, str]]) -> str:
    shown = ", ".join(f"{one} and {other}" for one, other in pairs[:3])
    return f" ({shown}{', ...' if len(pairs) > 3 else ''})" if pairs else ""


def _sizes(measure: str, label: str, family: Sequence[_Tested]) -> list[Observation]:
    told = [(t.name, t.size) for t in family if t.size is not None]
    return [_observed(f"{measure}/{encoded(name)}", label.format(name), size, None) for name, size in told]


def _table(
    by_target: Sequence[_Tested], by_group: Sequence[_Tested], moved: Sequence[_Tested]
) -> tuple[tuple[str, ...], ...]:
    lines = [
        *((t.name, "with the target", _size(t.size), _p(t.p_value)) for t in by_target),
        *((t.name, f"by {t.by}", "–", _p(t.p_value)) for t in by_group),
        *((t.name, "test less train", _size(t.size), _p(t.p_value)) for t in moved),
    ]
    return (("Feature", "Missing", "Difference", "p (Holm)"), *lines) if lines else ()


def _size(measured: Measured | None) -> str:
    if not isinstance(measured, Estimate) or measured.low is None or measured.high is None:
        return "–"
    return f"{measured.value:+.3g} ({measured.low:+.3g} to {measured.high:+.3g})"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _observed(name: str, label: str, measured: Measured, better: bool | None = False) -> Observation:
    return Observation(id=f"robustness/{name}", label=label, measured=measured, higher_is_better=better)


CHECK = Check(
    name="missing_patterns",
    label="Patterns of missing values",
    find=find,
    needs=("features",),
    promises=("robustness/missing_with_target",),
    description="A gap that goes with the target may be made by it; one that goes with a group treats it differently.",
)
