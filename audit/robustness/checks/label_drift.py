"""Compares what is true in the test table with what was true where the model comes from."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.declarations.check import Check, CheckNotRunError, Finding, Setting
from audit.estimation.intervals import mover, wilson
from audit.records.measured import Estimate, Exact, Measured, Undefined
from audit.records.observation import Observation, encoded
from audit.robustness.distances import Bridges
from audit.robustness.shift import Shift, drawn, shift_of, side_of
from audit.subject.evidence import Evidence, Table


def find(evidence: Evidence, setting: Setting) -> Finding:
    """Measure how far the shares of the classes, or the values to be predicted, moved to the test table.

    The interval of a difference of two shares is Newcombe's. A model fitted on other shares gives probabilities that
    are off as a whole, however well it ranks.
    """
    baseline, test = _labelled(evidence), evidence.subject.test
    if baseline is None or test is None or test.target is None:
        raise CheckNotRunError("One of both tables holds no true labels.")
    classes = evidence.subject.classes
    rows, others = drawn(baseline, setting.seed), drawn(test, setting.seed)
    shift = shift_of(
        side_of(_values(baseline, rows, classes), baseline, rows),
        side_of(_values(test, others, classes), test, others),
        setting.level,
        Bridges(setting.seed),
    )
    moved = _moved(baseline, test, evidence, setting.level) if classes else _in_spreads(shift)
    name = "class shares" if classes else "values"
    p = f"p = {shift.p_value.value:.2g}" if isinstance(shift.p_value, Exact) else "no test"
    chance = f"that chance alone exceeds once in {1 / (1 - setting.level):.0f}"
    return Finding(
        summary=(
            f"From {baseline.role} to test the {name} to be predicted {_verdict(shift, setting.level)} "
            f"({p}){_most(moved)}."
        ),
        observations=(
            _observed("psi_label", "Population stability index of the target", shift.index),
            _observed("psi_label_critical", f"Index of the target {chance}", shift.index_critical),
            _observed("jensen_shannon_label", "Jensen-Shannon distance of the target", shift.divergence),
            _observed(
                "label_p_value", f"p-value of the {shift.test} test for the target, not adjusted", shift.p_value, None
            ),
            *moved,
        ),
    )


def _labelled(evidence: Evidence) -> Table | None:
    tables = (evidence.subject.reference, evidence.subject.train)
    return next((table for table in tables if table is not None and table.target is not None), None)


def _values(table: Table, rows: NDArray[np.int64], classes: tuple[str, ...]) -> pd.Series:
    assert table.target is not None
    values = table.target[rows]
    if not classes:
        return pd.Series(values.astype(np.float64))
    return pd.Series(np.array(classes, dtype=object)[values.astype(np.int64)], dtype="object")


def _verdict(shift: Shift, level: float) -> str:
    told = isinstance(shift.p_value, Exact) and shift.p_value.value < 1 - level
    return "moved beyond chance" if told else "moved no more than chance explains"


def _moved(baseline: Table, test: Table, evidence: Evidence, level: float) -> tuple[Observation, ...]:
    """Share of each class in test less that in the baseline; of the positive class alone where there is one."""
    subject = evidence.subject
    codes = range(len(subject.classes)) if subject.positive is None else (subject.positive,)
    return tuple(
        _observed(
            f"prior_shift/class={encoded(subject.classes[code])}",
            f"Share of {subject.classes[code]} in test less that in {baseline.role}",
            _difference(baseline, test, code, level),
            None,
        )
        for code in codes
    )


def _difference(baseline: Table, test: Table, code: int, level: float) -> Measured:
    sides = [_hits(test, code), _hits(baseline, code)]
    if not all(trials > 0 for _, trials in sides):
        return Undefined(reason="The weights of one table sum to zero.")
    hits, trials = (np.array(column) for column in zip(*sides, strict=True))
    shares = hits / trials
    low, high = mover(shares, *wilson(hits, trials, level), np.array([1.0, -1.0]))
    sampling = any(t.weight is not None and t.weight_kind == "sampling" for t in (baseline, test))
    method = "newcombe_effective_n" if sampling else "newcombe"
    return Estimate(value=float(shares[0] - shares[1]), low=low, high=high, level=level, method=method, n=test.n)


def _hits(table: Table, code: int) -> tuple[float, float]:
    """Rows of a class and rows in all, in Kish's effective number under sampling weights."""
    assert table.target is not None
    weight = np.ones(table.n) if table.weight is None else table.weight
    total = float(weight.sum())
    if not total > 0:
        return 0.0, 0.0
    sampling = table.weight is not None and table.weight_kind == "sampling"
    effective = total**2 / float(weight @ weight) if sampling else total
    return float(weight[table.target == code].sum()) / total * effective, effective


def _in_spreads(shift: Shift) -> tuple[Observation, ...]:
    return (
        _observed("ks_label", "Kolmogorov-Smirnov statistic of the target", shift.widest),
        _observed("wasserstein_label", "Wasserstein distance of the target, in standard deviations", shift.moved),
    )


def _most(moved: tuple[Observation, ...]) -> str:
    shares = [o for o in moved if isinstance(o.measured, Estimate) and "prior_shift" in o.id]
    if not shares:
        return ""
    most = max(shares, key=lambda o: abs(o.measured.value) if isinstance(o.measured, Estimate) else 0.0)
    assert isinstance(most.measured, Estimate)
    return f": {most.label[:1].lower()}{most.label[1:]} {most.measured.value + 0.0:+.2%}"


def _observed(name: str, label: str, measured: Measured, better: bool | None = False) -> Observation:
    return Observation(id=f"robustness/{name}", label=label, measured=measured, higher_is_better=better)


CHECK = Check(
    name="label_drift",
    label="Shift of the target",
    find=find,
    needs=("test", "baseline", "target"),
    promises=("robustness/psi_label", "robustness/label_p_value"),
    description="How far the shares of the classes, or the values to be predicted, moved to the test table.",
)
