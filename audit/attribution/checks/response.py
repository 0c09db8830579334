"""Whether a method credits columns to which the model's output does not respond at all."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audit.attribution.coalitions import assembled, batches
from audit.attribution.likeness import correlation_of_columns, high_of
from audit.attribution.output import output
from audit.attribution.told import Told, exact, listed, observed
from audit.declarations.attribution_check import (
    AttributionCheck,
    AttributionCheckNotRunError,
    Audited,
    Done,
    Held,
)
from audit.records.measured import Estimate, Exact, Undefined

_MOST_ROWS = 100
_MOST_VALUES = 12
_ROUNDING = 1e-9
_RULE_OF_THREE = 3.0
"""Over n rows without an event, 3 / n bounds its rate at a level of 95 %: Hanley and Lippman-Hand (1983),
doi:10.1001/jama.1983.03330370053031."""
Array = NDArray[np.float64]


def find(audited: Audited) -> Held:
    """Set each column of some rows to values spread over all that it holds, and see how far the output moves."""
    if not audited.done:
        raise AttributionCheckNotRunError("No method gives sizes of columns.")
    mean, largest, rows, tries = _responses(audited)
    idle = largest <= _ROUNDING * max(float(largest.max(initial=0.0)), 1e-300)
    told = [(done, _measured(audited, done, mean, idle, tries)) for done in audited.done]
    names = [str(c) for c in audited.ground.rows.columns]
    failures = {}
    for done, measures in told:
        sizes, found = done.attributed.importance, measures["rank_response"]
        if sizes is None:
            continue
        unseen = _RULE_OF_THREE / rows * _range(done)
        wrong = [names[j] for j in np.argsort(-sizes, kind="stable") if idle[j] and sizes[j] > unseen]
        if wrong:
            failures[done.method.name] = f"credits {listed(wrong)}, which never moved the output"
        elif isinstance(found, Estimate) and high_of(found) < 0:
            failures[done.method.name] = "orders columns against how far they move the output"
    quiet = [names[j] for j in np.flatnonzero(idle)]
    return Held(
        summary=f"Of {len(names)} columns, {len(quiet)} never moved the output in {tries:,} tries each"
        + (f" ({listed(quiet)})." if quiet else "."),
        observations=tuple(
            observed(audited, done, name, _LABELS[name], m[name], name == "rank_response")
            for done, m in told
            for name in CHECK.measures
        ),
        failures=failures,
    )


_LABELS = {
    "idle_credit": "share of its credit that goes to columns which never moved the output",
    "rank_response": "rank correlation of its sizes of columns with how far they move the output",
}


def _measured(audited: Audited, done: Done, mean: Array, idle: NDArray[np.bool_], tries: int) -> Told:
    sizes = done.attributed.importance
    if sizes is None:
        return dict.fromkeys(CHECK.measures, Undefined(reason="It gives no sizes of columns."))
    positive = np.maximum(sizes, 0.0)
    if not positive.sum() > 0:
        return dict.fromkeys(CHECK.measures, Undefined(reason="No column has any size."))
    credit: Exact = exact(float(positive[idle].sum() / positive.sum()), tries)
    return {"idle_credit": credit, "rank_response": correlation_of_columns(positive, mean, audited.level)}


def _range(done: Done) -> float:
    """Return how far outputs lie apart on the scale of the sizes of columns."""
    found = done.attributed
    if found.values is None or found.ground is None:
        assert found.importance is not None
        return float(np.maximum(found.importance, 0.0).sum())
    outputs = found.values[: found.ground.sampled].sum(axis=1)
    return float(np.ptp(outputs, axis=0).max(initial=0.0))


def _responses(audited: Audited) -> tuple[Array, Array, int, int]:
    """Return the mean and the largest change of the output by column, the rows and the number of tries of each."""
    ground, d = audited.ground, audited.ground.rows.shape[1]
    tries = max(1, audited.budget // d)
    rows = min(ground.sampled, _MOST_ROWS, max(1, tries // 4))
    values = max(1, min(_MOST_VALUES, tries // rows))
    pool = pd.concat([ground.rows.iloc[: ground.sampled], ground.background], ignore_index=True)
    places = np.stack([_spread(pool.iloc[:, j], values) for j in range(d)])
    compute = output(ground).compute
    base = compute(ground.rows.iloc[:rows])
    mean, largest = np.zeros(d), np.zeros(d)
    copies = np.broadcast_to(np.arange(rows)[:, None, None], (rows, values, d))
    for run in batches(d, rows * values * d):
        columns = np.arange(d)[run]
        source = np.repeat(copies[None], len(columns), axis=0)
        for i, j in enumerate(columns):
            source[i, :, :, j] = places[j]
        found = compute(assembled(pool, source.reshape(-1, d))).reshape(len(columns), rows, values, -1)
        moved = np.abs(found - base[:, None])
        mean[columns], largest[columns] = moved.mean(axis=(1, 2, 3)), moved.max(axis=(1, 2, 3))
    return mean, largest, rows, rows * values


def _spread(column: pd.Series, count: int) -> NDArray[np.int64]:
    """Return the places of `count` values spread over all that a column holds, from its least to its largest."""
    codes, distinct = pd.factorize(column, use_na_sentinel=False)
    first = np.unique(codes, return_index=True)[1]
    if pd.api.types.is_numeric_dtype(column):
        order = np.argsort(column.iloc[first].to_numpy(dtype=np.float64, na_value=np.nan), kind="stable")
    else:
        order = np.argsort([str(v) for v in distinct], kind="stable")
    return first[order][np.linspace(0, len(first) - 1, count).round().astype(np.int64)]


CHECK = AttributionCheck(
    name="response",
    label="Credits only what moves the output",
    find=find,
    measures=("idle_credit", "rank_response"),
    convention="Fails where a column that never moved the output is credited with more than a response too rare to be "
    "seen in these rows could explain (3 / rows of the range of outputs), or where columns are surely ordered against "
    "how far they move it.",
    source="Sundararajan and Najmi (2020), The many Shapley values for model explanation, arXiv:1908.08474: credit "
    "without any response is what conditional and path-dependent games can give",
)
