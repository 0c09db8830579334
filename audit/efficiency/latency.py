"""Times predictions; what comes out differs between equal runs and stands outside the record's digest."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.efficiency.memory import peaks
from audit.estimation import intervals
from audit.guard import defined
from audit.records.measured import Estimate, Exact, Measured, Undefined
from audit.records.plan import Plan
from audit.records.spec import EfficiencySpec
from audit.subject.evidence import Evidence, Lesson, LoadedModel

FEWEST_CALLS = 3
ROWS = 30_000
"""Rows that the calls of one batch size may sum up to, beyond the fewest calls."""
GROWTH = (1000, 2000, 4000, 8000)
"""Numbers of rows over which the growth of time is measured."""
SLOW = 0.2
"""Seconds for one row that are more than the fixed cost of a call."""
FEWEST_PARTS = 3
_TWICE = 2.0
PATIENCE = 2.0
"""Seconds that one call may be expected to take; larger batches are not tried. Times differ from run to run in any
case, and stand outside the digest."""


@dataclass
class Costs:
    """What differs between equal runs."""

    latency: dict[str, float] = field(default_factory=dict)
    """`latency_p50/batch=1`, `latency_p95/batch=1`, and so on, in seconds."""
    costs: dict[str, Measured] = field(default_factory=dict)


def costs_of(evidence: Evidence, plan: Plan) -> Costs:
    """Return what the spec asks for: times by batch size, how they grow with the rows, and peak memory.

    Returns
    -------
    Costs
        Nothing for an audit of predictions. `throughput/batch=<rows>` is in rows a second; `time_growth` is the
        exponent p where time, beyond that of one row, grows like rows ** p; `latency/batch=<rows>` says why a batch
        was not timed. `fit_time/rows=<rows>` and `fit_time_growth` are the same of fits, where a learning curve asked
        for fits on growing parts of the rows.
    """
    spec = plan.spec.efficiency
    model, rows = evidence.subject.model, evidence.headline.table.features
    if spec is False or model is None or not len(rows):
        return Costs()
    found = latencies(model, rows, spec) if spec.latency else Costs()
    if spec.latency:
        growth = defined("The growth of time could not be measured", _growth, model, rows)
        found.costs["time_growth"] = growth
        fits = fit_times(evidence.lessons)
        found.latency |= fits.latency
        found.costs |= fits.costs
    if spec.memory:
        found.costs |= peaks(evidence, plan, max(spec.batches))
    return found


def latencies(model: LoadedModel, rows: pd.DataFrame, spec: EfficiencySpec) -> Costs:
    """Return the median and the 95th percentile of the seconds that one call takes, for each batch size.

    A batch larger than the table repeats its rows. The number of calls is `spec.calls` at most, and no more than
    30,000 rows in all for one batch size, but three at least.
    """
    found, known = Costs(), [(0, 0.0)]
    for batch in sorted(spec.batches):
        expected = _expected(batch, known)
        if expected > PATIENCE:
            reason = f"Not timed: {batch:,} rows would take about {expected:.0f} s a call."
            found.costs[f"latency/batch={batch}"] = Undefined(reason=reason)
            continue
        calls = max(FEWEST_CALLS, min(spec.calls, ROWS // batch))
        taken = defined("Not timed", _calls, model, _repeated(rows, batch), calls)
        if isinstance(taken, Undefined):
            found.costs[f"latency/batch={batch}"] = taken
            continue
        known.append((batch, float(np.median(taken))))
        found.latency |= {f"latency_p{p}/batch={batch}": float(np.percentile(taken, p)) for p in (50, 95)}
        speed = batch / known[-1][1]
        found.costs[f"throughput/batch={batch}"] = Exact(value=speed, unit="rows a second", n=calls * batch)
    return found


def fit_times(lessons: tuple[Lesson, ...]) -> Costs:
    """Return the median seconds of fits on each part of the training rows, and the exponent by which they grow.

    Undefined where the whole of the rows takes less than twice as long as the smallest part: most of such a fit is what
    any fit costs.
    """
    timed = [lesson for lesson in lessons if lesson.seconds > 0]
    if not timed:
        return Costs()
    parts = sorted({lesson.part for lesson in timed}, reverse=True)
    rows = [round(float(np.median([lesson.rows for lesson in timed if lesson.part == part]))) for part in parts]
    seconds = [float(np.median([lesson.seconds for lesson in timed if lesson.part == part])) for part in parts]
    found = Costs(latency={f"fit_time/rows={m}": taken for m, taken in zip(rows, seconds, strict=True)})
    if len(parts) < FEWEST_PARTS or seconds[-1] < _TWICE * seconds[0]:
        reason = "Fits on growing parts of the rows hardly differ in time: what a fit costs in any case is most of it."
        found.costs["fit_time_growth"] = Undefined(reason=reason)
    else:
        sizes, taken = (np.array([getattr(lesson, name) for lesson in timed], float) for name in ("rows", "seconds"))
        found.costs["fit_time_growth"] = exponent(sizes, taken)
    return found


def exponent(rows: NDArray[np.float64], seconds: NDArray[np.float64], level: float = 0.95) -> Estimate:
    """Return p, where seconds grow like rows ** p: the slope of a line through their logarithms.

    Parameters
    ----------
    rows, seconds : (k,) arrays
        Calls, k at least 3, of at least two different numbers of rows.

    Returns
    -------
    Estimate
        With Student's t interval of the slope on k - 2 degrees of freedom.

    Examples
    --------
    >>> found = exponent(np.array([10.0, 100.0, 1000.0]), np.array([1.0, 100.0, 10000.0]))
    >>> round(found.value, 6), round(found.high - found.low, 6)
    (2.0, 0.0)
    """
    x, y = np.log(rows), np.log(seconds)
    spread = float(((x - x.mean()) ** 2).sum())
    slope = float((x - x.mean()) @ (y - y.mean())) / spread
    rest = y - y.mean() - slope * (x - x.mean())
    error = float(np.sqrt(rest @ rest / (len(x) - 2) / spread))
    low, high = intervals.student(slope, error, len(x) - 2, level)
    return Estimate(value=slope, low=low, high=high, level=level, method="log_log_t", n=len(x))


def _expected(batch: int, known: list[tuple[int, float]]) -> float:
    """Seconds that a batch will take at the price of a row between the last two, which leaves fixed costs aside."""
    (before, earlier), (rows, seconds) = known[-2:] if len(known) > 1 else [*known, *known]
    if len(known) < 3 and seconds < SLOW:
        return 0.0
    return seconds + max(0.0, seconds - earlier) / (rows - before) * (batch - rows)


def _growth(model: LoadedModel, rows: pd.DataFrame) -> Measured:
    """Fit the growth of what a call takes beyond the time of one row, which is the fixed cost of a call."""
    fixed = float(np.median(_calls(model, _repeated(rows, 1), FEWEST_CALLS)))
    sizes: list[int] = []
    seconds: list[float] = []
    for size in GROWTH:
        taken = [t - fixed for t in _calls(model, _repeated(rows, size), FEWEST_CALLS) if t > fixed]
        sizes += [size] * len(taken)
        seconds += taken
        if taken and 2 * min(taken) > PATIENCE:
            break
    if len(set(sizes)) < 2 or len(sizes) < FEWEST_CALLS:
        return Undefined(
            reason="Too few numbers of rows could be timed: the model is too slow, or all calls are alike."
        )
    if float(np.median(seconds[-FEWEST_CALLS:])) < fixed:
        return Undefined(reason=f"Up to {sizes[-1]:,} rows the fixed cost of a call is the larger part of its time.")
    return exponent(np.array(sizes, dtype=np.float64), np.array(seconds))


def _repeated(rows: pd.DataFrame, batch: int) -> pd.DataFrame:
    return rows.iloc[np.arange(batch) % len(rows)]


def _calls(model: LoadedModel, rows: pd.DataFrame, calls: int) -> list[float]:
    predict = model.predict_score or model.predict
    predict(rows)  # the first call pays for imports and caches
    taken: list[float] = []
    for _ in range(calls):
        start = time.perf_counter()
        predict(rows)
        taken.append(time.perf_counter() - start)
    return taken
