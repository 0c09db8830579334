"""How large the sampling error of attributions is beside them, and whether it is as small as the method says."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audit.attribution.likeness import low_of
from audit.attribution.told import Told, exact, observed, of_each
from audit.declarations.attribution import MethodNotRunError
from audit.declarations.attribution_check import AttributionCheck, Audited, Done, Held
from audit.estimation.intervals import student
from audit.records.measured import Estimate, Measured, Undefined

Array = NDArray[np.float64]


def find(audited: Audited) -> Held:
    """Hold the standard errors that a method gives against its attributions, and against what another seed changes."""
    told = of_each(audited, lambda done: _measured(audited, done), CHECK.measures)
    failures, parts = {}, []
    for done, measures in told:
        size, honesty = measures["relative_error"], measures["error_ratio"]
        if isinstance(size, Estimate):
            parts.append(f"{done.method.label} {size.value:.2g}")
            if size.value >= 1:
                failures[done.method.name] = "has a sampling error as large as its attributions"
        if low_of(honesty) > 1 and not isinstance(honesty, Undefined):
            failures[done.method.name] = (
                f"varies {honesty.value:.2g} times as much between seeds as the error that it gives explains"
            )
    summary = f"Standard error beside the size of the attributions: {'; '.join(parts)}."
    labels = {
        "relative_error": "standard error of an attribution as a share of its size (root mean squares)",
        "error_ratio": "difference between two seeds beside what its standard errors explain (ratio)",
    }
    return Held(
        summary=summary if parts else "No method samples its attributions with an error that it states.",
        observations=tuple(
            observed(audited, done, name, labels[name], m[name], False if name == "relative_error" else None)
            for done, m in told
            for name in CHECK.measures
        ),
        failures=failures,
    )


def _measured(audited: Audited, done: Done) -> Told:
    found = done.attributed
    if found.values is None or found.ground is None:
        reason = Undefined(reason="It gives no attributions of single rows.")
        return {"relative_error": reason, "error_ratio": reason}
    if found.error is None:
        nothing = Undefined(reason="It samples nothing: there is no error to hold against another seed.")
        return {"relative_error": exact(0.0, len(found.values)), "error_ratio": nothing}
    n = found.ground.sampled
    one, other = (audited.again(done, seed) for seed in ("1", "2"))
    if one.values is None or other.values is None or one.error is None or other.error is None:
        raise MethodNotRunError("It gave no attributions with an error when it was run once more.")
    both, apart = one.error**2 + other.error**2, (one.values - other.values) ** 2
    return {
        "relative_error": root_ratio(_by_row(found.error[:n] ** 2), _by_row(found.values[:n] ** 2), audited.level),
        "error_ratio": root_ratio(_by_row(apart), _by_row(both), audited.level),
    }


def root_ratio(above: Array, below: Array, level: float) -> Measured:
    """Return the root of the ratio of two sums over rows, with its interval.

    The interval is Student's t on the logarithm, by linearisation over rows.
    """
    n = len(above)
    if n < 2 or not below.sum() > 0:
        return Undefined(reason="A ratio needs two rows or more, and attributions that are not all zero.")
    ratio = float(above.sum() / below.sum())
    if ratio == 0:
        return Estimate(value=0.0, low=0.0, high=0.0, level=level, method="student_t_log", n=n)
    pull = (above - ratio * below) / below.mean() / ratio
    error = float(np.sqrt((pull**2).sum() / (n * (n - 1))))
    low, high = student(np.log(ratio), error, n - 1, level)
    return Estimate(
        value=float(np.sqrt(ratio)),
        low=float(np.exp(low / 2)),
        high=float(np.exp(min(high / 2, 700.0))),
        level=level,
        method="student_t_log",
        n=n,
    )


def _by_row(squares: Array) -> Array:
    return np.asarray(squares.sum(axis=(1, 2)), dtype=np.float64)


CHECK = AttributionCheck(
    name="convergence",
    label="Sampling error",
    find=find,
    measures=("relative_error", "error_ratio"),
    convention="Fails where the sampling error is as large as the attributions, or where another seed changes them by "
    "surely more than the stated error explains.",
)
