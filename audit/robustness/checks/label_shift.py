"""Compares the targets of train and test, and names classes that are too rare to learn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audit.declarations.check import Check, CheckNotRunError, Finding, Setting
from audit.records.measured import Estimate, Exact, Measured, Undefined
from audit.records.observation import Observation, encoded
from audit.robustness.distances import chi_square_p
from audit.robustness.shares import by_code, difference, marked, mean_difference, weights_of
from audit.subject.evidence import Evidence, Subject, Table

RARE = 10
"""Rows under which a class counts as rare."""


def find(evidence: Evidence, setting: Setting) -> Finding:
    """Compare the shares of classes (chi-square) or the means (Welch) of train and test.

    The p-value is under 1 - level in at most that share of audits without a shift.
    """
    subject = evidence.subject
    tables = [t for t in (subject.test, subject.train) if t is not None and t.target is not None]
    if not tables:
        raise CheckNotRunError("No table holds true labels.")
    p_value, shifts = _shift(subject, tables, setting.level)
    rare = _rare(subject, tables[-1])
    constant = [t.role for t in tables if t.target is not None and len(np.unique(t.target)) < 2]
    observations = (
        _observed("label_shift_p_value", "p-value of equal targets in train and test", p_value, None),
        *shifts,
        _observed(
            "rare_classes",
            f"Classes with fewer than {RARE} rows in {tables[-1].role}",
            Exact(value=len(rare), n=tables[-1].n),
        ),
        _observed("constant_targets", "Tables with one target only", Exact(value=len(constant), n=tables[0].n)),
    )
    return Finding(
        summary=_summary(p_value, shifts, rare, constant, setting.level),
        observations=observations,
    )


def _shift(subject: Subject, tables: Sequence[Table], level: float) -> tuple[Measured, tuple[Observation, ...]]:
    if len(tables) < 2:
        return Undefined(reason="The targets of train and test are compared; only one table holds targets."), ()
    test, train = tables
    assert test.target is not None and train.target is not None
    n = test.n + train.n
    if not subject.classes:
        gap, p = mean_difference(
            test.target.astype(np.float64),
            train.target.astype(np.float64),
            (weights_of(test), weights_of(train)),
            level,
        )
        return Exact(value=p, n=n), (
            _observed("target_mean_shift", "Mean target in test less that in train", gap, None),
        )
    codes = [t.target.astype(np.int64) for t in tables if t.target is not None]
    counts = np.array([by_code(c, len(subject.classes), t) for c, t in zip(codes, tables, strict=True)])
    told = range(len(subject.classes)) if subject.positive is None else (subject.positive,)
    shifts = tuple(
        _observed(
            f"class_share_shift/{encoded(subject.classes[k])}",
            f"Share of {subject.classes[k]} in test less that in train",
            difference(marked(codes[0] == k, test), marked(codes[1] == k, train), level),
            None,
        )
        for k in told
    )
    return Exact(value=chi_square_p(counts), n=n), shifts


def _rare(subject: Subject, table: Table) -> tuple[str, ...]:
    if not subject.classes or table.target is None:
        return ()
    counts = np.bincount(table.target.astype(np.int64), minlength=len(subject.classes))
    return tuple(name for name, count in zip(subject.classes, counts, strict=True) if count < RARE)


def _summary(
    p_value: Measured, shifts: Sequence[Observation], rare: Sequence[str], constant: Sequence[str], level: float
) -> str:
    parts: list[str] = []
    if isinstance(p_value, Exact):
        moved = [(o.label, o.measured) for o in shifts if isinstance(o.measured, Estimate)]
        widest = max(moved, key=lambda pair: abs(pair[1].value), default=None)
        size = "" if widest is None else f" ({widest[0][0].lower()}{widest[0][1:]}: {widest[1].value:+.3g})"
        verb = "differ" if p_value.value < 1 - level else "do not differ beyond chance"
        p = "< 0.001" if p_value.value < 0.001 else f"= {p_value.value:.3f}"
        parts.append(f"The targets of train and test {verb}, p {p}{size}.")
    parts += [f"Rare classes (fewer than {RARE} rows): {', '.join(rare)}."] if rare else ["No class is rare."]
    parts += [f"The target never varies in {' and '.join(constant)}."] if constant else []
    return " ".join(parts)


def _observed(name: str, label: str, measured: Measured, better: bool | None = False) -> Observation:
    return Observation(id=f"robustness/{name}", label=label, measured=measured, higher_is_better=better)


CHECK = Check(
    name="label_shift",
    label="Balance of the target",
    find=find,
    needs=("target",),
    promises=("robustness/label_shift_p_value", "robustness/rare_classes"),
    description="Whether test holds the classes or values of the target in the same shares as train.",
)
